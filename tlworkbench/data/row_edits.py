"""What the journal tells: edits, and how edited rows stand, one by one and as columns for whole labellings."""

from dataclasses import dataclass
from typing import Any, Literal

import msgspec
import numpy as np

from tlworkbench.data.journal_schema import Keys, unsigned
from tlworkbench.data.label_set import LabelIds, LabelSet

SOURCE = -2
"""In columns of label ids: the source's label stands."""


class Edit(msgspec.Struct, frozen=True):
    """One edit: what one key, command or file changed."""

    id: int
    at: float
    """Seconds since 1970."""
    who: str
    means: str
    """What it was made by: key, bulk, command, import …"""
    kind: str
    """label, excluded, flagged, import (rows) or labels (the set)."""
    text: str
    """The edit in words: "3 rows → negative"."""
    rows: int
    """Rows it changed; 0 for an edit of the label set."""
    state: Literal["applied", "undone", "abandoned"]
    key: int | None
    """One of the rows it changed: where an undo should lead the eye."""


class RowEdit(msgspec.Struct, frozen=True):
    """What the journal says about one row."""

    key: int
    label: int | None
    """Label id as it was set; None where the source's label stands, -1 where the row is unlabelled."""
    excluded: bool
    flagged: bool


@dataclass(frozen=True, eq=False)
class RowColumns:
    """The same as columns of one length."""

    keys: Keys
    labels: LabelIds
    """As they were set; -1 unlabelled, `SOURCE` where the source's label stands."""
    excluded: np.ndarray[Any, np.dtype[np.bool_]]
    flagged: np.ndarray[Any, np.dtype[np.bool_]]

    @classmethod
    def of(cls, records: list[tuple[int, int, int, int]]) -> "RowColumns":
        """From records of (signed key, label or `SOURCE`, excluded, flagged)."""
        table = np.array(records, np.int64).reshape(-1, 4)
        return cls(unsigned(table[:, 0]), table[:, 1].astype(np.int16), table[:, 2] != 0, table[:, 3] != 0)

    def edits(self) -> list[RowEdit]:
        """One value a row."""
        return [
            RowEdit(key, None if label == SOURCE else label, excluded, flagged)
            for key, label, excluded, flagged in zip(
                self.keys.tolist(), self.labels.tolist(), self.excluded.tolist(), self.flagged.tolist(), strict=True
            )
        ]


@dataclass(frozen=True, eq=False)
class JournalState:
    """The label set and edited rows at one version, read in one transaction."""

    version: int
    label_set: LabelSet
    rows: RowColumns
