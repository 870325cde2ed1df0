"""The label journal: the label set and every edit ever made, in SQLite, with undo and redo that outlive the program."""

import getpass
import os
import socket
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from tlworkbench.data import journal_notes as notes
from tlworkbench.data import journal_tables as tables
from tlworkbench.data import label_edits
from tlworkbench.data.journal_file import JournalFile
from tlworkbench.data.journal_reading import JournalReader
from tlworkbench.data.journal_schema import signed
from tlworkbench.data.label_rules import Rule, apply_rules, in_words
from tlworkbench.data.label_set import DROPPED, LabelSet, StoredLabel, normalised
from tlworkbench.data.row_edits import Edit
from tlworkbench.errors import UserError

_Plan = Callable[[dict[int, StoredLabel], int], label_edits.Plan]


class Journal(JournalReader):
    """The edits of one workspace.

    Every method that edits has committed to disk when it returns, raises UserError with nothing changed when it can't,
    and returns None without making an edit where nothing would change. The journal knows rows by key only and not
    their source labels: giving a row the label its source gives it is an edit (someone looked and confirmed it).
    Merging and dropping labels writes no rows; `LabelSet.resolve` leads from a row's label to the active one.
    One journal may be used by several threads, and one file by several processes: edits are made one after another,
    and undo takes back the latest edit whoever made it.
    """

    def __init__(self, file: JournalFile, who: str) -> None:
        super().__init__(file)
        self._who = who

    @classmethod
    def open(cls, path: Path, label_values: Sequence[str] = (), who: str = "", timeout: float = 5.0) -> "Journal":
        """Open the journal at `path`, made when missing; values of the source that have no label yet get one.

        timeout: seconds to wait for another process that writes. A file or folder that can't be written opens for
        reading. Raises UserError when the file can't be made, is damaged, or was written by a newer program.
        """
        journal = cls(JournalFile(path, timeout), who or _user())
        try:
            journal._learn(label_values)
        except BaseException:
            journal.close()
            raise
        return journal

    def set_label(self, keys: Iterable[int], label_id: int | None, means: str = "key") -> Edit | None:
        """Label rows; -1 takes their label away, None brings the source's back.

        A label that was merged meanwhile stands for the one it was merged into; a dropped one raises UserError.
        """
        with self._file.writing() as db:
            label, name = label_id, "the source's label" if label_id is None else "no label"
            if label_id is not None and label_id != DROPPED:
                shown = self._label_set(db).get(label_id)
                if shown is None:
                    raise UserError(f"there is no label number {label_id} any more", "Choose one of the label set.")
                label, name = shown.id, shown.name
            return self._change_rows(db, "label", keys, label, means, f"→ {name}")

    def set_excluded(self, keys: Iterable[int], excluded: bool, means: str = "key") -> Edit | None:
        """Leave rows out of training and evaluation, or take them in again."""
        with self._file.writing() as db:
            text = "excluded" if excluded else "taken in again"
            return self._change_rows(db, "excluded", keys, int(excluded), means, text)

    def set_flagged(self, keys: Iterable[int], flagged: bool, means: str = "key") -> Edit | None:
        """Put a flag on rows, or take it off."""
        with self._file.writing() as db:
            text = "flagged" if flagged else "no longer flagged"
            return self._change_rows(db, "flagged", keys, int(flagged), means, text)

    def set_note(self, key: int, text: str, means: str = "key") -> Edit | None:
        """Put a note on a row in place of the one it has; the empty text takes it off."""
        note = notes.checked_note(text)
        with self._file.writing() as db:
            shown = f"noted: {' '.join(note.split())}" if note else "without its note"
            return self._change_rows(db, "note", [key], notes.number(db, note), means, shown)

    def import_rows(
        self,
        origin: str,
        labels: Mapping[str, Iterable[int]],
        excluded: Mapping[bool, Iterable[int]],
        flagged: Mapping[bool, Iterable[int]],
        noted: Mapping[str, Iterable[int]] | None = None,
        means: str = "import",
    ) -> Edit | None:
        """Set labels, exclusions, flags and notes in one edit, each given as value -> keys.

        origin: the file's name, for the edit in words. labels: by name, "" for none; names the set does not have are
        added to it in the same edit.
        """
        with self._file.writing() as db:
            edit = tables.begin(db, "import", means, self._who)
            stored = tables.labels(db)
            known = self._label_set(db).names
            fresh = [name for name in labels if name and normalised(name) not in known]
            plan = label_edits.added(stored, fresh, tables.next_label_id(db))
            tables.plan_labels(db, edit, plan.after)
            label_set = LabelSet.of([*stored.values(), *plan.after])
            named = {label_set.index(name) if name else DROPPED: keys for name, keys in labels.items()}
            tables.plan_rows(db, edit, "label", _pairs(named.items()))
            tables.plan_rows(db, edit, "excluded", _pairs(excluded.items()))
            tables.plan_rows(db, edit, "flagged", _pairs(flagged.items()))
            numbered = [(notes.number(db, notes.checked_note(text)), keys) for text, keys in (noted or {}).items()]
            tables.plan_rows(db, edit, "note", _pairs(numbered))
            rows = tables.rows_planned(db, edit)
            if not rows and not fresh:
                return _nothing(db)
            return tables.finish(db, edit, rows, f"{_count(rows)} from {origin}{'; ' if fresh else ''}{plan.text}")

    def map_labels(self, mapping: Mapping[str, str], means: str = "command") -> Edit | None:
        """Rename, merge and drop ("") labels in one edit; all old names mean the labels before it, so swaps work."""
        return self._change_set(lambda stored, _: label_edits.mapped(stored, mapping), means)

    def map_by_rule(self, rules: Sequence[Rule], means: str = "rule") -> Edit | None:
        """Name, merge and drop the labels of the source's values by rules, in one edit; see `label_rules`."""

        def plan(stored: dict[int, StoredLabel], _: int) -> label_edits.Plan:
            values = [label.source for label in stored.values() if label.source is not None]
            after = label_edits.by_source(stored, apply_rules(values, rules)).after
            return label_edits.Plan(after, in_words(rules))

        return self._change_set(plan, means)

    def add_label(self, name: str, means: str = "key") -> Edit | None:
        """Add a label at the end, on the first digit key that is free."""
        return self._change_set(lambda stored, first_id: label_edits.added(stored, [name], first_id), means)

    def reorder(self, names: Sequence[str], means: str = "key") -> Edit | None:
        """Put labels into this order, others after them; keys stay with their labels."""
        return self._change_set(lambda stored, _: label_edits.reordered(stored, names), means)

    def set_shortcut(self, name: str, key: str, means: str = "key") -> Edit | None:
        """Put a label on a digit key ("" for none); the label that was on it takes the key that comes free."""
        return self._change_set(lambda stored, _: label_edits.with_shortcut(stored, name, key), means)

    def undo(self) -> Edit | None:
        """Take back the latest edit in force; None where there is none."""
        with self._file.writing() as db:
            return tables.step_back(db) or _nothing(db)

    def redo(self) -> Edit | None:
        """Make the edit undone last again; None where there is none, or another edit was made since."""
        with self._file.writing() as db:
            return tables.step_forward(db) or _nothing(db)

    def _learn(self, label_values: Sequence[str]) -> None:
        with self._file.reading() as db:
            if self.read_only or not label_edits.from_source(tables.labels(db), label_values, 0):
                return
        with self._file.writing() as db:
            fresh = label_edits.from_source(tables.labels(db), label_values, tables.next_label_id(db))
            if fresh:
                tables.learn(db, fresh)

    def _change_rows(
        self, db: sqlite3.Connection, field: tables.Field, keys: Iterable[int], value: int | None, means: str, text: str
    ) -> Edit | None:
        edit = tables.begin(db, field, means, self._who)
        rows = tables.plan_rows(db, edit, field, _pairs([(value, keys)]))
        return tables.finish(db, edit, rows, f"{_count(rows)} {text}") if rows else _nothing(db)

    def _change_set(self, plan_of: _Plan, means: str) -> Edit | None:
        with self._file.writing() as db:
            plan = plan_of(tables.labels(db), tables.next_label_id(db))
            if not plan.after:
                return _nothing(db)
            edit = tables.begin(db, "labels", means, self._who)
            tables.plan_labels(db, edit, plan.after)
            return tables.finish(db, edit, 0, plan.text)


def _nothing(db: sqlite3.Connection) -> Edit | None:
    db.execute("ROLLBACK")
    return None


def _pairs(by_value: Iterable[tuple[int | None, Iterable[int]]]) -> Iterator[tuple[int, int | None]]:
    for value, keys in by_value:
        yield from ((key, value) for key in signed(keys).tolist())


def _count(rows: int) -> str:
    return "1 row" if rows == 1 else f"{rows} rows"


def _user() -> str:
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        # A container's user often has a number and no name.
        name = str(os.getuid())
    return f"{name}@{socket.gethostname()}"
