"""The journal from one program's side: edits, undo, imports, versions."""

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tlworkbench.data.journal import Journal
from tlworkbench.data.row_edits import RowEdit
from tlworkbench.errors import UserError

HIGH = 0xFFFF_FFFF_FFFF_FFFE
"""A key that SQLite's signed integers can hold only as a negative number."""


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal.open(tmp_path / "labels.sqlite", ("1", "2", "3", "4", "5"), who="ann@here") as journal:
        yield journal


def shown(journal: Journal) -> list[tuple[str, str]]:
    return [(label.name, label.shortcut) for label in journal.label_set().labels]


def labels(journal: Journal) -> dict[int, int | None]:
    return {row.key: row.label for row in journal.overrides() if row.label is not None}


def test_a_new_journal_has_the_sources_labels_and_no_edits(journal: Journal) -> None:
    assert shown(journal) == [("1", "1"), ("2", "2"), ("3", "3"), ("4", "4"), ("5", "5")]
    assert [label.id for label in journal.label_set().labels] == [0, 1, 2, 3, 4]
    assert (journal.version, journal.edit_count, journal.edits(), journal.overrides()) == (0, 0, [], [])
    assert journal.undo() is None and journal.redo() is None
    assert journal.version == 0


def test_an_edit_is_kept_with_who_when_and_means(journal: Journal, tmp_path: Path) -> None:
    before = time.time()
    edit = journal.set_label([7, HIGH], 2, means="bulk")
    assert edit is not None
    assert (edit.text, edit.who, edit.means, edit.kind, edit.rows) == ("2 rows → 3", "ann@here", "bulk", "label", 2)
    assert edit.state == "applied" and before <= edit.at <= time.time() and edit.key in (7, HIGH)
    journal.close()
    with Journal.open(tmp_path / "labels.sqlite") as again:
        assert again.edits() == [edit]
        assert sorted(row.key for row in again.overrides()) == [7, HIGH]
        assert again.overrides()[0] == RowEdit(again.overrides()[0].key, 2, False, False)
        assert (again.version, again.edit_count) == (1, 1)


def test_undo_and_redo_work_across_restarts_for_every_kind_of_edit(tmp_path: Path) -> None:
    path = tmp_path / "labels.sqlite"
    with Journal.open(path, ("a", "b")) as journal:
        journal.set_label([1], 1)
        journal.set_label(range(2, 40), 0, means="bulk")
        journal.set_excluded([1], True)
        journal.set_flagged([1, 2], True)
        journal.map_labels({"a": "b"})
        after = (journal.label_set(), journal.overrides())
    for _ in range(5):
        with Journal.open(path) as journal:
            undone = journal.undo()
            assert undone is not None and undone.state == "undone"
    with Journal.open(path) as journal:
        assert journal.undo() is None
        assert all(row == RowEdit(row.key, None, False, False) for row in journal.overrides())
        assert journal.label_set().names == ("a", "b")
        assert (journal.edit_count, journal.version) == (0, 10)
    for _ in range(5):
        with Journal.open(path) as journal:
            redone = journal.redo()
            assert redone is not None and redone.state == "applied"
    with Journal.open(path) as journal:
        assert journal.redo() is None
        assert (journal.label_set(), journal.overrides()) == after


def test_an_edit_after_undo_abandons_the_undone_ones_and_keeps_them(journal: Journal) -> None:
    journal.set_label([1], 0)
    journal.set_label([2], 0)
    journal.set_label([3], 0)
    journal.undo()
    journal.undo()
    journal.set_label([9], 4)
    assert [(edit.key, edit.state) for edit in journal.edits()] == [
        (9, "applied"),
        (3, "abandoned"),
        (2, "abandoned"),
        (1, "applied"),
    ]
    assert journal.redo() is None
    assert labels(journal) == {1: 0, 9: 4}
    assert journal.edit_count == 2
    assert [edit.key for edit in journal.edits(limit=1)] == [9]


def test_an_edit_that_changes_nothing_is_none_and_leaves_redo_alone(journal: Journal) -> None:
    journal.set_label([1], 0)
    journal.set_label([2], 0)
    journal.undo()
    version = journal.version
    assert journal.set_label([1], 0) is None
    assert journal.set_label([], 3) is None
    assert journal.set_excluded([1], False) is None
    assert journal.set_label([5], None) is None
    assert journal.map_labels({"1": "1"}) is None
    assert journal.reorder(["1", "2"]) is None
    assert journal.set_shortcut("1", "1") is None
    assert journal.import_rows("x.csv", {"1": [1]}, {}, {False: [1]}) is None
    assert journal.version == version
    assert journal.redo() is not None


def test_only_rows_that_change_are_counted_and_undone(journal: Journal) -> None:
    journal.set_label([1, 2], 0)
    journal.set_label([3], 1)
    edit = journal.set_label([1, 2, 3, 3], 1)
    assert edit is not None and edit.rows == 2
    journal.undo()
    assert labels(journal) == {1: 0, 2: 0, 3: 1}


def test_a_label_can_be_taken_away_and_the_sources_brought_back(journal: Journal) -> None:
    taken = journal.set_label([1], -1)
    assert taken is not None and taken.text == "1 row → no label"
    assert labels(journal) == {1: -1}
    back = journal.set_label([1], None)
    assert back is not None and back.text == "1 row → the source's label"
    assert labels(journal) == {}
    journal.undo()
    assert labels(journal) == {1: -1}


def test_overrides_since_a_version_are_the_rows_touched_after_it(journal: Journal) -> None:
    journal.set_label([1], 0)
    journal.set_label([2], 1)
    version = journal.version
    assert journal.overrides(version) == []
    journal.set_flagged([2], True)
    assert journal.overrides(version) == [RowEdit(2, 1, False, True)]
    journal.undo()
    assert journal.overrides(version) == [RowEdit(2, 1, False, False)]
    journal.undo()
    assert journal.overrides(version) == [RowEdit(2, None, False, False)]


def test_the_journal_can_be_read_as_it_stood_at_any_version(journal: Journal) -> None:
    journal.set_label([1, 2], 0)
    journal.map_labels({"1": "bad"})
    journal.set_label([2], 3)
    journal.undo()
    journal.set_excluded([2], True)
    assert journal.state_at(0)[1] == []
    assert journal.state_at(1)[0].names[0] == "1"
    assert journal.state_at(2)[0].names[0] == "bad"
    rows = [RowEdit(1, 0, False, False), RowEdit(2, 0, False, False)]
    assert journal.state_at(2)[1] == rows
    assert journal.state_at(3)[1][1] == RowEdit(2, 3, False, False)
    assert journal.state_at(4)[1] == rows
    assert journal.state_at(5)[1][1] == RowEdit(2, 0, True, False)
    for version in (-1, 6):
        with pytest.raises(UserError, match="no version"):
            journal.state_at(version)


def test_an_import_sets_labels_and_marks_and_adds_labels_in_one_edit(journal: Journal) -> None:
    edit = journal.import_rows("done.csv", {"2": [1, 2], "new": [3], "": [4]}, {True: [1]}, {False: [2], True: [5]})
    assert edit is not None
    assert (edit.text, edit.kind, edit.rows) == ("5 rows from done.csv; added new", "import", 5)
    assert labels(journal) == {1: 1, 2: 1, 3: 5, 4: -1}
    assert [row.key for row in journal.overrides() if row.excluded] == [1]
    assert [row.key for row in journal.overrides() if row.flagged] == [5]
    journal.undo()
    assert labels(journal) == {} and "new" not in journal.label_set().names
    assert not any(row.excluded or row.flagged for row in journal.overrides())
    journal.redo()
    assert labels(journal) == {1: 1, 2: 1, 3: 5, 4: -1} and journal.label_set().names[-1] == "new"


def test_fifty_thousand_rows_take_a_second_at_most(journal: Journal) -> None:
    keys = np.random.default_rng(1).integers(0, 2**64, 150_000, dtype=np.uint64)
    seconds = []
    # The best of three: another program may be busy meanwhile.
    for part in np.split(keys, 3):
        began = time.perf_counter()
        edit = journal.set_label(part, 2, means="bulk")
        seconds.append(time.perf_counter() - began)
        assert edit is not None and edit.rows == 50_000
    assert min(seconds) < 1.0
    assert set(labels(journal)) == set(keys.tolist())
    journal.undo()
    assert set(labels(journal)) == set(keys[:100_000].tolist())


def test_a_poll_of_the_version_is_cheap(journal: Journal) -> None:
    journal.set_label(range(5000), 1)
    began = time.thread_time()
    for _ in range(200):
        assert journal.version == 1
    assert (time.thread_time() - began) / 200 < 0.001
