"""Rows and marks of any content, for tests of filters and orders."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from hypothesis import strategies as st

from tlworkbench.data.filters import FilterInput
from tlworkbench.data.keys import content_hashes, unique_keys
from tlworkbench.data.label_set import LabelIds, LabelSet, StoredLabel
from tlworkbench.data.labelling import Marks
from tlworkbench.data.rows import Rows
from tlworkbench.data.rows_meta import KEY, LABEL, SPLIT, RowsMeta

TEXTS = ("", "a", "é", "two words", "the same", "the same", "😀😀", "x" * 300)
VALUES = ("negative", "neutral", "positive")
SPLITS = ("train", "validation", "test")
# "neutral" was merged into "positive", so no row has it, but predictions still may.
_STORED = (("bad", None), ("neutral", 2), ("positive", None), ("unsure", None))
LABELS = LabelSet.of(StoredLabel(place, name, place, into=into) for place, (name, into) in enumerate(_STORED))


@dataclass(frozen=True)
class Drawn:
    """One row as a test's own, slow reading of it."""

    text: str
    source: int
    split: int
    label: int
    predicted: int
    edited: bool
    flagged: bool
    excluded: bool
    noted: bool
    score: float


drawn_rows = st.lists(
    st.builds(
        Drawn,
        text=st.sampled_from(TEXTS),
        source=st.integers(-1, 2),
        split=st.integers(0, 2),
        label=st.sampled_from((-1, 0, 2, 3)),
        predicted=st.sampled_from((-1, 0, 1, 2, 3, 9)),
        edited=st.booleans(),
        flagged=st.booleans(),
        excluded=st.booleans(),
        noted=st.booleans(),
        score=st.sampled_from((0.0, -0.0, 0.25, 0.5, 1.0, -3.5, float("nan"), float("inf"))),
    ),
    min_size=1,
    max_size=20,
)


@dataclass(frozen=True)
class Labels:
    """A labelling without a journal."""

    current: LabelIds
    edited: Marks
    flagged: Marks
    excluded: Marks
    label_set: LabelSet = LABELS
    version: int = 1


def rows_of(drawn: list[Drawn]) -> Rows:
    """The rows in a table of several chunks."""
    texts = [row.text for row in drawn]
    keys = unique_keys(content_hashes(texts)).tolist() if drawn else []
    columns: dict[str, Any] = {
        KEY: pa.array(keys, pa.uint64()),
        SPLIT: pa.array([row.split for row in drawn], pa.int8()),
        LABEL: pa.array([row.source for row in drawn], pa.int32()),
        "text": pa.array(texts, pa.string()),
    }
    table = pa.table(columns)
    half = len(drawn) // 2
    return Rows(
        pa.concat_tables([table.slice(0, half), table.slice(half)]),
        RowsMeta(text=("text",), label="label", label_values=VALUES, splits=SPLITS),
    )


def input_of(drawn: list[Drawn]) -> FilterInput:
    """What filters look at."""

    def marks(name: str) -> Marks:
        return np.array([getattr(row, name) for row in drawn], np.bool_)

    labels = Labels(
        np.array([row.label for row in drawn], np.int16), marks("edited"), marks("flagged"), marks("excluded")
    )
    predicted = np.array([row.predicted for row in drawn], np.int16)
    return FilterInput(rows_of(drawn), labels, predicted, marks("noted"))
