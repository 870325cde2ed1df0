"""Notes on rows, the history of a row, the rows labelled last, and what each costs in a long journal."""

import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tlworkbench.data.journal import Journal
from tlworkbench.data.row_edits import RowEdit
from tlworkbench.errors import UserError

HIGH = 0xFFFF_FFFF_FFFF_FFFE
"""A key that SQLite's signed integers can hold only as a negative number."""


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal.open(tmp_path / "labels.sqlite", ("a", "b", "c"), who="ann@here") as journal:
        yield journal


def test_a_note_is_put_on_changed_taken_off_and_every_step_undone(journal: Journal) -> None:
    made = journal.set_note(HIGH, "  ask Ann\n about 12 ")
    assert made is not None and (made.kind, made.means, made.rows, made.key) == ("note", "key", 1, HIGH)
    assert made.text == "1 row noted: ask Ann about 12"
    assert journal.notes() == {HIGH: "ask Ann\n about 12"} and journal.note(HIGH) == "ask Ann\n about 12"
    journal.set_note(HIGH, "42", means="command")
    assert journal.notes() == {HIGH: "42"}
    taken = journal.set_note(HIGH, " ")
    assert taken is not None and taken.text == "1 row without its note"
    assert journal.notes() == {} and journal.note(HIGH) == ""
    journal.undo()
    assert journal.notes() == {HIGH: "42"}
    journal.undo()
    assert journal.notes() == {HIGH: "ask Ann\n about 12"}
    journal.undo()
    assert journal.notes() == {} and journal.overrides() == [RowEdit(HIGH, None, False, False, False)]
    for _ in range(2):
        journal.redo()
    assert journal.notes() == {HIGH: "42"} and journal.overrides() == [RowEdit(HIGH, None, False, False, True)]


def test_the_same_note_again_is_no_edit_and_several_rows_may_have_it(journal: Journal) -> None:
    journal.set_note(1, "look again")
    assert journal.set_note(1, "look again ") is None
    assert journal.set_note(2, "") is None
    journal.set_note(2, "look again")
    journal.set_note(1, "")
    assert journal.notes() == {2: "look again"} and journal.edit_count == 3


def test_a_note_outlives_the_program_and_is_there_as_it_stood_at_any_version(tmp_path: Path, journal: Journal) -> None:
    journal.set_note(1, "first")
    journal.set_label([1], 2)
    journal.set_note(1, "")
    journal.close()
    with Journal.open(tmp_path / "labels.sqlite") as again:
        assert again.state_at(1)[1] == [RowEdit(1, None, False, False, True)]
        assert again.state_at(2)[1] == [RowEdit(1, 2, False, False, True)]
        assert again.state_at(3)[1] == [RowEdit(1, 2, False, False, False)]
        again.undo()
        assert again.notes() == {1: "first"}


def test_odd_characters_in_a_note_are_kept_or_left_out_and_too_long_ones_refused(journal: Journal) -> None:
    journal.set_note(1, "\x1b[31mred\x00\tü😀\ud83d'; DROP TABLE notes")
    assert journal.notes() == {1: "[31mred\tü😀\ufffd'; DROP TABLE notes"}
    with pytest.raises(UserError, match="2001 characters"):
        journal.set_note(1, "x" * 2001)
    assert journal.edit_count == 1


def test_an_import_brings_notes_in_its_one_edit(journal: Journal) -> None:
    edit = journal.import_rows("done.csv", {"b": [1]}, {}, {}, {"why?": [1, 2], "": [3]})
    assert edit is not None and edit.rows == 2
    assert journal.notes() == {1: "why?", 2: "why?"}
    journal.undo()
    assert journal.notes() == {}


def test_a_rows_history_has_every_change_newest_first(journal: Journal) -> None:
    began = time.time()
    journal.set_label([1, 2], 0, means="bulk")
    journal.set_label([1], 2)
    journal.set_flagged([1], True)
    journal.undo()
    journal.set_excluded([1], True, means="check")
    journal.set_note(1, "why?")
    journal.map_labels({"a": "bad"})
    journal.set_label([1], None)
    journal.undo()
    changes = journal.row_history(1)
    assert [(change.text, change.means, change.state) for change in changes] == [
        ("c → the source's label", "key", "undone"),
        ("note: why?", "key", "applied"),
        ("excluded", "check", "applied"),
        ("flagged", "key", "abandoned"),
        ("bad → c", "key", "applied"),
        ("the source's label → bad", "bulk", "applied"),
    ]
    assert [(change.field, change.before, change.after) for change in changes[:3]] == [
        ("label", 2, None),
        ("note", "", "why?"),
        ("excluded", False, True),
    ]
    assert {change.who for change in changes} == {"ann@here"} and began <= changes[-1].at <= time.time()
    assert [change.edit for change in changes] == [7, 5, 4, 3, 2, 1]
    assert journal.row_history(99) == []


def test_an_import_of_several_fields_is_several_lines_of_a_rows_history(journal: Journal) -> None:
    journal.set_label([HIGH], -1)
    journal.import_rows("x.csv", {"b": [HIGH]}, {True: [HIGH]}, {}, {"n": [HIGH]})
    lines = [(change.text, change.edit) for change in journal.row_history(HIGH)]
    assert lines == [("excluded", 2), ("no label → b", 2), ("note: n", 2), ("the source's label → no label", 1)]


def test_the_rows_labelled_last_come_once_each_without_undone_edits(journal: Journal) -> None:
    journal.set_label([1], 0)
    journal.set_label([HIGH], 1)
    journal.set_label([1], 2, means="suggestion")
    journal.set_flagged([5], True)
    journal.set_label([6], -1)
    journal.set_label([7], 0)
    journal.undo()
    rows = journal.recent_rows(10)
    assert [(row.key, row.label, row.means, row.edit) for row in rows] == [
        (6, -1, "key", 5),
        (1, 2, "suggestion", 3),
        (HIGH, 1, "key", 2),
    ]
    assert [row.key for row in journal.recent_rows(2)] == [6, 1]
    assert journal.recent_rows(0) == []
    journal.import_rows("x.csv", {"b": [9]}, {}, {})
    assert [(row.key, row.means) for row in journal.recent_rows(1)] == [(9, "import")]


def test_the_latest_are_the_rows_that_differ_from_the_source_last_changed_first(
    tmp_path: Path, journal: Journal
) -> None:
    assert journal.latest().tolist() == []
    journal.set_label([1], 0)
    journal.set_flagged([2], True)
    journal.set_note(3, "n")
    assert journal.latest().tolist() == [3, 2, 1]
    journal.set_excluded([1], True)
    assert journal.latest().tolist() == [1, 3, 2]
    with Journal.open(tmp_path / "labels.sqlite") as other:
        other.undo()
        other.undo()
        other.set_label([HIGH], 1)
        assert other.latest().tolist() == [HIGH, 1, 2]
    assert journal.latest().tolist() == [HIGH, 1, 2], "3 stands as in the source"


@pytest.fixture
def long_journal(tmp_path: Path) -> Iterator[Journal]:
    """100 000 edits of as many rows, written by hand: each by a key of its own would take minutes."""
    path = tmp_path / "labels.sqlite"
    Journal.open(path, ("a", "b")).close()
    count = range(1, 100_001)
    with sqlite3.connect(path) as database:
        key = 92_233_720_368_547
        edits = ((n, "ann", "key", "label", "1 row → a", 1, "applied") for n in count)
        database.executemany("INSERT INTO edits VALUES (?1, ?1, ?2, ?3, ?4, ?5, ?6, ?7)", edits)
        database.executemany("INSERT INTO row_changes VALUES (?, 'label', ?, NULL, 0)", ((n, n * key) for n in count))
        database.executemany("INSERT INTO log VALUES (?1, ?1, 1, 0)", ((n,) for n in count))
        database.executemany("INSERT INTO rows (key, label, version) VALUES (?, 0, ?)", ((n * key, n) for n in count))
    database.close()
    with Journal.open(path) as journal:
        assert journal.edit_count == 100_000
        yield journal


def fastest(call: Callable[[], object]) -> float:
    """Seconds of the fastest of five calls: another program may be busy meanwhile."""
    seconds = []
    for _ in range(5):
        began = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - began)
    return min(seconds)


def test_histories_are_quick_among_a_hundred_thousand_edits(long_journal: Journal) -> None:
    key = 50_000 * 92_233_720_368_547
    long_journal.set_note(key, "n")
    long_journal.set_flagged([key], True)
    assert [change.text for change in long_journal.row_history(key)] == ["flagged", "note: n", "the source's label → a"]
    assert len(long_journal.recent_rows(20)) == 20
    assert len(long_journal.latest()) == 100_000 and long_journal.latest()[0] == key

    def changed_once_more() -> None:
        long_journal.set_flagged([key], not long_journal.state(0).rows.flagged.any())

    changed_once_more()
    assert fastest(lambda: long_journal.row_history(key)) < 0.005
    assert fastest(lambda: long_journal.recent_rows(20)) < 0.005
    assert fastest(long_journal.notes) < 0.005
    assert fastest(long_journal.latest) < 0.005
