"""What the label journal tells: the label set, edited rows, every edit ever made, notes and histories."""

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from tlworkbench.data import journal_history as history
from tlworkbench.data import journal_notes as notes
from tlworkbench.data import journal_tables as tables
from tlworkbench.data.journal_file import JournalFile
from tlworkbench.data.journal_schema import Keys, signed
from tlworkbench.data.label_set import DROPPED, LabelIds, LabelSet, StoredLabel
from tlworkbench.data.row_edits import Edit, JournalState, LabelledRow, RowChange, RowEdit
from tlworkbench.errors import UserError


class JournalReader:
    """The part of a `Journal` that changes nothing; every method reads one state of the file."""

    def __init__(self, file: JournalFile) -> None:
        self._file = file
        self._cached: tuple[tuple[int, int], LabelSet] | None = None
        self._latest: tuple[int, Keys] = (0, np.zeros(0, np.uint64))

    def close(self) -> None:
        """Close the file; the journal can't be used after."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    @property
    def path(self) -> Path:
        """The file."""
        return self._file.path

    @property
    def read_only(self) -> bool:
        """Whether edits are impossible because the file or its folder can't be written."""
        return self._file.read_only

    @property
    def version(self) -> int:
        """Number of transactions so far; edits of other processes show in it at once (a poll costs some 20 µs)."""
        with self._file.reading() as db:
            return tables.version(db)

    @property
    def edit_count(self) -> int:
        """Edits in force: made and not undone."""
        with self._file.reading() as db:
            return int(db.execute("SELECT count(*) FROM edits WHERE state = 'applied'").fetchone()[0])

    def label_set(self) -> LabelSet:
        """The label set as it is now; the same object until it changes."""
        with self._file.reading() as db:
            return self._label_set(db)

    def stored_labels(self) -> dict[int, StoredLabel]:
        """All labels by id with the source's value of each, merged and dropped ones among them."""
        with self._file.reading() as db:
            return tables.labels(db)

    def source_ids(self, label_values: Sequence[str]) -> LabelIds:
        """Label id of each value of the source, with -1 appended, so that index -1 gives -1.

        On first import the ids are the values' indices; after a re-import with other classes they need not be.
        Raises UserError for a value the journal was never opened with.
        """
        with self._file.reading() as db:
            known = {label.source: label.id for label in tables.labels(db).values() if label.source is not None}
        missing = next((value for value in label_values if value not in known), None)
        if missing is not None:
            raise UserError(f"{self.path} does not know the source's label '{missing}'", "Open the source again.")
        return np.array([*(known[value] for value in label_values), DROPPED], np.int16)

    def overrides(self, since: int = 0) -> list[RowEdit]:
        """Rows touched by transactions after version `since`, as they are now."""
        return self.state(since).rows.edits()

    def state(self, since: int = 0) -> JournalState:
        """Version, label set and the rows touched after `since` as columns, all of one moment."""
        with self._file.reading() as db:
            return JournalState(tables.version(db), self._label_set(db), tables.rows(db, since))

    def state_at(self, version: int) -> tuple[LabelSet, list[RowEdit]]:
        """Label set and edited rows as they stood at an earlier version; rows left as in the source are not listed."""
        past = self.past(version)
        return past.label_set, past.rows.edits()

    def past(self, version: int) -> JournalState:
        """What `state_at` gives, as columns. Raises UserError for a version that never was."""
        with self._file.reading() as db:
            return JournalState(version, self._labels_at(db, version), tables.rows_at(db, version))

    def label_set_at(self, version: int) -> LabelSet:
        """The label set alone as it stood at an earlier version. Raises UserError for a version that never was."""
        with self._file.reading() as db:
            return self._labels_at(db, version)

    def _labels_at(self, db: sqlite3.Connection, version: int) -> LabelSet:
        newest = tables.version(db)
        if not 0 <= version <= newest:
            raise UserError(f"{self.path} has no version {version}", f"There are 0 to {newest}.")
        return LabelSet.of(tables.labels_at(db, version).values())

    def edits(self, limit: int = 50) -> list[Edit]:
        """The latest edits, newest first, undone and abandoned ones among them."""
        with self._file.reading() as db:
            return tables.edits(db, limit)

    def notes(self) -> dict[int, str]:
        """Notes by the key of their row."""
        with self._file.reading() as db:
            return {key & 0xFFFF_FFFF_FFFF_FFFF: text for key, text in notes.all_notes(db).items()}

    def note(self, key: int) -> str:
        """The note on a row, empty for none."""
        with self._file.reading() as db:
            return notes.note_of(db, _signed(key))

    def row_history(self, key: int) -> list[RowChange]:
        """All that was ever changed in a row, newest first; undone and abandoned changes are marked as such."""
        with self._file.reading() as db:
            return history.row_history(db, _signed(key))

    def recent_rows(self, limit: int = 20) -> list[LabelledRow]:
        """The rows labelled last by edits in force, newest first, each once, with the last decision on it.

        Of a bulk edit the rows come in the order of their keys.
        """
        with self._file.reading() as db:
            return history.labelled_last(db, limit)

    def latest(self) -> Keys:
        """Keys of all rows that differ from the source, the one changed last first.

        Costs what was changed since the last call.
        """
        with self._file.reading() as db:
            newest = tables.version(db)
            since, known = self._latest
            if newest != since:
                touched, differs = history.changed_since(db, since)
                known = np.concatenate([touched[differs], known[~np.isin(known, touched)]])
                self._latest = (newest, known)
        return known

    def _label_set(self, db: sqlite3.Connection) -> LabelSet:
        stamp = tables.label_stamp(db)
        cached = self._cached
        if cached is None or cached[0] != stamp:
            cached = self._cached = (stamp, LabelSet.of(tables.labels(db).values()))
        return cached[1]


def _signed(key: int) -> int:
    return int(signed([key])[0])
