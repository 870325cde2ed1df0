"""Tokens counted as training would, and the limit that training cuts at."""

import json
from pathlib import Path

import numpy as np
import pytest

from tests.word_tokenizer import word_model_folder
from tlworkbench.errors import UserError
from tlworkbench.inference.text_limit import effective_length, folder_limit
from tlworkbench.inference.token_lengths import TokenCounter


def test_tokens_are_counted_with_nothing_cut_or_padded(tmp_path: Path) -> None:
    count = TokenCounter(word_model_folder(tmp_path, 512))
    lengths = count(["one", "one two three four five", "", "lone \ud83d half"])
    assert lengths.tolist()[:3] == [3, 7, 2] and lengths[3] >= 4
    assert lengths.dtype == np.int32 and count([]).tolist() == []


@pytest.mark.parametrize("content", [None, "{}"])
def test_a_folder_without_a_tokenizer_is_told(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "tokenizer.json").write_text(content)
    with pytest.raises(UserError, match=r"tokenizer\.json"):
        TokenCounter(tmp_path)


@pytest.mark.parametrize(
    ("config", "tokenizer", "limit"),
    [
        ({"model_type": "bert", "max_position_embeddings": 512}, {"model_max_length": 128}, 128),
        ({"model_type": "bert", "max_position_embeddings": 512}, {"model_max_length": 1e30}, 512),
        ({"model_type": "roberta", "max_position_embeddings": 514, "pad_token_id": 1}, {}, 512),
        ({"model_type": "gpt2", "n_positions": 1024}, {}, 1024),
        ({"model_type": "t5", "max_position_embeddings": None}, {}, 256),
        ({"model_type": "x", "text_config": {"max_position_embeddings": 64}}, {}, 64),
        ({"max_position_embeddings": -1}, {"model_max_length": "many"}, 256),
    ],
)
def test_the_limit_is_the_smaller_of_positions_and_tokenizer(
    tmp_path: Path, config: dict[str, object], tokenizer: dict[str, object], limit: int
) -> None:
    (tmp_path / "config.json").write_text(json.dumps(config))
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(tokenizer))
    assert folder_limit(tmp_path) == limit


def test_without_files_the_limit_is_what_training_takes(tmp_path: Path) -> None:
    assert folder_limit(tmp_path) == effective_length(0, 512) == 256
