"""A model folder to count tokens with."""

from pathlib import Path

import pytest

from tests.word_tokenizer import word_model_folder


@pytest.fixture
def word_model(tmp_path: Path) -> Path:
    """It reads three tokens: a word and the two marks around it."""
    return word_model_folder(tmp_path / "words", 3)
