"""Reading and changing the journal's tables; each function works inside a transaction that its caller holds."""

import sqlite3
import time
from collections.abc import Iterable
from typing import Any, Literal, TypeAlias

import msgspec

from tlworkbench.data.journal_schema import FIELDS
from tlworkbench.data.label_set import StoredLabel
from tlworkbench.data.row_edits import SOURCE, Edit, RowColumns

Field: TypeAlias = Literal["label", "excluded", "flagged", "note"]
_MAX_TEXT = 200
_label = msgspec.json.Decoder(StoredLabel)

_EDITS = """SELECT id, at, who, means, kind, text, rows, state,
    (SELECT key FROM row_changes WHERE edit = edits.id LIMIT 1) FROM edits"""

# In version order the first change after a version says how things stood at it: a change made or redone knows it as
# "before", one undone as "after". SQLite takes the bare columns from the row that has the minimum.
_THEN = "CASE direction WHEN 1 THEN before ELSE after END, min(version)"


def version(db: sqlite3.Connection) -> int:
    """Number of transactions so far."""
    return int(db.execute("SELECT coalesce(max(version), 0) FROM log").fetchone()[0])


def label_stamp(db: sqlite3.Connection) -> tuple[int, int]:
    """Changes whenever the label set does."""
    query = (
        "SELECT (SELECT coalesce(max(version), 0) FROM log WHERE labels), (SELECT coalesce(max(id), -1) FROM labels)"
    )
    changed, newest = db.execute(query).fetchone()
    return changed, newest


def labels(db: sqlite3.Connection) -> dict[int, StoredLabel]:
    """All labels by id, merged and dropped ones among them."""
    return {number: _label.decode(text) for number, text in db.execute("SELECT id, label FROM labels ORDER BY id")}


def next_label_id(db: sqlite3.Connection) -> int:
    """An id that no label has or had."""
    query = (
        "SELECT max(coalesce((SELECT max(id) FROM labels), -1), coalesce((SELECT max(label) FROM label_changes), -1))"
    )
    return int(db.execute(query).fetchone()[0]) + 1


def rows(db: sqlite3.Connection, since: int) -> RowColumns:
    """Rows touched after version `since`, as they are now."""
    query = f"SELECT key, coalesce(label, {SOURCE}), excluded, flagged, note FROM rows WHERE version > ?"
    return RowColumns.of(db.execute(query, (since,)))


def labels_at(db: sqlite3.Connection, past: int) -> dict[int, StoredLabel]:
    """All labels as they stood at version `past`; those that came with the source are there at every version."""
    found = labels(db)
    query = f"SELECT label, {_THEN} FROM log JOIN label_changes USING (edit) WHERE version > ? GROUP BY label"
    for number, text, _ in db.execute(query, (past,)):
        found.pop(number, None)
        if text is not None:
            found[number] = _label.decode(text)
    return found


def rows_at(db: sqlite3.Connection, past: int) -> RowColumns:
    """Rows that differed from the source at version `past`."""
    found = {key: list(values) for key, *values in db.execute("SELECT key, label, excluded, flagged, note FROM rows")}
    query = f"SELECT key, field, {_THEN} FROM log JOIN row_changes USING (edit) WHERE version > ? GROUP BY key, field"
    for key, field, value, _ in db.execute(query, (past,)):
        found[key][FIELDS.index(field)] = value
    return RowColumns.of(
        [
            (key, SOURCE if label is None else label, excluded, flagged, note)
            for key, (label, excluded, flagged, note) in found.items()
            if label is not None or excluded or flagged or note
        ]
    )


def edits(db: sqlite3.Connection, limit: int) -> list[Edit]:
    """The latest edits, newest first."""
    return [_edit(record) for record in db.execute(f"{_EDITS} ORDER BY id DESC LIMIT ?", (limit,))]


def begin(db: sqlite3.Connection, kind: str, means: str, who: str) -> int:
    """Number of a new edit; undone edits can't be redone any more, but are kept."""
    db.execute("UPDATE edits SET state = 'abandoned' WHERE state = 'undone'")
    record = (time.time(), who, means, kind)
    query = "INSERT INTO edits (at, who, means, kind, text, rows, state) VALUES (?, ?, ?, ?, '', 0, 'applied')"
    number = db.execute(query, record).lastrowid
    assert number is not None
    return number


def plan_rows(db: sqlite3.Connection, edit: int, field: Field, wanted: Iterable[tuple[int, int | None]]) -> int:
    """Add to an edit: these rows (signed key, value) get another value; those that have it already are left out.

    Returns the number of rows that change.
    """
    db.execute("DELETE FROM wanted")
    db.executemany("INSERT OR REPLACE INTO wanted VALUES (?, ?)", wanted)
    now = "rows.label" if field == "label" else f"coalesce(rows.{field}, 0)"
    planned = db.execute(
        f"""INSERT INTO row_changes SELECT ?, ?, wanted.key, {now}, wanted.value
            FROM wanted LEFT JOIN rows USING (key) WHERE {now} IS NOT wanted.value ORDER BY wanted.key""",
        (edit, field),
    )
    return planned.rowcount


def plan_labels(db: sqlite3.Connection, edit: int, after: Iterable[StoredLabel]) -> None:
    """Add to an edit: these labels become as given."""
    before = labels(db)
    db.executemany(
        "INSERT INTO label_changes VALUES (?, ?, ?, ?)",
        [(edit, label.id, _json(before.get(label.id)), _json(label)) for label in after],
    )


def rows_planned(db: sqlite3.Connection, edit: int) -> int:
    """Rows that an edit changes."""
    return int(db.execute("SELECT count(DISTINCT key) FROM row_changes WHERE edit = ?", (edit,)).fetchone()[0])


def finish(db: sqlite3.Connection, edit: int, rows: int, text: str) -> Edit:
    """Carry out what was planned, and say it in words; rows: how many it changes."""
    shown = text if len(text) <= _MAX_TEXT else f"{text[: _MAX_TEXT - 1]}…"
    db.execute("UPDATE edits SET text = ?, rows = ? WHERE id = ?", (shown, rows, edit))
    _carry_out(db, edit, 1)
    return _edit(db.execute(f"{_EDITS} WHERE id = ?", (edit,)).fetchone())


def step_back(db: sqlite3.Connection) -> Edit | None:
    """Undo the latest edit in force."""
    return _step(db, "SELECT max(id) FROM edits WHERE state = 'applied'", "undone", -1)


def step_forward(db: sqlite3.Connection) -> Edit | None:
    """Redo the edit undone last."""
    return _step(db, "SELECT min(id) FROM edits WHERE state = 'undone'", "applied", 1)


def learn(db: sqlite3.Connection, fresh: Iterable[StoredLabel]) -> None:
    """Add labels that came with the source: not an edit, and there at every version; a new journal stays at 0."""
    first = next_label_id(db) == 0
    db.executemany("INSERT INTO labels VALUES (?, ?)", [(label.id, _json(label)) for label in fresh])
    if not first:
        _log(db, None, 0, True)


def _step(db: sqlite3.Connection, query: str, state: str, direction: int) -> Edit | None:
    edit = db.execute(query).fetchone()[0]
    if edit is None:
        return None
    db.execute("UPDATE edits SET state = ? WHERE id = ?", (state, edit))
    _carry_out(db, edit, direction)
    return _edit(db.execute(f"{_EDITS} WHERE id = ?", (edit,)).fetchone())


def _carry_out(db: sqlite3.Connection, edit: int, direction: int) -> None:
    value = "after" if direction > 0 else "before"
    changed = db.execute(f"SELECT label, {value} FROM label_changes WHERE edit = ?", (edit,)).fetchall()
    now = _log(db, edit, direction, bool(changed))
    db.executemany("DELETE FROM labels WHERE id = ?", [(number,) for number, _ in changed])
    db.executemany("INSERT INTO labels VALUES (?, ?)", [pair for pair in changed if pair[1] is not None])
    for field in FIELDS:
        db.execute(
            f"""INSERT INTO rows (key, {field}, version)
                SELECT key, {value}, :now FROM row_changes WHERE edit = :edit AND field = :field
                ON CONFLICT (key) DO UPDATE SET {field} = excluded.{field}, version = :now""",
            {"now": now, "edit": edit, "field": field},
        )


def _log(db: sqlite3.Connection, edit: int | None, direction: int, labels_changed: bool) -> int:
    now = version(db) + 1
    db.execute("INSERT INTO log VALUES (?, ?, ?, ?)", (now, edit, direction, labels_changed))
    return now


def _edit(record: tuple[Any, ...]) -> Edit:
    key = record[-1]
    values = (*record[:-1], None if key is None else key & 0xFFFFFFFFFFFFFFFF)
    return Edit(*values)


def _json(label: StoredLabel | None) -> str | None:
    return None if label is None else msgspec.json.encode(label).decode()
