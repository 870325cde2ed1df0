"""Which rows are marked, so that one key does the same to all of them."""

from typing import Any

import numpy as np

from tlworkbench.tui.dataset.view import Indices, View


class Marks:
    """One bit a row, and a range that is being drawn from `anchor`, a place in the view, to the cursor.

    The range belongs to a view: whoever shows another view ends it first. Marks belong to rows and stay.
    """

    def __init__(self, rows: int = 0) -> None:
        self._on: np.ndarray[Any, np.dtype[np.bool_]] = np.zeros(rows, np.bool_)
        self._count = 0
        self.anchor: int | None = None

    def __len__(self) -> int:
        return self._count

    def __contains__(self, row: int) -> bool:
        return row < len(self._on) and bool(self._on[row])

    def toggle(self, row: int) -> None:
        """Mark a row, or take its mark away."""
        self._on[row] = not self._on[row]
        self._count += 1 if self._on[row] else -1

    def add(self, rows: Indices) -> None:
        """Mark all of these."""
        self._on[rows] = True
        self._count = int(self._on.sum())

    def clear(self) -> None:
        """Mark nothing, draw no range."""
        self._on[:] = False
        self._count = 0
        self.anchor = None

    def in_range(self, place: int, cursor: int) -> bool:
        """Whether the range that is being drawn holds a place."""
        return self.anchor is not None and min(self.anchor, cursor) <= place <= max(self.anchor, cursor)

    def end_range(self, view: View, cursor: int) -> None:
        """Mark the rows of the range that is being drawn."""
        if self.anchor is not None:
            self.add(self._range(view, cursor))
            self.anchor = None

    def rows(self, view: View, cursor: int) -> Indices:
        """All marked rows, those of the range that is being drawn among them; ascending."""
        marked = np.flatnonzero(self._on)
        return marked if self.anchor is None else np.union1d(marked, self._range(view, cursor))

    def count(self, view: View, cursor: int) -> int:
        """How many `rows` gives."""
        if self.anchor is None:
            return self._count
        rows = self._range(view, cursor)
        return self._count + len(rows) - int(self._on[rows].sum())

    def _range(self, view: View, cursor: int) -> Indices:
        assert self.anchor is not None
        first, last = min(self.anchor, cursor), max(self.anchor, cursor)
        return np.asarray(view.rows[first : last + 1], np.int64)
