"""Rows whose texts are the same."""

from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tlworkbench.data.label_set import LabelIds
from tlworkbench.data.labelling import Marks

Groups = np.ndarray[Any, np.dtype[np.int32]]

_PREFIX_BYTES = 64


class HasTexts(Protocol):
    """What is needed of the rows."""

    def text_column(self) -> pa.ChunkedArray:
        """Text of every row."""


class HasMarks(Protocol):
    """What is needed of a labelling."""

    @property
    def current(self) -> LabelIds:
        """Id of each row's active label, -1 for none."""

    @property
    def excluded(self) -> Marks:
        """Rows left out of training and measuring."""


def text_groups(rows: HasTexts) -> Groups:
    """A number for each row; two rows have the same number where their texts are the same, byte for byte.

    Shape (rows,), numbers from 0 to below twice the rows, with gaps. Texts that no other row begins like are told apart
    by their first bytes alone, so that long texts are not held in memory a second time.
    """
    column = rows.text_column()
    if column.nbytes <= 2 * _PREFIX_BYTES * len(column):
        return _codes(column)
    starts = pa.chunked_array([pc.binary_slice(chunk.cast(pa.binary()), 0, _PREFIX_BYTES) for chunk in column.chunks])
    groups = _codes(starts)
    alike = np.flatnonzero(np.bincount(groups)[groups] > 1)
    if len(alike):
        # A taken column must not outgrow the 32 bits of its offsets: so it is taken chunk by chunk.
        bounds = np.cumsum([0, *map(len, column.chunks)])
        cuts = np.searchsorted(alike, bounds)
        taken = [
            chunk.take(pa.array(alike[cuts[place] : cuts[place + 1]] - bounds[place]))
            for place, chunk in enumerate(column.chunks)
        ]
        groups[alike] = len(column) + _codes(pa.chunked_array(taken))
    return groups


def has_text(rows: HasTexts) -> Marks:
    """Rows whose text is more than white space."""
    marks = [
        pc.greater(pc.binary_length(pc.utf8_trim_whitespace(chunk)), 0).to_numpy(zero_copy_only=False)
        for chunk in rows.text_column().chunks
    ]
    return np.concatenate(marks).astype(np.bool_) if marks else np.zeros(0, np.bool_)


def conflicting(rows: HasTexts, labelling: HasMarks, groups: Groups | None = None) -> Marks:
    """Rows whose text stands on another row with another label; excluded, unlabelled and empty rows don't count.

    groups: what `text_groups` gave, where it is known already.
    """
    groups = text_groups(rows) if groups is None else groups
    counted = np.flatnonzero(~labelling.excluded & (labelling.current >= 0) & has_text(rows))
    labels, of_row = labelling.current[counted], groups[counted]
    some_label = np.full(int(groups.max(initial=-1)) + 1, -1, np.int16)
    some_label[of_row] = labels
    differs = np.zeros(len(some_label), np.bool_)
    differs[of_row[some_label[of_row] != labels]] = True
    marks = np.zeros(len(groups), np.bool_)
    marks[counted[differs[of_row]]] = True
    return marks


def _codes(column: pa.ChunkedArray) -> Groups:
    if not len(column):
        return np.zeros(0, np.int32)
    if column.nbytes >= 2**31 - 2**20:
        column = column.cast(pa.large_string() if pa.types.is_string(column.type) else pa.large_binary())
    encoded = pc.dictionary_encode(column)
    return np.concatenate([chunk.indices.to_numpy() for chunk in encoded.chunks]).astype(np.int32, copy=False)
