"""A journal of format 1, made by that format's own statements, is brought up to date and loses nothing."""

import hashlib
import sqlite3
from pathlib import Path

import pytest

from tests.data.test_journal_failures import bound_by_rights, no_file_longer_than
from tlworkbench.data.journal import Journal
from tlworkbench.data.journal_schema import FORMAT
from tlworkbench.data.row_edits import RowEdit
from tlworkbench.errors import UserError

FORMAT_1 = """
CREATE TABLE edits (
    id INTEGER PRIMARY KEY, at REAL NOT NULL, who TEXT NOT NULL, means TEXT NOT NULL, kind TEXT NOT NULL,
    text TEXT NOT NULL, rows INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('applied', 'undone', 'abandoned')));
CREATE INDEX edits_by_state ON edits (state, id);
CREATE TABLE row_changes (
    edit INTEGER NOT NULL REFERENCES edits, field TEXT NOT NULL, key INTEGER NOT NULL,
    before INTEGER, after INTEGER, PRIMARY KEY (edit, field, key)) WITHOUT ROWID;
CREATE TABLE label_changes (
    edit INTEGER NOT NULL REFERENCES edits, label INTEGER NOT NULL,
    before TEXT, after TEXT, PRIMARY KEY (edit, label)) WITHOUT ROWID;
CREATE TABLE log (
    version INTEGER PRIMARY KEY, edit INTEGER REFERENCES edits, direction INTEGER NOT NULL,
    labels INTEGER NOT NULL);
CREATE INDEX log_of_labels ON log (version) WHERE labels;
CREATE TABLE rows (
    key INTEGER PRIMARY KEY, label INTEGER, excluded INTEGER NOT NULL DEFAULT 0,
    flagged INTEGER NOT NULL DEFAULT 0, version INTEGER NOT NULL DEFAULT 0);
CREATE INDEX rows_by_version ON rows (version);
CREATE TABLE labels (id INTEGER PRIMARY KEY, label TEXT NOT NULL);
PRAGMA application_id = 1953265514;
PRAGMA user_version = 1;

INSERT INTO labels VALUES (0, '{"id":0,"name":"bad","position":0,"shortcut":"1","into":null,"source":"neg"}');
INSERT INTO labels VALUES (1, '{"id":1,"name":"pos","position":1,"shortcut":"2","into":null,"source":"pos"}');
INSERT INTO edits VALUES (1, 100.5, 'ann@here', 'key', 'label', '2 rows → pos', 2, 'applied');
INSERT INTO row_changes VALUES (1, 'label', 7, NULL, 1), (1, 'label', -2, NULL, 1);
INSERT INTO log VALUES (1, 1, 1, 0);
INSERT INTO edits VALUES (2, 101.5, 'ann@here', 'command', 'labels', 'neg → bad', 0, 'applied');
INSERT INTO label_changes VALUES (2, 0, '{"id":0,"name":"neg","position":0,"shortcut":"1","into":null,"source":"neg"}',
    '{"id":0,"name":"bad","position":0,"shortcut":"1","into":null,"source":"neg"}');
INSERT INTO log VALUES (2, 2, 1, 1);
INSERT INTO edits VALUES (3, 102.5, 'bob@there', 'key', 'flagged', '1 row flagged', 1, 'undone');
INSERT INTO row_changes VALUES (3, 'flagged', 7, 0, 1);
INSERT INTO log VALUES (3, 3, 1, 0), (4, 3, -1, 0);
INSERT INTO rows VALUES (7, 1, 0, 0, 4), (-2, 1, 0, 0, 1);
"""
HIGH = 0xFFFF_FFFF_FFFF_FFFE


def of_format_1(path: Path) -> None:
    """Make the file."""
    database = sqlite3.connect(path)
    database.executescript("PRAGMA journal_mode = WAL;" + FORMAT_1)
    database.close()


def number_of(path: Path) -> int:
    database = sqlite3.connect(path)
    found = int(database.execute("PRAGMA user_version").fetchone()[0])
    database.close()
    return found


def test_everything_is_there_after_the_upgrade_and_what_is_new_works_on_it(tmp_path: Path) -> None:
    path = tmp_path / "labels.sqlite"
    of_format_1(path)
    with Journal.open(path, ("neg", "pos")) as journal:
        assert number_of(path) == FORMAT
        assert (journal.version, journal.edit_count, journal.label_set().names) == (4, 2, ("bad", "pos"))
        assert sorted(journal.overrides(), key=lambda row: row.key) == [
            RowEdit(7, 1, False, False),
            RowEdit(HIGH, 1, False, False),
        ]
        assert [edit.text for edit in journal.edits()] == ["1 row flagged", "neg → bad", "2 rows → pos"]
        assert [(change.text, change.at, change.state) for change in journal.row_history(7)] == [
            ("flagged", 102.5, "undone"),
            ("the source's label → pos", 100.5, "applied"),
        ]
        assert sorted(row.key for row in journal.recent_rows(5)) == [7, HIGH]
        assert journal.latest().tolist() == [7, HIGH]
        assert journal.state_at(1)[0].names == ("neg", "pos")
        assert journal.redo() is not None
        assert journal.set_note(7, "new here") is not None
    with Journal.open(path) as journal:
        assert journal.notes() == {7: "new here"}
        for _ in range(4):
            assert journal.undo() is not None
        assert journal.undo() is None and journal.notes() == {}
        assert journal.label_set().names == ("neg", "pos")
        assert all(row == RowEdit(row.key, None, False, False) for row in journal.overrides())


def test_a_new_file_and_an_upgraded_one_have_the_same_tables(tmp_path: Path) -> None:
    of_format_1(tmp_path / "old.sqlite")
    found = []
    for name in ("old.sqlite", "new.sqlite"):
        Journal.open(tmp_path / name).close()
        database = sqlite3.connect(tmp_path / name)
        tables = [row[0] for row in database.execute("SELECT name FROM sqlite_schema WHERE sql NOT NULL ORDER BY name")]
        found.append(
            {table: database.execute(f"SELECT * FROM pragma_table_info('{table}')").fetchall() for table in tables}
        )
        database.close()
    assert found[0] == found[1]


def test_an_old_journal_in_a_read_only_folder_is_read_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "workspace" / "labels.sqlite"
    path.parent.mkdir()
    of_format_1(path)
    before = hashlib.sha256(path.read_bytes()).digest()
    with bound_by_rights(path) as ask:
        read_only, version, names, seen, said = ask()
    assert (read_only, version, names) == (True, 4, ["bad", "pos"])
    assert sorted(seen) == [[7, 1], [HIGH, 1]]
    assert said == f"{path} is read-only"
    assert hashlib.sha256(path.read_bytes()).digest() == before


def test_an_upgrade_that_the_disk_cannot_take_leaves_the_old_file_for_the_next_start(tmp_path: Path) -> None:
    path = tmp_path / "labels.sqlite"
    of_format_1(path)
    with no_file_longer_than(8000), pytest.raises(UserError, match="disk"):
        Journal.open(path)
    assert number_of(path) == 1
    with Journal.open(path) as journal:
        assert (journal.version, journal.edit_count, journal.label_set().names) == (4, 2, ("bad", "pos"))
