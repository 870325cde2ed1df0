"""What the journal tells: edits, and how edited rows stand, one by one and as columns for whole labellings."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
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
    """What it was made by: key, bulk, suggestion, import, command, check or rule."""
    kind: str
    """label, excluded, flagged, note, import (rows) or labels (the set)."""
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
    noted: bool = False


class RowChange(msgspec.Struct, frozen=True):
    """One line of a row's history: what an edit changed in it."""

    at: float
    """Seconds since 1970."""
    who: str
    means: str
    field: Literal["label", "excluded", "flagged", "note"]
    before: int | bool | str | None
    """Label id, None where the source's label stood, -1 for none; a mark; a note's text, empty for none."""
    after: int | bool | str | None
    text: str
    """The change in words: "neutral → negative", "excluded", "note: ask Ann"."""
    state: Literal["applied", "undone", "abandoned"]
    edit: int
    """`Edit.id` of the edit, which may have changed other rows as well."""


class LabelledRow(msgspec.Struct, frozen=True):
    """A row that was labelled, as the last decision on it has it."""

    key: int
    label: int | None
    """Label id as it was set; None where the source's was brought back, -1 where it was taken away."""
    means: str
    at: float
    """Seconds since 1970."""
    edit: int


@dataclass(frozen=True, eq=False)
class RowColumns:
    """The same as columns of one length."""

    keys: Keys
    labels: LabelIds
    """As they were set; -1 unlabelled, `SOURCE` where the source's label stands."""
    excluded: np.ndarray[Any, np.dtype[np.bool_]]
    flagged: np.ndarray[Any, np.dtype[np.bool_]]
    noted: np.ndarray[Any, np.dtype[np.bool_]]

    @classmethod
    def of(cls, records: Iterable[tuple[int, int, int, int, int]]) -> "RowColumns":
        """From records of (signed key, label or `SOURCE`, excluded, flagged, number of the note)."""
        table = np.fromiter(chain.from_iterable(records), np.int64).reshape(-1, 5)
        excluded, flagged, noted = (table[:, column] != 0 for column in (2, 3, 4))
        return cls(unsigned(table[:, 0]), table[:, 1].astype(np.int16), excluded, flagged, noted)

    def edits(self) -> list[RowEdit]:
        """One value a row."""
        return [
            RowEdit(key, None if label == SOURCE else label, *marks)
            for key, label, *marks in zip(
                self.keys.tolist(),
                self.labels.tolist(),
                self.excluded.tolist(),
                self.flagged.tolist(),
                self.noted.tolist(),
                strict=True,
            )
        ]


@dataclass(frozen=True, eq=False)
class JournalState:
    """The label set and edited rows at one version, read in one transaction."""

    version: int
    label_set: LabelSet
    rows: RowColumns
