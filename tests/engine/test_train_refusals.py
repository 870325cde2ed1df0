"""Rows nothing can be learned from, and models that can't be trained, are refused in plain words."""

import subprocess
import sys
from typing import Any

import pytest

from tlworkbench.errors import UserError
from tlworkbench.jobs.events import Note
from tlworkbench.jobs.folder import JobFolder
from tlworkbench.jobs.follow import EventTail

TEXTS = [f"message number {number}" for number in range(20)]
HALVES = ["good"] * 10 + ["bad"] * 10


def refused(trials: Any, **changes: Any) -> UserError:
    with pytest.raises(UserError) as caught:
        trials.train(trials.job(trials.spec(**changes)))
    assert caught.value.hint
    return caught.value


def warnings(job: JobFolder) -> list[str]:
    tail = EventTail(job.events_file).read()
    return [event.text for event in tail if isinstance(event, Note) and event.level == "warning"]


def test_a_workspace_without_rows(empty_trials: Any) -> None:
    assert "has no dataset yet" in refused(empty_trials).what


def test_no_training_rows(empty_trials: Any) -> None:
    empty_trials.write({"test": (TEXTS, HALVES)})
    assert "no training rows" in refused(empty_trials).what


def test_nothing_labelled(empty_trials: Any) -> None:
    empty_trials.write({"train": (TEXTS, [None] * 20), "validation": (TEXTS, HALVES)})
    error = refused(empty_trials)
    assert "none of the 20 training rows has a label" in error.what and "Label some" in error.hint


def test_a_source_ordered_by_class(empty_trials: Any) -> None:
    texts = [f"row {number}" for number in range(1000)]
    empty_trials.write({"train": (texts, ["negative"] * 1000), "validation": (TEXTS, HALVES)})
    error = refused(empty_trials)
    assert error.what == "all 1 000 training rows are 'negative': a classifier needs at least two classes"
    assert "train[:500]+train[-500:]" in error.hint


def test_a_draw_of_one_row(empty_trials: Any) -> None:
    empty_trials.write({"train": (TEXTS, HALVES)}, validation=0.3)
    assert "all 1 training row are" in refused(empty_trials, max_train_rows=1).what


def test_nothing_to_validate_on(empty_trials: Any) -> None:
    empty_trials.write({"train": (TEXTS, HALVES)}, validation=0.0)
    error = refused(empty_trials)
    assert "no labelled row is in the validation split" in error.what and "--split train" in error.hint
    empty_trials.write({"train": (TEXTS, HALVES)}, validation=0.3)
    rows = empty_trials.workspace.rows()
    keys = [int(key) for key, split in zip(rows.keys, rows.splits, strict=True) if rows.meta.splits[split] != "train"]
    empty_trials.workspace.journal(rows).set_excluded(keys, True, means="bulk")
    assert "--validation 0.3" in refused(empty_trials).hint


def test_a_refused_run_can_be_tried_again_once_the_rows_are_right(empty_trials: Any) -> None:
    empty_trials.write({"train": (TEXTS, ["good"] * 20), "validation": (TEXTS, HALVES)})
    job = empty_trials.job(empty_trials.spec(epochs=0.5))
    with pytest.raises(UserError):
        empty_trials.train(job)
    rows = empty_trials.workspace.rows()
    journal = empty_trials.workspace.journal(rows)
    bad = journal.label_set().index("bad")
    journal.set_label([int(key) for key in rows.keys[:8]], bad, means="bulk")
    assert empty_trials.train(job).status == "done"


def test_classes_that_are_missing_somewhere_are_told(empty_trials: Any) -> None:
    train = ["good", "bad", "rare"] * 6 + ["good", "bad"]
    validation = ["good", "bad", "new"] * 6 + ["good", "bad"]
    empty_trials.write({"train": (TEXTS, train), "validation": (TEXTS, validation)})
    empty_trials.workspace.journal().add_label("unused")
    job = empty_trials.job(empty_trials.spec(epochs=0.4))
    result = empty_trials.train(job).result
    assert any("'rare' has 6 training rows but none in validation" in text for text in warnings(job))
    assert any("'new' has 6 validation rows but no training rows" in text for text in warnings(job))
    told = [event.text for event in EventTail(job.events_file).read() if isinstance(event, Note)]
    assert any("'unused' has no rows yet" in text for text in told)
    assert set(result["classes"]) == {"good", "bad", "rare", "new", "unused"}


def test_rows_that_went_away_while_the_run_was_stopped(trials: Any) -> None:
    job = trials.job(trials.spec())
    trials.train(job, lambda event: True)
    trials.write({"train": (TEXTS, HALVES)}, validation=0.3)
    with pytest.raises(UserError, match="no longer in the dataset"):
        trials.train(job)


def test_refusals_need_no_torch(empty_trials: Any) -> None:
    empty_trials.write({"train": (TEXTS, ["good"] * 20), "validation": (TEXTS, HALVES)})
    job = empty_trials.job(empty_trials.spec())
    code = (
        "import sys, tlworkbench.engine.__main__ as engine\n"
        "status = engine.main(sys.argv[1])\n"
        "print(status, 'torch' in sys.modules, 'transformers' in sys.modules)"
    )
    child = subprocess.run([sys.executable, "-c", code, str(job.path)], capture_output=True, text=True, timeout=60)
    assert child.stdout.split() == ["1", "False", "False"], child.stderr
    assert job.state().status == "failed" and "at least two classes" in job.state().what
