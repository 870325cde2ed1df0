"""How many of the rows shown have been dealt with."""

from typing import Any

import numpy as np

from tlworkbench.data.labelling import Labelling
from tlworkbench.tui.dataset.view import Indices, View

_Marks = np.ndarray[Any, np.dtype[np.bool_]]


class QueueProgress:
    """Counts the rows of a view that someone labelled or excluded; a decision costs what the changed rows cost."""

    def __init__(self, view: View, labelling: Labelling) -> None:
        self._labelling = labelling
        self._inside: _Marks = np.zeros(len(labelling.rows), np.bool_)
        self._inside[view.rows if isinstance(view.rows, np.ndarray) else slice(None)] = True
        self._done = self._inside & self._now(slice(None))
        self.total = len(view)
        self.done = int(self._done.sum())

    def changed(self, rows: Indices) -> None:
        """These rows have other labels or marks now."""
        now = self._inside[rows] & self._now(rows)
        self.done += int(now.sum()) - int(self._done[rows].sum())
        self._done[rows] = now

    def _now(self, rows: slice | Indices) -> _Marks:
        done: _Marks = self._labelling.edited[rows] | self._labelling.excluded[rows]
        return done
