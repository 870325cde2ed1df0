"""What a check found."""

from dataclasses import dataclass, field

import numpy as np

from tlworkbench.data.labelling import Indices, Marks


def _no_rows() -> Indices:
    return np.zeros(0, np.int64)


@dataclass(frozen=True, eq=False)
class Found:
    """One check's findings."""

    count: int | None
    """How many, in the check's unit; None where it could not be counted."""
    rows: Indices = field(default_factory=_no_rows)
    """The rows to look at: grouped where rows belong together, else in the order of the source."""
    words: str = ""
    """What the count alone does not say; empty where it says all."""


def marked(marks: Marks, words: str = "") -> Found:
    """One finding a row."""
    rows = np.flatnonzero(marks)
    return Found(len(rows), rows, words if len(rows) else "")


def number(count: int) -> str:
    """`12284` as `12 284`."""
    return f"{count:,}".replace(",", " ")
