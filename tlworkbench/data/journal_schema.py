"""Tables of the label journal, their format number, and how an older file is brought up to date."""

import sqlite3
from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

import numpy as np

from tlworkbench.errors import UserError

Keys: TypeAlias = np.ndarray[Any, np.dtype[np.uint64]]

FORMAT = 2
"""Format of the file, kept in SQLite's `user_version`. 2 brought notes on rows, and histories of rows."""
APPLICATION_ID = 0x746C776A
"""Says in the file's header that it is a label journal ("tlwj")."""
FIELDS = ("label", "excluded", "flagged", "note")
"""Columns of `rows` that an edit can change; the values of `row_changes.field`."""

_OF_FORMAT_2 = (
    # Notes by number, each text once; 0 is no note.
    "CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE)",
    "CREATE INDEX rows_noted ON rows (note) WHERE note",
    # One row's history, and the rows labelled last, without a look through all edits.
    "CREATE INDEX row_changes_by_key ON row_changes (key, edit)",
    "CREATE INDEX edits_of_labels ON edits (id) WHERE state = 'applied' AND kind IN ('label', 'import')",
)

_TABLES = (
    # Every edit ever made. kind: label, excluded, flagged, note, import (rows), labels (the set).
    """CREATE TABLE edits (
        id INTEGER PRIMARY KEY, at REAL NOT NULL, who TEXT NOT NULL, means TEXT NOT NULL, kind TEXT NOT NULL,
        text TEXT NOT NULL, rows INTEGER NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('applied', 'undone', 'abandoned')))""",
    "CREATE INDEX edits_by_state ON edits (state, id)",
    # What an edit changed. A label is NULL where the source's stands, -1 where the row has none; a note is its number.
    """CREATE TABLE row_changes (
        edit INTEGER NOT NULL REFERENCES edits, field TEXT NOT NULL, key INTEGER NOT NULL,
        before INTEGER, after INTEGER, PRIMARY KEY (edit, field, key)) WITHOUT ROWID""",
    # Labels as JSON (label_set.StoredLabel), NULL where there is none.
    """CREATE TABLE label_changes (
        edit INTEGER NOT NULL REFERENCES edits, label INTEGER NOT NULL,
        before TEXT, after TEXT, PRIMARY KEY (edit, label)) WITHOUT ROWID""",
    # One line a transaction: an edit applied or redone (+1), undone (-1), or no edit (0): the source brought labels.
    """CREATE TABLE log (
        version INTEGER PRIMARY KEY, edit INTEGER REFERENCES edits, direction INTEGER NOT NULL,
        labels INTEGER NOT NULL)""",
    "CREATE INDEX log_of_labels ON log (version) WHERE labels",
    # How touched rows stand now, and since which version.
    """CREATE TABLE rows (
        key INTEGER PRIMARY KEY, label INTEGER, excluded INTEGER NOT NULL DEFAULT 0,
        flagged INTEGER NOT NULL DEFAULT 0, version INTEGER NOT NULL DEFAULT 0, note INTEGER NOT NULL DEFAULT 0)""",
    "CREATE INDEX rows_by_version ON rows (version)",
    # How the label set stands now: JSON as above.
    "CREATE TABLE labels (id INTEGER PRIMARY KEY, label TEXT NOT NULL)",
    *_OF_FORMAT_2,
)


def _with_notes(connection: sqlite3.Connection) -> None:
    connection.execute("ALTER TABLE rows ADD COLUMN note INTEGER NOT NULL DEFAULT 0")
    for statement in _OF_FORMAT_2:
        connection.execute(statement)


UPGRADES: dict[int, Callable[[sqlite3.Connection], None]] = {1: _with_notes}
"""By format: what brings a file of that format to the next one, inside the transaction that `prepare` opened."""


def prepare(connection: sqlite3.Connection, name: str) -> None:
    """Make the tables of a new file or upgrade an older one, in one transaction.

    Raises UserError when the file was written by a newer program or is another program's.
    """
    if current(connection, name):
        return
    connection.execute("BEGIN IMMEDIATE")
    # Another process may have done it while this one waited for its turn; then nothing is left to do.
    found = _number(connection, "user_version")
    if found == 0:
        for statement in _TABLES:
            connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        found = FORMAT
    for number in range(found, FORMAT):
        UPGRADES[number](connection)
    connection.execute(f"PRAGMA user_version = {FORMAT}")
    connection.execute("COMMIT")


def current(connection: sqlite3.Connection, name: str) -> bool:
    """Whether the file is a journal of this format; raises UserError where it is newer or not one at all."""
    # In one transaction, or another process that makes the file meanwhile would be seen half way.
    alone = not connection.in_transaction
    if alone:
        connection.execute("BEGIN")
    try:
        found = _number(connection, "user_version")
        application = _number(connection, "application_id")
        schema = _number(connection, "schema_version")
    finally:
        if alone:
            connection.execute("ROLLBACK")
    empty = not (found or application or schema)
    if not empty and application != APPLICATION_ID:
        raise UserError(f"{name} is a database, but no label journal", "Move it out of the workspace's folder.")
    if found > FORMAT:
        raise UserError(
            f"{name} was written by a newer tlworkbench (format {found})", "Update: pip install -U tlworkbench."
        )
    return found == FORMAT


def signed(keys: Iterable[int]) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Row keys as SQLite keeps them, 64 bits with a sign; each once, ascending."""
    array = keys if isinstance(keys, np.ndarray) else np.array(list(keys), np.uint64)
    return np.unique(array.astype(np.uint64, copy=False).view(np.int64))


def unsigned(keys: np.ndarray[Any, np.dtype[np.int64]]) -> Keys:
    """Row keys as the rows have them."""
    return np.ascontiguousarray(keys).view(np.uint64)


def _number(connection: sqlite3.Connection, pragma: str) -> int:
    return int(connection.execute(f"PRAGMA {pragma}").fetchone()[0])
