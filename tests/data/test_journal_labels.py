"""Edits of the label set: map, add, order, keys; and what a re-import brings."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tlworkbench.data.journal import Journal
from tlworkbench.data.label_set import MAX_LABELS
from tlworkbench.errors import UserError


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal.open(tmp_path / "labels.sqlite", ("1", "2", "3", "4", "5"), who="ann@here") as journal:
        yield journal


def shown(journal: Journal) -> list[tuple[str, str]]:
    return [(label.name, label.shortcut) for label in journal.label_set().labels]


def labels(journal: Journal) -> dict[int, int | None]:
    return {row.key: row.label for row in journal.overrides() if row.label is not None}


def test_keys_go_from_1_to_9_then_0_then_there_are_none(tmp_path: Path) -> None:
    with Journal.open(tmp_path / "labels.sqlite", [f"l{number}" for number in range(12)]) as journal:
        assert "".join(label.shortcut or "-" for label in journal.label_set().labels) == "1234567890--"


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
