"""The learning rate finder: its curve, its suggestion, and that it touches nothing."""

from typing import Any

import numpy as np
import pytest

from tlworkbench.engine import lr_find
from tlworkbench.engine.context import JobContext
from tlworkbench.engine.lr_curve import diverged, lr_curve
from tlworkbench.errors import UserError
from tlworkbench.jobs.events import Event, Finished, Step
from tlworkbench.jobs.folder import JobFolder
from tlworkbench.jobs.follow import EventTail
from tlworkbench.jobs.spec import LrFindSpec

RATES = np.geomspace(1e-7, 1.0, 141)


class _StoppedAtStep(JobContext):
    def __init__(self, job: JobFolder, step: int) -> None:
        super().__init__(job)
        self._step = step

    def emit(self, event: Event) -> None:
        super().emit(event)
        self.stop_requested = self.stop_requested or (isinstance(event, Step) and event.step >= self._step)


def find(trials: Any, stop_at: int = 10_000, **settings: Any) -> tuple[JobFolder, Finished]:
    spec = LrFindSpec(run=trials.spec(learning_rate=0.5), **settings)
    job = trials.job(spec)
    context = _StoppedAtStep(job, stop_at)
    finished = lr_find.run(context, spec)
    context.finish(finished)
    return job, finished


def test_reads_a_curve_that_falls_and_diverges() -> None:
    falls = 1.0 - 0.8 / (1 + np.exp(-3 * (np.log10(RATES) + 4)))
    losses = (falls + np.clip(np.log10(RATES) + 2, 0, None) * 3).tolist()
    curve = lr_curve(RATES.tolist(), losses)
    # Smoothing comes some steps behind.
    assert curve.steepest is not None and 1e-4 <= curve.steepest < 1e-3
    assert 3e-3 < curve.lowest < 3e-2
    assert curve.suggestion == min(curve.steepest, curve.lowest / 10)
    ended = next(number for number in range(1, len(losses)) if diverged(losses[:number]))
    assert RATES[ended] > curve.lowest
    assert diverged([1.0, float("nan")]) and not diverged([1.0, 1.2])


def test_a_loss_that_only_rises_speaks_for_no_rate() -> None:
    assert lr_curve(RATES.tolist(), np.linspace(1, 3, len(RATES)).tolist()).suggestion is None


def test_suggests_a_rate_at_which_the_model_learns(trials: Any) -> None:
    job, finished = find(trials, steps=60)
    result = finished.result
    steps = [event for event in EventTail(job.events_file).read() if isinstance(event, Step)]
    assert finished.status == "done" and 1e-4 < result["suggestion"] < 1e-1
    assert [step.learning_rate for step in steps] == pytest.approx([rate for rate, _, _ in result["curve"]])
    assert steps[0].learning_rate == 1e-7
    assert steps[1].learning_rate == pytest.approx(1e-7 * 1e7 ** (1 / 59))
    assert sorted(path.name for path in job.path.iterdir() if path.is_dir()) == []
    run = trials.job(trials.spec(learning_rate=result["suggestion"], epochs=3))
    assert trials.train(run).result["best"]["macro_f1"] > 0.8


def test_can_be_stopped(trials: Any) -> None:
    _, finished = find(trials, stop_at=5, steps=60)
    assert finished.status == "stopped" and finished.what == "stopped after 5 of 60 rates"


def test_rates_that_do_not_rise_are_refused(trials: Any) -> None:
    with pytest.raises(UserError, match="is not above"):
        find(trials, lowest=1e-3, highest=1e-4)
