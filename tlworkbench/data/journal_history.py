"""What became of single rows: one row's history, the rows labelled last, the order of the last changes."""

import sqlite3
from itertools import chain
from typing import Any

import numpy as np

from tlworkbench.data import journal_tables as tables
from tlworkbench.data.journal_schema import Keys, unsigned
from tlworkbench.data.label_set import DROPPED
from tlworkbench.data.row_edits import LabelledRow, RowChange

_HISTORY = """SELECT at, who, means, field, before, after, state, edit,
    CASE field WHEN 'note' THEN (SELECT text FROM notes WHERE id = before) END,
    CASE field WHEN 'note' THEN (SELECT text FROM notes WHERE id = after) END
    FROM row_changes JOIN edits ON edits.id = edit WHERE key = ? ORDER BY edit DESC, field"""

# CROSS JOIN keeps SQLite from turning the order of the two tables round.
_LABELLED = """SELECT key, after, means, at, edit FROM edits CROSS JOIN row_changes ON edit = edits.id
    WHERE edits.state = 'applied' AND edits.kind IN ('label', 'import') AND field = 'label' ORDER BY edits.id DESC"""
_LOOKED_THROUGH = 50
"""Times the rows wanted are looked through for others than those found already."""


def row_history(db: sqlite3.Connection, key: int) -> list[RowChange]:
    """All that was ever changed in a row (signed key), newest first, undone and abandoned changes among them."""
    found = db.execute(_HISTORY, (key,)).fetchall()
    names = {label.id: label.name for label in tables.labels(db).values()} if found else {}
    return [_change(record, names) for record in found]


def labelled_last(db: sqlite3.Connection, limit: int) -> list[LabelledRow]:
    """The rows labelled last by edits in force, newest first, each once."""
    found: dict[int, LabelledRow] = {}
    if limit <= 0:
        return []
    for key, *values in db.execute(f"{_LABELLED} LIMIT ?", (limit * _LOOKED_THROUGH,)):
        if key not in found:
            found[key] = LabelledRow(key & 0xFFFF_FFFF_FFFF_FFFF, *values)
            if len(found) == limit:
                break
    return list(found.values())


def changed_since(db: sqlite3.Connection, version: int) -> tuple[Keys, np.ndarray[Any, np.dtype[np.bool_]]]:
    """Keys of the rows changed after `version`, newest first, and which of them still differ from the source."""
    # The plus keeps SQLite from the index when all rows are wanted: it would look each up at a place of its own.
    newer = "version > ?" if version else "+version > ?"
    query = f"SELECT key, version, label IS NOT NULL OR excluded OR flagged OR note FROM rows WHERE {newer}"
    table = np.fromiter(chain.from_iterable(db.execute(query, (version,))), np.int64).reshape(-1, 3)
    table = table[np.argsort(-table[:, 1], kind="stable")]
    return unsigned(table[:, 0]), table[:, 2] != 0


def _change(record: tuple[Any, ...], names: dict[int, str]) -> RowChange:
    at, who, means, field, before, after, state, edit, note_before, note_after = record
    if field == "label":
        text = f"{_named(before, names)} → {_named(after, names)}"
    elif field == "note":
        before, after = note_before or "", note_after or ""
        text = f"note: {after}" if after else "note taken off"
    else:
        before, after = bool(before), bool(after)
        said = {"excluded": ("taken in again", "excluded"), "flagged": ("no longer flagged", "flagged")}
        text = said[field][after]
    return RowChange(at, who, means, field, before, after, text, state, edit)


def _named(label: int | None, names: dict[int, str]) -> str:
    if label is None:
        return "the source's label"
    return "no label" if label == DROPPED else names.get(label, f"label {label}")
