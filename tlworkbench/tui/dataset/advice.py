"""What is suggested for the rows, kept in step with the file that the suspects job leaves."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tlworkbench.data.label_set import DROPPED, LabelIds, LabelSet
from tlworkbench.data.labelling import Labelling
from tlworkbench.data.rows import Rows
from tlworkbench.data.suggestions import Suggestions, stamp_of
from tlworkbench.tui.dataset.view import Indices


@dataclass(frozen=True)
class Suggested:
    """The label suggested for one row."""

    name: str
    place: int
    """Place in the label set, which decides the colour."""
    probability: float
    agrees: bool
    """It is the label the row has."""
    suspect: bool
    """The row's label is probably wrong, and nobody has decided about it since."""


class Advice:
    """Suggestions for the rows of a dataset; none until `refresh` finds some."""

    def __init__(self, file: Path, rows: Rows, labelling: Labelling) -> None:
        self._file, self._rows, self._labelling = file, rows, labelling
        self._stamp = (0, 0)
        self._open: np.ndarray[Any, np.dtype[np.bool_]] = np.zeros(0, np.bool_)
        self._none: LabelIds = np.full(len(rows), DROPPED, np.int16)
        self._predicted: tuple[LabelSet, LabelIds] | None = None
        self.suggestions: Suggestions | None = None

    def refresh(self) -> bool:
        """Take over a newer file; whether there was one. Raises UserError where it is damaged, once."""
        stamp = stamp_of(self._file)
        if stamp == self._stamp:
            return False
        self._stamp = stamp
        self._predicted = None
        self.suggestions = None
        self.suggestions = Suggestions.open(self._file, self._rows)
        self._open = np.zeros(len(self._rows), np.bool_)
        if self.suggestions is not None:
            self._open[self.suggestions.open_suspects(self._labelling)] = True
        return True

    def changed(self, rows: Indices) -> None:
        """Someone decided about these rows."""
        if self.suggestions is not None:
            self._open[rows] = False

    @property
    def predicted(self) -> LabelIds:
        """Suggested label of each row as an active id, -1 where there is none."""
        if self.suggestions is None:
            return self._none
        labels = self._labelling.label_set
        if self._predicted is None or self._predicted[0] is not labels:
            self._predicted = labels, self.suggestions.suggested_now(labels)
        return self._predicted[1]

    @property
    def waiting(self) -> int:
        """Suspects that nobody has decided yet."""
        return int(self._open.sum())

    def of(self, row: int) -> Suggested | None:
        """What is suggested for a row."""
        if self.suggestions is None:
            return None
        labels = self._labelling.label_set
        label = labels.get(int(self.predicted[row]))
        if label is None:
            return None
        return Suggested(
            label.name,
            int(labels.class_of[label.id]),
            float(self.suggestions.probability[row]),
            bool(self._labelling.current[row] == label.id),
            bool(self._open[row]),
        )
