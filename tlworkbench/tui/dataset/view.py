"""Which rows the Data screen shows, in which order."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

Indices = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True, eq=False)
class View:
    """Row indices in the order of the screen. A place is a position in the view, a row an index into the dataset.

    Asking for one place or row costs the same however many there are.
    """

    rows: range | Indices
    words: tuple[str, ...] = ()
    """Which rows these are, part by part, as the frame says it; empty where they are all."""
    order: str = ""
    """Their order in words; empty for the file's."""
    only_found: bool = False
    """Whether these are only rows that a search found."""
    suggests: bool = False
    """Whether they are looked at for what is suggested for them."""

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def narrowed(self) -> bool:
        """Whether these may be fewer than all rows."""
        return bool(self.words) or self.only_found

    def row(self, place: int) -> int:
        """The row at a place."""
        return int(self.rows[place])

    def place(self, row: int) -> int | None:
        """The place of a row; None where the view doesn't hold it."""
        if isinstance(self.rows, range):
            return row if 0 <= row < len(self.rows) else None
        place = int(self._places[row]) if 0 <= row < len(self._places) else -1
        return None if place < 0 else place

    def places(self, rows: Indices) -> Indices:
        """The places of those rows that the view holds, ascending."""
        if isinstance(self.rows, range):
            return rows if len(rows) < 2 or bool((rows[1:] > rows[:-1]).all()) else np.sort(rows)
        found = self._places[rows[rows < len(self._places)]]
        return np.sort(found[found >= 0]).astype(np.int64)

    @cached_property
    def _places(self) -> np.ndarray[Any, np.dtype[np.int32]]:
        """By row: its place, -1 where the view doesn't hold it."""
        assert not isinstance(self.rows, range)
        places = np.full(int(self.rows.max(initial=-1)) + 1, -1, np.int32)
        places[self.rows] = np.arange(len(self.rows), dtype=np.int32)
        return places


def all_rows(count: int) -> View:
    """Every row in the order of the source."""
    return View(range(count))


def only(rows: Sequence[int] | Indices, title: str) -> View:
    """These rows alone, in this order."""
    return View(np.asarray(rows, np.int64), (title,))


def next_place(places: Indices, here: int, step: int) -> int | None:
    """The place after (step 1) or before (-1) `here` among ascending `places`, going round at the end."""
    if not len(places):
        return None
    at = int(np.searchsorted(places, here, side="right" if step > 0 else "left"))
    return int(places[at % len(places)] if step > 0 else places[at - 1])
