"""A workspace with rows of two classes and a model that reads five tokens."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest

from tests.word_tokenizer import word_model_folder
from tlworkbench.data.rows_writer import write_rows
from tlworkbench.workspace import Workspace, open_workspace

Rows: TypeAlias = list[tuple[str, str | None]]
Make: TypeAlias = Callable[[Rows, Rows], Workspace]


def numbered(word: str, label: str, count: int, first: int = 0) -> Rows:
    """Rows of two words each, all different."""
    return [(f"{word} {number}", label) for number in range(first, first + count)]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Training and validation rows into a workspace whose model is chosen."""

    def make(train: Rows, validation: Rows) -> Workspace:
        workspace = open_workspace("here", create=True)
        parts = {
            split: {"text": [text for text, _ in rows], "label": [label for _, label in rows]}
            for split, rows in {"train": train, "validation": validation}.items()
            if rows
        }
        write_rows(workspace.rows_file, parts, validation=0.0)
        workspace.update(model=str(word_model_folder(tmp_path / "words", 5)))
        return workspace

    return make
