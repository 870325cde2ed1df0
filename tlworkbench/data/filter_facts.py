"""What is worked out from all texts once and kept: their lengths, and which of them disagree about a label."""

import threading
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tlworkbench.data.duplicates import Groups, conflicting, text_groups
from tlworkbench.data.label_set import LabelIds
from tlworkbench.data.labelling import Marks

Lengths = np.ndarray[Any, np.dtype[np.int32]]


class HasTexts(Protocol):
    """What is needed of the rows."""

    def text_column(self) -> pa.ChunkedArray:
        """Text of every row."""


class VersionedLabels(Protocol):
    """What is needed of a labelling."""

    @property
    def version(self) -> int:
        """Changes with every edit."""

    @property
    def current(self) -> LabelIds:
        """Id of each row's active label, -1 for none."""

    @property
    def excluded(self) -> Marks:
        """Rows left out of training and measuring."""


class FilterFacts:
    """Facts about the texts of one file of rows; any thread may ask."""

    def __init__(self, rows: HasTexts) -> None:
        self._rows = rows
        self._conflicts: tuple[int, Marks] | None = None
        self._lock = threading.Lock()

    @cached_property
    def lengths(self) -> Lengths:
        """Characters of each text, shape (rows,)."""
        chunks = [pc.utf8_length(chunk).to_numpy() for chunk in self._rows.text_column().chunks]
        return np.concatenate([np.zeros(0, np.int32), *chunks]).astype(np.int32, copy=False)

    def conflicts(self, labelling: VersionedLabels) -> Marks:
        """Rows whose text stands elsewhere with another label, shape (rows,); kept until the journal's next version."""
        with self._lock:
            known, version = self._conflicts, labelling.version
            if known is None or known[0] != version:
                known = self._conflicts = version, conflicting(self._rows, labelling, self._groups)
            return known[1]

    def knows_conflicts(self, labelling: VersionedLabels) -> bool:
        """Whether `conflicts` answers at once."""
        return self._conflicts is not None and self._conflicts[0] == labelling.version

    @property
    def knows_lengths(self) -> bool:
        """Whether `lengths` is there already."""
        return "lengths" in self.__dict__

    @cached_property
    def _groups(self) -> Groups:
        return text_groups(self._rows)
