"""What can still be read of a damaged journal, put into a new one."""

import contextlib
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeAlias

import msgspec

from tlworkbench.data.journal_file import beside
from tlworkbench.data.journal_schema import FIELDS, prepare
from tlworkbench.data.label_set import DROPPED, StoredLabel
from tlworkbench.errors import UserError

Record: TypeAlias = dict[str, Any]
_KEYS = {
    "edits": ("id",),
    "labels": ("id",),
    "log": ("version",),
    "notes": ("id",),
    "label_changes": ("edit", "label"),
    "row_changes": ("edit", "field", "key"),
    "rows": ("key",),
}
"""Tables with their keys, in the order in which they are written."""


class Salvaged(msgspec.Struct, frozen=True):
    """What was saved."""

    edits: int
    rows: int
    """Rows whose label, marks or note are known again."""
    unreadable: tuple[str, ...]
    """Tables of which a part is lost."""
    kept: str
    """Where the damaged file is now."""


def salvage(path: Path) -> Salvaged | None:
    """Replace a damaged journal by a new one that holds all that can be read; None where it is not damaged.

    The damaged file is kept beside it. Rows that can't be read are made again from the edits, as far as those can.
    Raises UserError where nothing at all can be read; then the file is left as it is.
    """
    with tempfile.TemporaryDirectory(prefix="labels-", dir=path.parent) as name:
        copy, fresh = Path(name) / "damaged.sqlite", Path(name) / "labels.sqlite"
        for suffix in ("", "-wal"):
            if beside(path, suffix).exists():
                shutil.copyfile(beside(path, suffix), beside(copy, suffix))
        try:
            tables, unreadable = _read(copy)
        except sqlite3.Error as error:
            raise UserError(
                f"nothing can be read of {path}: {error}",
                f"Move it away (mv '{path}' '{path}.damaged') to begin with the source's labels.",
            ) from error
        if tables is None:
            return None
        rows = _rows(tables, whole="rows" not in unreadable)
        newest = max((step["version"] for step in tables["log"]), default=0)
        tables["rows"] = [row | {"version": min(row["version"], newest)} for row in rows]
        tables["labels"] = _labels(tables)
        tables["edits"] += _unknown_edits(tables)
        _write(fresh, tables)
        kept = path.with_name(f"{path.stem}.damaged-{int(time.time())}{path.suffix}")
        for suffix in ("", "-wal"):
            if beside(path, suffix).exists():
                beside(path, suffix).replace(beside(kept, suffix))
        beside(path, "-shm").unlink(missing_ok=True)
        fresh.replace(path)
    return Salvaged(len(tables["edits"]), len(rows), unreadable, str(kept))


def _read(copy: Path) -> tuple[dict[str, list[Record]] | None, tuple[str, ...]]:
    """The records of every table, and the tables of which a part is lost; None for a file without damage."""
    with contextlib.closing(sqlite3.connect(copy, isolation_level=None)) as db:
        db.text_factory = lambda content: content.decode("utf-8", "replace")
        db.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        with contextlib.suppress(sqlite3.DatabaseError):
            if db.execute("PRAGMA integrity_check(1)").fetchall() == [("ok",)]:
                return None, ()
        tables, unreadable = {}, []
        for table, key in _KEYS.items():
            tables[table], whole = _records(db, table, key)
            if not whole:
                unreadable.append(table)
    return tables, tuple(unreadable)


def _records(db: sqlite3.Connection, table: str, key: tuple[str, ...]) -> tuple[list[Record], bool]:
    """What can be read of a table, from its beginning and from its end; whether that is all."""
    found: dict[tuple[object, ...], Record] = {}
    with contextlib.suppress(sqlite3.Error):
        for record in _selected(db, table, key, ""):
            found[tuple(record[name] for name in key)] = record
        return list(found.values()), True
    with contextlib.suppress(sqlite3.Error):
        for record in _selected(db, table, key, " DESC"):
            found.setdefault(tuple(record[name] for name in key), record)
    return list(found.values()), False


def _selected(db: sqlite3.Connection, table: str, key: tuple[str, ...], direction: str) -> Iterator[Record]:
    order = ", ".join(f"{name}{direction}" for name in key)
    # Indices may be damaged too: the tables themselves are read, in the order in which they lie.
    cursor = db.execute(f"SELECT * FROM {table} NOT INDEXED ORDER BY {order}")
    names = [column[0] for column in cursor.description]
    for record in cursor:
        yield dict(zip(names, record, strict=True))


def _rows(tables: dict[str, list[Record]], whole: bool) -> list[Record]:
    """The rows as they stand; where their table is damaged, made from the edits with what can be read over them."""
    if whole:
        return tables["rows"]
    changes: dict[int, list[Record]] = {}
    for change in tables["row_changes"]:
        changes.setdefault(change["edit"], []).append(change)
    made: dict[int, Record] = {}
    for step in sorted(tables["log"], key=lambda step: int(step["version"])):
        for change in changes.get(step["edit"], []):
            empty: Record = {"key": change["key"], "label": None, **dict.fromkeys(FIELDS[1:], 0)}
            row = made.setdefault(change["key"], empty)
            row[change["field"]] = change["after"] if step["direction"] == 1 else change["before"]
            row["version"] = step["version"]
    return list((made | {row["key"]: row for row in tables["rows"]}).values())


def _labels(tables: dict[str, list[Record]]) -> list[Record]:
    """The labels; one that rows have and nothing is known of gets a name to be changed."""
    labels = {label["id"]: label["label"] for label in tables["labels"]}
    for change in sorted(tables["label_changes"], key=lambda change: int(change["edit"])):
        if change["label"] not in labels and change["after"] is not None:
            labels[change["label"]] = change["after"]
    used = {row["label"] for row in tables["rows"]} - {None, DROPPED}
    for number in sorted(used - set(labels)):
        unknown = StoredLabel(number, f"label {number}", number)
        labels[number] = msgspec.json.encode(unknown).decode()
    return [{"id": number, "label": label} for number, label in labels.items()]


def _unknown_edits(tables: dict[str, list[Record]]) -> list[Record]:
    """Edits of which only what they changed could be read: they can be undone, and no new one gets their number."""
    known = {edit["id"] for edit in tables["edits"]}
    rows: dict[int, set[int]] = {}
    kinds: dict[int, str] = {}
    for change in tables["row_changes"]:
        rows.setdefault(change["edit"], set()).add(change["key"])
        kinds[change["edit"]] = change["field"]
    sets = {change["edit"] for change in tables["label_changes"]}
    steps = sorted(tables["log"], key=lambda step: int(step["version"]))
    direction = {step["edit"]: step["direction"] for step in steps if step["edit"] is not None}
    return [
        {
            "id": number,
            "at": 0.0,
            "who": "",
            "means": "salvage",
            "kind": "import" if number in rows and number in sets else kinds.get(number, "labels"),
            "text": "an edit that could not be read",
            "rows": len(rows.get(number, ())),
            # One undone for good looks the same as one that can be made again: the safe guess is the former.
            "state": "applied" if direction.get(number, 1) == 1 else "abandoned",
        }
        for number in sorted((set(rows) | sets | set(direction)) - known)
    ]


def _write(path: Path, tables: dict[str, list[Record]]) -> None:
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as db:
        prepare(db, str(path))
        db.execute("BEGIN")
        for table in _KEYS:
            for record in tables[table]:
                names = ", ".join(record)
                places = ", ".join("?" * len(record))
                # A record that is garbage by itself breaks a rule of the tables and is left out.
                with contextlib.suppress(sqlite3.IntegrityError):
                    db.execute(f"INSERT INTO {table} ({names}) VALUES ({places})", tuple(record.values()))
        db.execute("COMMIT")
