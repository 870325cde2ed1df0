"""Which rows the Data screen shows, in which order."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Indices = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True, eq=False)
class View:
    """Row indices in the order of the screen. A place is a position in the view, a row an index into the dataset."""

    rows: range | Indices
    title: str = ""
    """What makes these rows special, as the frame says it; empty for all rows in the order of the source."""

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def narrowed(self) -> bool:
        """Whether these may be fewer than all rows."""
        return not isinstance(self.rows, range)

    def row(self, place: int) -> int:
        """The row at a place."""
        return int(self.rows[place])

    def place(self, row: int) -> int | None:
        """The place of a row; None where the view doesn't hold it."""
        if isinstance(self.rows, range):
            return row if 0 <= row < len(self.rows) else None
        found = np.flatnonzero(self.rows == row)
        return int(found[0]) if len(found) else None

    def places(self, rows: Indices) -> Indices:
        """The places of those rows that the view holds, ascending."""
        if isinstance(self.rows, range):
            return np.sort(rows)
        return np.flatnonzero(np.isin(self.rows, rows))


def all_rows(count: int) -> View:
    """Every row in the order of the source."""
    return View(range(count))


def only(rows: Sequence[int] | Indices, title: str) -> View:
    """These rows alone, in this order."""
    return View(np.asarray(rows, np.int64), title)


def next_place(places: Indices, here: int, step: int) -> int | None:
    """The place after (step 1) or before (-1) `here` among ascending `places`, going round at the end."""
    if not len(places):
        return None
    at = int(np.searchsorted(places, here, side="right" if step > 0 else "left"))
    return int(places[at % len(places)] if step > 0 else places[at - 1])
