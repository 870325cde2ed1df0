"""Finding texts."""

import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tlworkbench.data.rows import Rows
from tlworkbench.data.rows_writer import write_rows
from tlworkbench.data.search import find_text, search_texts
from tlworkbench.data.text_pattern import TextPattern, text_pattern
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


def test_what_is_found_comes_in_the_order_of_the_rows_while_the_search_goes_on(rows: Rows) -> None:
    batches = list(search_texts(rows, "re:refund|ler$"))
    looked = [batch.looked for batch in batches]
    assert looked[0] == 256 and looked == sorted(looked) and looked[-1] == len(rows)
    found = np.concatenate([batch.rows for batch in batches])
    assert (np.diff(found) > 0).all() and len(found) == 20003
    assert all((batch.rows < batch.looked).all() for batch in batches)


def test_long_texts_are_looked_through_in_small_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [f"{'x' * 1000} {number}" for number in range(50)]
    write_rows(tmp_path / "long.arrow", {"train": {"text": texts}}, label="")
    long = Rows.open(tmp_path / "long.arrow")
    monkeypatch.setattr("tlworkbench.data.search._PIECE_BYTES", 5000)
    batches = list(search_texts(long, "7"))
    assert len(batches) > 10 and max(np.diff([batch.looked for batch in batches])) < 6
    assert np.concatenate([batch.rows for batch in batches]).tolist() == [7, 17, 27, 37, 47]
    assert find_text(Rows(long.table.slice(0, 0), long.meta), "7").tolist() == []


@pytest.mark.parametrize(
    ("needle", "text", "found"),
    [
        ("refund", "no REFUND yet", "REFUND"),
        ("Refund", "no REFUND yet", None),
        ("(100 %", "café 😀 (100 %) sure", "(100 %"),
        ("a b-c#d", "x a b-c#d", "a b-c#d"),
        ("é😀", "caFÉ😀!", "É😀"),
        ("re:f.n", "a fun fin", "fun"),
        (r"re:\d+$", "1 of 22", "22"),
        ("re:a*", "baa", None),
        ("re:b|c", "aac", "c"),
        ("", "a", None),
    ],
)
def test_where_a_match_stands(needle: str, text: str, found: str | None) -> None:
    span = text_pattern(needle).span(text)
    assert (text[slice(*span)] if span else None) == found


def test_a_plain_text_is_marked_alike_in_short_and_long_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    cases = [("é😀", "caFÉ😀!"), ("[a-b] \\d", "1 [A-B] \\D 2"), ("x", "yz"), ("", "a"), ("Ab", "ab Ab")]
    short = [text_pattern(needle).span(text) for needle, text in cases]
    monkeypatch.setattr("tlworkbench.data.text_pattern._SHORT", -1)
    assert [text_pattern(needle).span(text) for needle, text in cases] == short
    assert short[:2] == [(3, 5), (2, 10)]


@settings(deadline=None, max_examples=100)
@given(st.text(max_size=20), st.text(min_size=1, max_size=3))
def test_a_match_stands_where_the_text_is(text: str, needle: str) -> None:
    span = TextPattern(needle, False, False).span(text)
    assert (span or (-1, 0))[0] == text.find(needle)
    assert span is None or text[slice(*span)] == needle


@pytest.mark.parametrize("expression", ["re:(a+)+$", "re:(a|aa)*b", "re:(.*)*x$", "re:^(([a-z])+.)+[A-Z]([a-z])+$"])
def test_no_expression_takes_for_ever(expression: str) -> None:
    began = time.perf_counter()
    assert text_pattern(expression).span("a" * 50_000 + "!") is None
    assert time.perf_counter() - began < 0.5
