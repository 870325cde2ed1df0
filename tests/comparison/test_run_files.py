"""Runs whose folders are damaged or incomplete: it is said, and the rest is compared."""

import pyarrow as pa
import pytest

from tests.made_runs import MakeRun
from tlworkbench.comparison.compare import Comparer, chosen_runs
from tlworkbench.errors import UserError
from tlworkbench.workspace import Workspace

DAMAGES = [
    ("job.toml", "spec"),
    ("run.json", "made"),
    ("examples.arrow", "rows"),
    ("predictions.arrow", "answers"),
]


@pytest.mark.parametrize("damage", [b"", b"nothing of the kind", None])
@pytest.mark.parametrize(("name", "part"), DAMAGES)
def test_what_is_damaged_is_said_and_the_rest_shown(
    dataset: Workspace, make_run: MakeRun, name: str, part: str, damage: bytes | None
) -> None:
    whole, broken = make_run(), make_run(wrong=(1,), epochs=2.0)
    if damage is None:
        (broken.path / name).unlink()
    else:
        (broken.path / name).write_bytes(damage)
    found = Comparer(dataset).compare([whole, broken])
    files = found.files[1]
    assert bool(files.problems) is (damage is not None or name == "job.toml")
    assert all(name in problem for problem in files.problems)
    there = {one: getattr(files, one) is not None for _, one in DAMAGES}
    assert there == {one: one != part for _, one in DAMAGES}
    (pair,) = found.pairs
    assert (pair.answers is None) == (part in ("rows", "answers")) and bool(pair.no_answers) == (pair.answers is None)
    assert [setting.name for setting in found.settings] == ([] if part == "spec" else ["epochs"])


def test_a_class_that_is_none_is_damage(dataset: Workspace, make_run: MakeRun) -> None:
    from tlworkbench.data.run_examples import LabelledKeys, RunExamples, read_examples, write_examples

    first, second = make_run(), make_run()
    read = read_examples(second.path)
    assert read is not None
    write_examples(
        second.path,
        RunExamples(("only one",), 0, read.train, LabelledKeys(read.train.keys[:0], read.train.classes[:0])),
    )
    found = Comparer(dataset).compare([first, second])
    assert "names a class" in found.files[1].problems[0] and found.files[1].rows is None


def test_an_answer_that_is_no_class_is_damage(dataset: Workspace, make_run: MakeRun) -> None:
    first, second = make_run(), make_run()
    names = pa.array(["bad", "good"])
    answers = pa.DictionaryArray.from_arrays(pa.array([0, 9], pa.int32()), names, safe=False)
    table = pa.table({"key": pa.array([1, 2], pa.uint64()), "class": answers, "answer": answers})
    with pa.ipc.new_file(str(second.path / "predictions.arrow"), table.schema) as writer:
        writer.write_table(table)
    files = Comparer(dataset).compare([first, second]).files[1]
    assert files.answers is None and "predictions.arrow is damaged" in files.problems[0]


def test_what_has_not_changed_is_read_once(
    dataset: Workspace, make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = make_run(), make_run()
    comparer = Comparer(dataset)
    before = comparer.compare([first, second])
    again = comparer.compare([first, second])
    assert again.files == before.files and again.pairs[0] is before.pairs[0]
    (second.path / "predictions.arrow").unlink()
    after = comparer.compare([first, second])
    assert after.files[0] is before.files[0] and after.pairs[0].answers is None


@pytest.mark.parametrize(
    ("runs", "what"),
    [(("1",), "only 0001 was named"), (("1", "0001"), "only 0001 was named"), (("1", "9"), "no train 9"),
     (tuple("1234567"), "too many")],
)  # fmt: skip
def test_what_can_not_be_compared(dataset: Workspace, make_run: MakeRun, runs: tuple[str, ...], what: str) -> None:
    make_run()
    with pytest.raises(UserError, match=what):
        chosen_runs(dataset.jobs_dir, runs)


def test_the_last_two_where_none_is_named(dataset: Workspace, make_run: MakeRun) -> None:
    with pytest.raises(UserError, match="there is no run yet"):
        chosen_runs(dataset.jobs_dir, ())
    made = [make_run() for _ in range(3)]
    assert chosen_runs(dataset.jobs_dir, ()) == made[1:]
