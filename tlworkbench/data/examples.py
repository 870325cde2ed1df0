"""Rows that can be learned from or measured on: labelled, not excluded, with a text."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from tlworkbench.data.duplicates import has_text
from tlworkbench.data.labelling import Labelling
from tlworkbench.data.mixing import seeded
from tlworkbench.data.rows import Rows
from tlworkbench.errors import UserError

_Int64 = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True, eq=False)
class Examples:
    """Rows of one split with their classes, in an order that only keys and seed decide."""

    indices: _Int64
    """Row of each example."""
    classes: _Int64
    """Class of each: index into `class_names`."""
    class_names: tuple[str, ...]
    """Active labels in order, those without examples too."""
    excluded: int = 0
    """Rows of the split left out because the user excluded them,"""
    unlabelled: int = 0
    """because they have no label,"""
    empty: int = 0
    """because their text is empty."""


def examples(rows: Rows, labelling: Labelling, split: str, max_rows: int = 0, seed: int = 7) -> Examples:
    """Examples of a split; `max_rows` above 0 draws that many of them at random.

    Order and draw follow from each row's key and the seed, so they stay the same when the source's rows stand in
    another order, and a larger draw holds the smaller one. Raises UserError for a split that the rows don't have.
    """
    if split not in rows.meta.splits:
        raise UserError(f"there is no split '{split}'", f"There are: {', '.join(rows.meta.splits)}.")
    wanted = rows.splits == rows.meta.splits.index(split)
    excluded = wanted & labelling.excluded
    unlabelled = wanted & ~excluded & (labelling.current < 0)
    empty = wanted & ~excluded & ~unlabelled & ~has_text(rows)
    indices = np.flatnonzero(wanted & ~excluded & ~unlabelled & ~empty)
    indices = indices[np.argsort(seeded(rows.keys[indices], seed), kind="stable")]
    if max_rows > 0:
        indices = indices[:max_rows]
    return Examples(
        indices=indices,
        classes=labelling.label_set.class_of[labelling.current[indices]].astype(np.int64),
        class_names=labelling.label_set.names,
        excluded=int(excluded.sum()),
        unlabelled=int(unlabelled.sum()),
        empty=int(empty.sum()),
    )
