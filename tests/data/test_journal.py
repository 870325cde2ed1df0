"""The journal from one program's side: edits, undo, label sets, versions."""

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tlworkbench.data.journal import Journal
from tlworkbench.data.label_set import MAX_LABELS
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


def test_keys_go_from_1_to_9_then_0_then_there_are_none(tmp_path: Path) -> None:
    with Journal.open(tmp_path / "labels.sqlite", [f"l{number}" for number in range(12)]) as journal:
        assert "".join(label.shortcut or "-" for label in journal.label_set().labels) == "1234567890--"


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


def test_ratings_become_three_classes_in_one_edit_without_touching_rows(journal: Journal) -> None:
    journal.set_label([1], 1)
    version = journal.version
    edit = journal.map_labels({"1": "negative", "2": "negative", "3": "neutral", "4": "positive", "5": "positive"})
    assert edit is not None
    assert edit.text == "1, 2 → negative; 3 → neutral; 4, 5 → positive"
    assert shown(journal) == [("negative", "1"), ("neutral", "3"), ("positive", "4")]
    assert journal.label_set().resolve.tolist() == [0, 0, 2, 3, 3, -1]
    assert journal.version == version + 1
    assert journal.overrides(since=version) == []
    assert journal.undo() is not None
    assert journal.label_set().names == ("1", "2", "3", "4", "5")


def test_a_map_merges_into_a_label_that_stays_and_drops_to_nothing(journal: Journal) -> None:
    journal.map_labels({"4": "5", "1": ""})
    assert journal.label_set().names == ("2", "3", "5")
    assert journal.label_set().resolve.tolist() == [-1, 1, 2, 4, 4, -1]
    journal.map_labels({"5": ""})
    assert journal.label_set().resolve.tolist() == [-1, 1, 2, -1, -1, -1]
    journal.undo()
    journal.undo()
    assert journal.label_set().resolve.tolist() == [0, 1, 2, 3, 4, -1]


def test_swaps_and_rings_of_names_work(journal: Journal) -> None:
    journal.map_labels({"1": "2", "2": "1"})
    assert journal.label_set().names == ("2", "1", "3", "4", "5")
    assert journal.label_set().index("1") == 1
    journal.map_labels({"3": "4", "4": "5", "5": "3"})
    assert journal.label_set().names == ("2", "1", "4", "5", "3")
    journal.map_labels({"2": "1", "1": "x"})
    assert journal.label_set().names == ("1", "x", "4", "5", "3")
    assert journal.label_set().resolve.tolist() == [0, 1, 2, 3, 4, -1]


@pytest.mark.parametrize(
    ("mapping", "why"),
    [
        ({"6": "x"}, "no label '6'"),
        ({"1": "x" * 65}, "too long"),
        ({"1": "a\x07b"}, "control"),
        ({"1": "x", " 1": "y"}, "twice"),
    ],
)
def test_maps_that_are_refused_change_nothing(journal: Journal, mapping: dict[str, str], why: str) -> None:
    with pytest.raises(UserError, match=why):
        journal.map_labels({"2": "fine", **mapping})
    assert journal.label_set().names == ("1", "2", "3", "4", "5")
    assert (journal.version, journal.edits()) == (0, [])


def test_labels_are_added_at_the_end_on_the_first_free_key(journal: Journal) -> None:
    journal.map_labels({"2": "1"})
    edit = journal.add_label(" spam ")
    assert edit is not None and (edit.text, edit.kind, edit.rows, edit.key) == ("added spam", "labels", 0, None)
    assert shown(journal)[-1] == ("spam", "2")
    with pytest.raises(UserError, match="'spam' is there already"):
        journal.add_label("spam")
    with pytest.raises(UserError, match="can't be empty"):
        journal.add_label("  ")


def test_the_id_of_a_label_that_was_taken_back_is_never_given_again(journal: Journal) -> None:
    journal.add_label("spam")
    journal.undo()
    assert journal.label_set().resolve.tolist() == [0, 1, 2, 3, 4, -1]
    journal.add_label("ham")
    assert journal.label_set().index("ham") == 6
    assert journal.label_set().resolve.tolist() == [0, 1, 2, 3, 4, -1, 6, -1]


def test_keys_stay_with_their_labels_when_the_set_is_reordered(journal: Journal) -> None:
    journal.reorder(["5", "3"])
    assert shown(journal) == [("5", "5"), ("3", "3"), ("1", "1"), ("2", "2"), ("4", "4")]
    with pytest.raises(UserError, match="twice"):
        journal.reorder(["1", "1"])
    with pytest.raises(UserError, match="no label"):
        journal.reorder(["nope"])
    journal.undo()
    assert journal.label_set().names == ("1", "2", "3", "4", "5")


def test_a_key_that_is_taken_is_exchanged(journal: Journal) -> None:
    journal.set_shortcut("1", "3")
    assert shown(journal)[:3] == [("1", "3"), ("2", "2"), ("3", "1")]
    journal.set_shortcut("1", "")
    assert shown(journal)[0] == ("1", "")
    journal.set_shortcut("1", "9")
    assert shown(journal)[0] == ("1", "9")
    for key in ("a", "12"):
        with pytest.raises(UserError, match="can't be a label's key"):
            journal.set_shortcut("1", key)


def test_labelling_with_a_merged_label_means_its_target_and_a_dropped_one_is_refused(journal: Journal) -> None:
    journal.map_labels({"1": "2", "3": ""})
    edit = journal.set_label([1], 0)
    assert edit is not None and edit.text == "1 row → 2"
    assert labels(journal) == {1: 1}
    for gone in (2, 99, -2):
        with pytest.raises(UserError, match="no label number"):
            journal.set_label([1], gone)
    assert journal.edit_count == 2


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


def test_a_reimport_appends_new_classes_and_leaves_known_ones_alone(tmp_path: Path) -> None:
    path = tmp_path / "labels.sqlite"
    with Journal.open(path, ("b", "d")) as journal:
        journal.add_label("mine")
        journal.map_labels({"b": "B"})
        journal.undo()
        ids_before = journal.source_ids(("b", "d")).tolist()
        with Journal.open(path, ("a", "b", "c", "d")) as again:
            assert again.version == 4 and journal.version == 4
            assert again.source_ids(("a", "b", "c", "d")).tolist() == [3, 0, 4, 1, -1]
        assert journal.label_set().names == ("b", "d", "mine", "a", "c")
        assert ids_before == [0, 1, -1]
        assert journal.state_at(1)[0].names == ("b", "d", "mine", "a", "c")
        assert journal.redo() is not None, "a re-import is no edit"
        assert journal.label_set().names == ("B", "d", "mine", "a", "c")
        with pytest.raises(UserError, match="does not know the source's label 'z'"):
            journal.source_ids(("z",))
    with Journal.open(path, ("b",)) as journal:
        assert journal.version == 5


def test_a_class_whose_name_a_label_of_the_users_has_stays_apart_until_merged(tmp_path: Path) -> None:
    path = tmp_path / "labels.sqlite"
    with Journal.open(path, ("ham",)) as journal:
        journal.add_label("spam")
    with Journal.open(path, ("ham", "spam")) as journal:
        assert journal.label_set().names == ("ham", "spam", "spam (2)")
        journal.map_labels({"spam (2)": "spam"})
        assert journal.label_set().names == ("ham", "spam")
        assert journal.label_set().active(int(journal.source_ids(("spam",))[0])) == 1


def test_odd_values_of_a_source_get_names_and_too_many_are_refused(tmp_path: Path) -> None:
    with Journal.open(tmp_path / "odd.sqlite", ("", "a\nb", "a b", "x" * 99)) as journal:
        assert journal.label_set().names == ("(empty)", "a b", "a b (2)", "x" * 63 + "…")
    with pytest.raises(UserError, match="too many"):
        Journal.open(tmp_path / "many.sqlite", [str(number) for number in range(MAX_LABELS + 1)])


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
    began = time.perf_counter()
    for _ in range(200):
        assert journal.version == 1
    assert (time.perf_counter() - began) / 200 < 0.001
