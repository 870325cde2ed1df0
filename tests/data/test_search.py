"""Finding texts."""

from pathlib import Path

import numpy as np
import pytest

from tlworkbench.data.rows import Rows
from tlworkbench.data.rows_writer import write_rows
from tlworkbench.data.search import find_text
from tlworkbench.errors import UserError


@pytest.fixture
def rows(tmp_path: Path) -> Rows:
    texts = ["Refund now", "a refund", "nothing", None, "café (100 %)", "x.y"] + ["filler"] * 20000 + ["last Refund"]
    write_rows(tmp_path / "rows.arrow", {"train": {"text": texts}}, label="")
    return Rows.open(tmp_path / "rows.arrow")


@pytest.mark.parametrize(
    ("needle", "found"),
    [
        ("refund", [0, 1, 20006]),
        ("Refund", [0, 20006]),
        ("CAF", []),
        ("CAFÉ", []),
        ("café", [4]),
        ("(100 %", [4]),
        (".", [5]),
        ("re:^a|^x", [1, 5]),
        ("re:REFUND", []),
        (r"re:refund\W", [0]),
        (r"re:Refund$", [20006]),
        ("zzz", []),
    ],
)
def test_a_needle_is_found(rows: Rows, needle: str, found: list[int]) -> None:
    assert find_text(rows, needle).tolist() == found


def test_no_needle_finds_all(rows: Rows) -> None:
    assert len(find_text(rows, "")) == len(rows)


@pytest.mark.parametrize("size", [4, 20007])
def test_only_the_given_rows_are_looked_at_in_their_order(rows: Rows, size: int) -> None:
    order = np.array([20006, 3, 1, 0, *range(4, 20006), 2][:size])
    assert find_text(rows, "refund", indices=order).tolist() == [20006, 1, 0]


def test_a_bad_expression_is_said(rows: Rows) -> None:
    with pytest.raises(UserError, match=r"'\(' is no regular expression: missing \)"):
        find_text(rows, "re:(")


def test_a_cancelled_search_ends_between_chunks(rows: Rows) -> None:
    asked: list[bool] = []

    def cancelled() -> bool:
        asked.append(True)
        return len(asked) > 1

    assert find_text(rows, "refund", cancelled=cancelled).tolist() == [0, 1]
    assert len(asked) == 2
