"""The rows with the journal's edits applied: which label each row has now."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import numpy as np

from tlworkbench.data.journal import Journal
from tlworkbench.data.label_set import DROPPED, LabelIds, LabelSet
from tlworkbench.data.row_edits import SOURCE, JournalState
from tlworkbench.data.rows_meta import RowsMeta

Marks: TypeAlias = np.ndarray[Any, np.dtype[np.bool_]]
Indices: TypeAlias = np.ndarray[Any, np.dtype[np.int64]]


class HasLabels(Protocol):
    """What a labelling needs of the rows."""

    @property
    def meta(self) -> RowsMeta:
        """Names the source's label values."""

    @property
    def source_labels(self) -> np.ndarray[Any, np.dtype[np.int32]]:
        """Index into `meta.label_values` of each row, -1 for none."""

    def __len__(self) -> int: ...

    def indices_of(self, keys: Iterable[int]) -> Indices:
        """Rows with these keys, -1 where there is none."""


@dataclass(frozen=True)
class RowState:
    """One row's label and marks, for painting it."""

    label: int
    """Id of its active label, -1 for none."""
    source: int
    """Id of the active label that the source's label stands for now, -1 for none."""
    source_value: int
    """The source's label as index into `meta.label_values`, -1 for none."""
    edited: bool
    """Someone set its label here, if only to confirm it."""
    excluded: bool
    flagged: bool
    noted: bool = False


class Labelling:
    """Columns with one entry a row, kept in step with the journal by `refresh`.

    current: id of the active label, -1 for none (int16). edited: a label was set here. excluded, flagged, noted: marks.
    label_set and version are those of the last refresh. Not for several threads at once: whoever refreshes owns it.
    """

    def __init__(self, rows: HasLabels, journal: Journal) -> None:
        self._begin(rows, journal, journal.state())
        self._frozen = False

    @classmethod
    def at(cls, rows: HasLabels, journal: Journal, version: int) -> "Labelling":
        """The labelling as it stood at a version of the journal; `refresh` leaves it as it is."""
        labelling = cls.__new__(cls)
        labelling._begin(rows, journal, journal.past(version))
        labelling._frozen = True
        return labelling

    def _begin(self, rows: HasLabels, journal: Journal, state: JournalState) -> None:
        self.rows = rows
        self.journal = journal
        self.version = state.version
        self.label_set: LabelSet = state.label_set
        self._source: LabelIds = journal.source_ids(rows.meta.label_values)[rows.source_labels]
        # Labels as they were set, before merges; what is not edited follows the source.
        self._assigned = self._source.copy()
        self.edited: Marks = np.zeros(len(rows), np.bool_)
        self.excluded: Marks = np.zeros(len(rows), np.bool_)
        self.flagged: Marks = np.zeros(len(rows), np.bool_)
        self.noted: Marks = np.zeros(len(rows), np.bool_)
        self._take_over(state)
        self.current: LabelIds = self.label_set.resolve[self._assigned]
        self._bins: Indices | None = None
        """Rows by label id, from -1 on; None until someone counts."""

    def refresh(self) -> Indices:
        """Take over what the journal holds since the last refresh, whoever edited.

        Returns the rows that changed, ascending. Where the label set changed, `label_set` is another object; names can
        then differ on rows that are not returned. Costs what the changed rows cost, and for a label-set edit one pass
        over the column.
        """
        if self._frozen or self.journal.version == self.version:
            return np.zeros(0, np.int64)
        state = self.journal.state(self.version)
        changed = self._take_over(state)
        self.version = state.version
        if state.label_set == self.label_set:
            current = self.label_set.resolve[self._assigned[changed]]
            if self._bins is not None:
                self._bins += _bins(current, len(self._bins)) - _bins(self.current[changed], len(self._bins))
            self.current[changed] = current
            return changed
        self._bins = None
        self.label_set = state.label_set
        current = self.label_set.resolve[self._assigned]
        differs = current != self.current
        differs[changed] = True
        self.current = current
        return np.flatnonzero(differs)

    def counts(self, included: bool = False) -> Indices:
        """Rows of each active label, in the order of `label_set.labels`; `included` leaves out excluded rows."""
        ids = np.array([label.id for label in self.label_set.labels], np.int64)
        size = int(ids.max(initial=0)) + 2
        if included:
            return _bins(self.current[~self.excluded], size)[ids + 1]
        if self._bins is None:
            self._bins = _bins(self.current, size)
        return self._bins[ids + 1]

    def rows_by_id(self) -> tuple[list[int], int]:
        """Rows that were given each label id, by the source or here, before merges; and rows that were given none."""
        bins = np.bincount(self._assigned - np.int16(DROPPED), minlength=len(self.label_set.resolved) + 1)
        return bins[1:].tolist(), int(bins[0])

    @property
    def unlabelled(self) -> int:
        """Rows without a label."""
        return len(self.rows) - int(self.counts().sum())

    def state(self, row: int) -> RowState:
        """Label and marks of one row."""
        value = int(self.rows.source_labels[row])
        return RowState(
            label=int(self.current[row]),
            source=self.label_set.active(int(self._source[row])),
            source_value=value,
            edited=bool(self.edited[row]),
            excluded=bool(self.excluded[row]),
            flagged=bool(self.flagged[row]),
            noted=bool(self.noted[row]),
        )

    def _take_over(self, state: JournalState) -> Indices:
        found = self.rows.indices_of(state.rows.keys)
        # The journal keeps edits of rows that the source has no more; they wait for its return.
        here = found >= 0
        rows, labels = found[here], state.rows.labels[here]
        self.edited[rows] = labels != SOURCE
        self._assigned[rows] = np.where(labels == SOURCE, self._source[rows], labels)
        self.excluded[rows] = state.rows.excluded[here]
        self.flagged[rows] = state.rows.flagged[here]
        self.noted[rows] = state.rows.noted[here]
        return np.sort(rows)


def _bins(labels: LabelIds, size: int) -> Indices:
    # Shifted by one, so that "none" (-1) has a bin of its own.
    return np.bincount(labels - np.int16(DROPPED), minlength=size).astype(np.int64)
