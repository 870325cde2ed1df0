"""Rows with the same text, and those of them that disagree."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tlworkbench.data.duplicates import conflicting, text_groups


@dataclass
class Texts:
    """Texts in chunks of three."""

    texts: list[str]

    def text_column(self) -> pa.ChunkedArray:
        return pa.chunked_array([self.texts[at : at + 3] for at in range(0, len(self.texts), 3)], pa.string())


@dataclass
class Labels:
    current: np.ndarray[Any, np.dtype[np.int16]]
    excluded: np.ndarray[Any, np.dtype[np.bool_]]


def labels(given: list[int], excluded: list[int]) -> Labels:
    marks = np.zeros(len(given), np.bool_)
    marks[excluded] = True
    return Labels(np.array(given, np.int16), marks)


@pytest.mark.parametrize("long", ["", "an opening that more than one long text has, " * 20])
@settings(deadline=None)
@given(numbers=st.lists(st.integers(0, 6), max_size=40))
def test_the_same_number_means_the_same_text(long: str, numbers: list[int]) -> None:
    texts = [long + f"{number} é" + "tail" * number * (100 if long else 0) for number in numbers]
    groups = text_groups(Texts(texts))
    assert groups.dtype == np.int32 and groups.shape == (len(texts),)
    assert all(
        (groups[one] == groups[other]) == (a == b) for one, a in enumerate(texts) for other, b in enumerate(texts)
    )
    assert groups.max(initial=0) < max(2 * len(texts), 1)


def test_long_texts_are_told_apart_by_their_openings_and_their_ends() -> None:
    opening = "x" * 500
    texts = ["a" + opening, opening + "1", opening + "2", "b" + opening, opening + "1", ""]
    assert text_groups(Texts(texts)).tolist() == [0, 6, 7, 2, 6, 3]


def test_nothing_to_group() -> None:
    assert text_groups(Texts([])).tolist() == []
    assert conflicting(Texts([]), labels([], [])).tolist() == []


def test_only_labelled_rows_that_take_part_conflict() -> None:
    texts = Texts(["same", "other", "same", "same", "twice", "twice", "same", "open", "open"])
    given = [0, 0, 1, -1, 2, 2, 0, 1, -1]
    assert np.flatnonzero(conflicting(texts, labels(given, []))).tolist() == [0, 2, 6]
    assert np.flatnonzero(conflicting(texts, labels(given, [0]))).tolist() == [2, 6]
    assert np.flatnonzero(conflicting(texts, labels(given, [2]))).tolist() == []
