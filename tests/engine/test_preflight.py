"""The trial before a run: time and memory of its longest batch, nothing trained."""

from typing import Any

import pytest

from tlworkbench.engine import preflight
from tlworkbench.engine.context import JobContext
from tlworkbench.errors import UserError
from tlworkbench.jobs.spec import PreflightSpec
from tlworkbench.preflight.facts import Facts


def tried(trials: Any, **changes: Any) -> Any:
    job = trials.job(PreflightSpec(run=trials.spec(**changes)))
    return job, preflight.run(JobContext(job), job.spec())


def test_a_trial_tells_time_and_memory_and_leaves_nothing(trials: Any) -> None:
    job, finished = tried(trials)
    told = Facts(model="").with_trial(finished.result).tried
    assert finished.status == "done" and told is not None
    # 45 steps and three validations of 30 rows, and whatever it took to get ready.
    assert told.seconds > 45 * told.step_seconds > 0
    assert told.peak_bytes > 0 and told.free_bytes > told.peak_bytes / 100
    assert (told.rows_at_once, told.precision, told.on_gpu) == (8, "fp32", False)
    assert "on this machine, peak" in finished.what
    assert not job.model_dir.exists() and not job.checkpoints_dir.exists()


def test_twice_the_epochs_take_about_twice_the_steps(trials: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from tlworkbench.engine import trial
    from tlworkbench.engine.run_record import Probe

    probe = Probe(rows=8, tokens=24, seconds=1.0, step_seconds=2.0, peak_bytes=10)
    monkeypatch.setattr(trial, "probe", lambda *given: probe)
    short, long = (tried(trials, epochs=epochs)[1].result["seconds"] for epochs in (1.0, 3.0))
    # 15 steps of 2 s an epoch, and a third of the time for each of 30 rows to validate on.
    assert long - short == pytest.approx(2 * (15 * 2 + 30 * 2 / 8 / 3), abs=3)


def test_it_refuses_what_the_run_refuses(empty_trials: Any) -> None:
    texts = [f"message number {number}" for number in range(20)]
    empty_trials.write({"train": (texts, ["good"] * 20), "validation": (texts, ["good"] * 20)})
    with pytest.raises(UserError, match="at least two classes"):
        tried(empty_trials)


def test_more_layers_frozen_than_there_are_is_found_out(trials: Any) -> None:
    with pytest.raises(UserError, match="freeze = 9"):
        tried(trials, freeze=9)
