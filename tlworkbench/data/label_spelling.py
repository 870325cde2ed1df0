"""How each row's label is written where the dataset is given back: as the source spells it, or as it is called now."""

from typing import Any

import numpy as np

from tlworkbench.data.label_set import DROPPED, source_name
from tlworkbench.data.labelling import HasLabels, Labelling


class LabelSpelling:
    """One spelling a row.

    kept: the row's label is still the one its source gives it, by name too, so that the source's own spelling stands.
    """

    def __init__(self, rows: HasLabels, labelling: Labelling) -> None:
        values = rows.meta.label_values
        labels = labelling.label_set
        ids = labelling.journal.source_ids(values)
        # One more at the end, so that -1 gives the empty spelling.
        self._by_label = [""] * len(labels.resolve)
        for label in labels.labels:
            self._by_label[label.id] = label.name
        # A label that came with the source and was not renamed is written as the source writes it.
        for value, number in zip(values, ids, strict=False):
            if labels.active(int(number)) == number and self._by_label[number] == source_name(value):
                self._by_label[number] = value
        stands = [
            labels.active(int(number)) if self._by_label[labels.active(int(number))] == value else DROPPED - 1
            for value, number in zip(values, ids, strict=False)
        ]
        by_value = np.array([*stands, DROPPED], np.int16)
        self._current = labelling.current
        self.kept: np.ndarray[Any, np.dtype[np.bool_]] = by_value[rows.source_labels] == labelling.current

    @property
    def changed(self) -> int:
        """Rows whose label is not as the source has it."""
        return int((~self.kept).sum())

    def text(self, row: int) -> str:
        """Label of a row, empty for none."""
        return self._by_label[int(self._current[row])]

    def texts(self, rows: slice) -> list[str]:
        """Labels of rows in their order."""
        return [self._by_label[number] for number in self._current[rows].tolist()]

    def used(self) -> list[str]:
        """The spellings of labels that rows got here."""
        return [self._by_label[number] for number in np.unique(self._current[~self.kept]).tolist() if number >= 0]
