"""Which rows came, went and were relabelled between two runs."""

from tests.made_runs import MakeRun
from tlworkbench.comparison.compare import Comparer
from tlworkbench.comparison.training_rows import RowChanges
from tlworkbench.comparison.words import pair_lines
from tlworkbench.jobs.folder import JobFolder
from tlworkbench.workspace import Workspace


def changes(dataset: Workspace, *jobs: JobFolder) -> RowChanges:
    found = Comparer(dataset).compare(jobs).pairs[-1].changes
    assert found is not None
    return found


def grouped(groups: tuple[object, ...]) -> dict[str, set[int]]:
    return {group.words: {int(key) for key in group.keys} for group in groups}  # type: ignore[attr-defined]


def edited(dataset: Workspace) -> dict[str, set[int]]:
    """Exclude two training rows, unlabel one, relabel three and one of validation; which they are."""
    keys = [int(key) for key in dataset.rows().keys]
    with dataset.journal() as journal:
        labels = journal.label_set()
        journal.set_excluded(keys[0:2], True)
        journal.set_label(keys[2:3], -1)
        journal.set_label([keys[3], keys[6], keys[12]], labels.index("so so"))
        journal.set_label(keys[4:5], labels.index("bad"))
    return {
        "excluded": set(keys[0:2]),
        "unlabelled": {keys[2]},
        "bad → so so": {keys[3], keys[6], keys[12]},
        "good → bad": {keys[4]},
    }


def test_same_rows(dataset: Workspace, make_run: MakeRun) -> None:
    found = changes(dataset, make_run(), make_run(epochs=1.0))
    assert found.none and found.shared == 12


def test_what_went_and_what_was_relabelled(dataset: Workspace, make_run: MakeRun) -> None:
    first, expected = make_run(), edited(dataset)
    found = changes(dataset, first, make_run())
    assert found.shared == 9 and found.added == ()
    assert grouped(found.removed) == {"excluded": expected["excluded"], "without a label": expected["unlabelled"]}
    kinds = {f"{one.before} → {one.after}": {int(key) for key in one.keys} for one in found.relabelled}
    assert kinds == {kind: rows for kind, rows in expected.items() if "→" in kind}
    assert [len(one.keys) for one in found.relabelled] == [3, 1]


def test_the_way_back(dataset: Workspace, make_run: MakeRun) -> None:
    first, expected = make_run(), edited(dataset)
    found = changes(dataset, make_run(), first)
    assert found.removed == ()
    assert grouped(found.added) == {"were excluded": expected["excluded"], "had no label": expected["unlabelled"]}
    assert [(one.before, one.after) for one in found.relabelled] == [("so so", "bad"), ("bad", "good")]


def test_rows_that_were_not_drawn(dataset: Workspace, make_run: MakeRun) -> None:
    everything, few = make_run(), make_run(max_train_rows=5)
    assert {word: len(keys) for word, keys in grouped(changes(dataset, everything, few).removed).items()} == {
        "not drawn": 7
    }
    assert {word: len(keys) for word, keys in grouped(changes(dataset, few, everything).added).items()} == {
        "were not drawn": 7
    }


def test_without_the_dataset_the_rows_are_told_all_the_same(dataset: Workspace, make_run: MakeRun) -> None:
    first, expected = make_run(), edited(dataset)
    second = make_run()
    dataset.rows_file.unlink()
    (pair,) = Comparer(dataset).compare([first, second]).pairs
    assert pair.changes is not None and pair.problems
    assert grouped(pair.changes.removed) == {"why can't be told": expected["excluded"] | expected["unlabelled"]}
    assert sum(len(one.keys) for one in pair.changes.relabelled) == 4


def test_a_journal_made_anew_is_told_of(dataset: Workspace, make_run: MakeRun) -> None:
    first, _ = make_run(), edited(dataset)
    second = make_run()
    for file in dataset.root.glob("labels.sqlite*"):
        file.unlink()
    (pair,) = Comparer(dataset).compare([first, second]).pairs
    assert any("version" in problem for problem in pair.problems) and pair.changes is not None
    assert len(pair.changes.relabelled) == 2


def test_another_journal_of_as_many_edits_is_not_taken_for_the_runs_own(dataset: Workspace, make_run: MakeRun) -> None:
    first = make_run()
    with dataset.journal() as journal:
        journal.set_label([int(dataset.rows().keys[0])], journal.label_set().index("good"))
    second = make_run()
    for file in dataset.root.glob("labels.sqlite*"):
        file.unlink()
    with dataset.journal() as journal:
        journal.reorder(["good", "bad", "so so"])
    assert [(one.before, one.after) for one in changes(dataset, first, second).relabelled] == [("bad", "good")]


def test_the_lines_that_are_told(dataset: Workspace, make_run: MakeRun) -> None:
    first = make_run(wrong=(3,))
    edited(dataset)
    (pair,) = Comparer(dataset).compare([first, make_run()]).pairs
    told = [(line.kind, line.words, len(line.keys)) for line in pair_lines(pair)]
    assert told == [
        ("heading", "0002 beside 0001", 0),
        ("doubt", "measured on the same 6 rows, 1 of them relabelled: their figures are not comparable", 0),
        ("sentence", "on the 6 shared rows by the later labels: macro-F1 .533 → 1.000, accuracy .667 → 1.000", 0),
        ("rows", "0002 right, 0001 wrong", 2),
        ("sentence", "0 to 2, p .500: this may well be chance", 0),
        ("sentence", "9 training rows in both", 0),
        ("rows", "relabelled bad → so so", 3),
        ("rows", "relabelled good → bad", 1),
        ("rows", "removed, excluded", 2),
        ("rows", "removed, without a label", 1),
    ]
