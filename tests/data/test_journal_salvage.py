"""A damaged journal: what is left of it goes into a new one, and the damaged file is kept."""

import random
import sqlite3
from pathlib import Path

import pytest

from tlworkbench.data.journal import Journal
from tlworkbench.data.journal_salvage import salvage
from tlworkbench.errors import UserError

ROWS = range(1, 4001)


def edited(path: Path) -> None:
    """A journal of many pages: every row labelled, some twice, with marks, notes and a rename."""
    with Journal.open(path, ("a", "b", "c"), who="ann") as journal:
        for start in range(1, 4001, 400):
            journal.set_label(range(start, start + 400), start % 3)
        journal.set_excluded(range(1, 2000), True)
        for key in range(1, 40):
            journal.set_note(key, f"note {key} " * 20)
        journal.map_labels({"c": "see"})
        journal.set_flagged([5], True)
        journal.undo()


def page_of(path: Path, table: str) -> list[int]:
    """Numbers of the leaf pages of a table or index, in the file itself: its log is folded into it before."""
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        query = "SELECT pageno FROM dbstat WHERE name = ? AND pagetype = 'leaf' ORDER BY pageno"
        try:
            pages = [page for (page,) in database.execute(query, (table,))]
        except sqlite3.OperationalError:
            # An SQLite without that table: the root is as good.
            pages = [database.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (table,)).fetchone()[0]]
    database.close()
    return pages


def spoil(path: Path, pages: list[int]) -> None:
    content = bytearray(path.read_bytes())
    for page in pages:
        content[(page - 1) * 4096 : page * 4096] = b"\xa5" * 4096
    path.write_bytes(content)


def test_a_sound_journal_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "labels.sqlite"
    edited(path)
    before = path.read_bytes()
    assert salvage(path) is None
    assert path.read_bytes() == before and [file.name for file in tmp_path.iterdir()] == ["labels.sqlite"]


def test_rows_that_cannot_be_read_are_made_again_from_the_edits(tmp_path: Path) -> None:
    path = tmp_path / "labels.sqlite"
    edited(path)
    with Journal.open(path) as journal:
        expected = (journal.label_set(), journal.overrides(), journal.notes(), journal.edits(1000), journal.version)
    spoil(path, page_of(path, "rows")[1:4])
    damaged = path.read_bytes()
    with pytest.raises(UserError, match="is damaged") as raised, Journal.open(path) as journal:
        journal.overrides()
    assert "labels salvage" in raised.value.hint
    saved = salvage(path)
    assert saved is not None and saved.unreadable == ("rows",) and saved.rows == 4000
    assert Path(saved.kept).read_bytes() == damaged
    with Journal.open(path, ("a", "b", "c")) as journal:
        found = (journal.label_set(), journal.overrides(), journal.notes(), journal.edits(1000), journal.version)
        by_key = [sorted(each[1], key=lambda row: row.key) for each in (found, expected)]
        assert (found[0], *found[2:]) == (expected[0], *expected[2:]) and by_key[0] == by_key[1]
        while journal.undo():
            pass
        assert not any(row.label is not None or row.excluded for row in journal.overrides())


def test_a_damaged_index_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "labels.sqlite"
    edited(path)
    with Journal.open(path) as journal:
        expected = (journal.label_set(), journal.overrides(), journal.edits(1000))
    spoil(path, page_of(path, "row_changes_by_key") + page_of(path, "rows_by_version"))
    saved = salvage(path)
    assert saved is not None and saved.unreadable == () and saved.edits == len(expected[2])
    with Journal.open(path) as journal:
        assert (journal.label_set(), journal.overrides(), journal.edits(1000)) == expected


def test_an_edit_known_by_its_changes_alone_can_be_undone_and_keeps_its_number(tmp_path: Path) -> None:
    path = tmp_path / "labels.sqlite"
    edited(path)
    with sqlite3.connect(path) as database:
        newest = database.execute("SELECT max(id) FROM edits").fetchone()[0]
        # The flag, which was undone, and the rename before it.
        database.execute("DELETE FROM edits WHERE id >= ?", (newest - 1,))
    database.close()
    spoil(path, page_of(path, "rows_by_version"))
    assert salvage(path) is not None
    with Journal.open(path) as journal:
        lost = journal.edits(2)
        assert [(edit.id, edit.kind, edit.state) for edit in lost] == [
            (newest, "flagged", "abandoned"),
            (newest - 1, "labels", "applied"),
        ]
        assert journal.redo() is None and journal.label_set().names == ("a", "b", "see")
        made = journal.set_flagged([7], True)
        assert made is not None and made.id == newest + 1
        journal.undo()
        undone = journal.undo()
        assert undone is not None and undone.id == newest - 1 and journal.label_set().names == ("a", "b", "c")


@pytest.mark.parametrize("seed", range(8))
def test_whatever_is_damaged_the_new_journal_opens_and_can_be_edited(tmp_path: Path, seed: int) -> None:
    path = tmp_path / "labels.sqlite"
    edited(path)
    draw = random.Random(seed)
    last = path.stat().st_size // 4096
    spoil(path, draw.sample(range(2, last + 1), last // 4))
    try:
        saved = salvage(path)
    except UserError as error:
        assert "nothing can be read" in error.what
        return
    assert saved is not None and saved.unreadable
    with Journal.open(path, ("a", "b", "c")) as journal:
        assert journal.label_set().names
        assert {row.key for row in journal.overrides()} <= set(ROWS)
        assert journal.set_label([1], journal.label_set().labels[0].id, means="command") or journal.edit_count
        journal.undo()
    with sqlite3.connect(path) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    database.close()


def test_where_nothing_can_be_read_the_file_stays_and_it_is_said(tmp_path: Path) -> None:
    path = tmp_path / "labels.sqlite"
    path.write_bytes(b"no database at all, but long enough to be looked at" * 100)
    before = path.read_bytes()
    with pytest.raises(UserError, match="nothing can be read") as raised:
        salvage(path)
    assert "Move it away" in raised.value.hint
    assert path.read_bytes() == before and [file.name for file in tmp_path.iterdir()] == ["labels.sqlite"]
