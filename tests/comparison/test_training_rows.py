"""Which rows came, went and were relabelled between two runs."""

from tests.comparison.conftest import MakeRun
from tlworkbench.comparison.compare import Comparer
from tlworkbench.comparison.training_rows import RowChanges
from tlworkbench.comparison.words import pair_lines
from tlworkbench.jobs.folder import JobFolder
from tlworkbench.workspace import Workspace


def changes(workspace: Workspace, *jobs: JobFolder) -> RowChanges:
    found = Comparer(workspace).compare(jobs).pairs[-1].changes
    assert found is not None
    return found


def grouped(groups: tuple[object, ...]) -> dict[str, set[int]]:
    return {group.words: {int(key) for key in group.keys} for group in groups}  # type: ignore[attr-defined]


def edited(workspace: Workspace) -> dict[str, set[int]]:
    """Exclude two training rows, unlabel one, relabel three and one of validation; which they are."""
    keys = [int(key) for key in workspace.rows().keys]
    with workspace.journal() as journal:
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


def test_same_rows(workspace: Workspace, make_run: MakeRun) -> None:
    found = changes(workspace, make_run(), make_run(epochs=1.0))
    assert found.none and found.shared == 12


def test_what_went_and_what_was_relabelled(workspace: Workspace, make_run: MakeRun) -> None:
    first, expected = make_run(), edited(workspace)
    found = changes(workspace, first, make_run())
    assert found.shared == 9 and found.added == ()
    assert grouped(found.removed) == {"excluded": expected["excluded"], "without a label": expected["unlabelled"]}
    kinds = {f"{one.before} → {one.after}": {int(key) for key in one.keys} for one in found.relabelled}
    assert kinds == {kind: rows for kind, rows in expected.items() if "→" in kind}
    assert [len(one.keys) for one in found.relabelled] == [3, 1]


def test_the_way_back(workspace: Workspace, make_run: MakeRun) -> None:
    first, expected = make_run(), edited(workspace)
    found = changes(workspace, make_run(), first)
    assert found.removed == ()
    assert grouped(found.added) == {"were excluded": expected["excluded"], "had no label": expected["unlabelled"]}
    assert [(one.before, one.after) for one in found.relabelled] == [("so so", "bad"), ("bad", "good")]


def test_rows_that_were_not_drawn(workspace: Workspace, make_run: MakeRun) -> None:
    everything, few = make_run(), make_run(max_train_rows=5)
    assert {word: len(keys) for word, keys in grouped(changes(workspace, everything, few).removed).items()} == {
        "not drawn": 7
    }
    assert {word: len(keys) for word, keys in grouped(changes(workspace, few, everything).added).items()} == {
        "were not drawn": 7
    }


def test_without_the_dataset_the_rows_are_told_all_the_same(workspace: Workspace, make_run: MakeRun) -> None:
    first, expected = make_run(), edited(workspace)
    second = make_run()
    workspace.rows_file.unlink()
    (pair,) = Comparer(workspace).compare([first, second]).pairs
    assert pair.changes is not None and pair.problems
    assert grouped(pair.changes.removed) == {"why can't be told": expected["excluded"] | expected["unlabelled"]}
    assert sum(len(one.keys) for one in pair.changes.relabelled) == 4


def test_a_journal_made_anew_is_told_of(workspace: Workspace, make_run: MakeRun) -> None:
    first, _ = make_run(), edited(workspace)
    second = make_run()
    for file in workspace.root.glob("labels.sqlite*"):
        file.unlink()
    (pair,) = Comparer(workspace).compare([first, second]).pairs
    assert any("version" in problem for problem in pair.problems) and pair.changes is not None
    assert len(pair.changes.relabelled) == 2


def test_the_lines_that_are_told(workspace: Workspace, make_run: MakeRun) -> None:
    first = make_run(wrong=(3,))
    edited(workspace)
    (pair,) = Comparer(workspace).compare([first, make_run()]).pairs
    told = [(line.kind, line.words, len(line.keys)) for line in pair_lines(pair)]
    assert told == [
        ("heading", "0002 beside 0001", 0),
        ("doubt", "measured on the same 6 rows, 1 of them relabelled: the figures above are not comparable", 0),
        ("sentence", "on the 6 shared rows by the later labels: macro-F1 .533 → 1.000, accuracy .667 → 1.000", 0),
        ("rows", "0002 right, 0001 wrong", 2),
        ("sentence", "0 to 2, p .500: this may well be chance", 0),
        ("sentence", "9 training rows in both", 0),
        ("rows", "relabelled bad → so so", 3),
        ("rows", "relabelled good → bad", 1),
        ("rows", "removed, excluded", 2),
        ("rows", "removed, without a label", 1),
    ]
