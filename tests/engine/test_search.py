"""A search: its trials are real runs, it keeps to its time, can be stopped and taken up, and leaves only its table."""

import time
from typing import Any

import pytest

from tlworkbench.engine import search
from tlworkbench.engine.context import JobContext
from tlworkbench.errors import UserError
from tlworkbench.jobs.events import Evaluated, Event, Finished, Note, Trial
from tlworkbench.jobs.folder import JobFolder
from tlworkbench.jobs.follow import EventTail, read_run
from tlworkbench.jobs.spec import SearchSpec


class _StoppedAfter(JobContext):
    def __init__(self, job: JobFolder, trials: int) -> None:
        super().__init__(job)
        self._left = trials

    def emit(self, event: Event) -> None:
        super().emit(event)
        self._left -= isinstance(event, Trial)
        self.stop_requested = self._left <= 0


def searched(trials: Any, job: JobFolder, stop_after: int = 100) -> Finished:
    context = _StoppedAfter(job, stop_after)
    finished = search.run(context, job.spec())  # type: ignore[arg-type]
    context.finish(finished)
    return finished


def of_kind(job: JobFolder, kind: type[Any]) -> list[Any]:
    return [event for event in EventTail(job.events_file).read() if isinstance(event, kind)]


def test_trials_are_real_runs_and_nothing_is_left_but_their_table(trials: Any) -> None:
    spec = SearchSpec(run=trials.spec(class_weights="auto"), learning_rates=(7e-3, 1e-4), epochs=(1.0, 2.0))
    job = trials.job(spec)
    finished = searched(trials, job)
    result = finished.result
    assert finished.status == "done" and finished.what.startswith("7e-3 × 2 epochs does best: macro-F1 ")
    told = [(trial["learning_rate"], trial["epochs"]) for trial in result["trials"]]
    assert told == [(7e-3, 1.0), (1e-4, 1.0), (7e-3, 2.0)]
    assert result["words"] == "tried 2 rates for 1 epoch, the best one for 2 epochs" and not result["out_of_time"]
    assert (result["best"]["learning_rate"], result["best"]["epochs"]) == (7e-3, 2.0)
    assert sorted(path.name for path in job.path.iterdir()) == [
        "events.jsonl",
        "job.toml",
        "started.json",
        "state.json",
    ]
    assert len(read_run(job).trials) == 3
    notes = [note.text for note in of_kind(job, Note)]
    assert sorted(notes) == sorted(set(notes))

    # The run that is then started has the very figures the search told of.
    run = trials.job(trials.spec(class_weights="auto", learning_rate=7e-3, epochs=2.0, baseline=False))
    trials.train(run)
    last = of_kind(run, Evaluated)[-1]
    assert (last.loss, last.macro_f1) == (result["best"]["loss"], result["best"]["macro_f1"])


def test_a_search_that_was_stopped_goes_on_behind_its_trials(trials: Any) -> None:
    spec = SearchSpec(run=trials.spec(), learning_rates=(7e-3, 1e-4), epochs=(0.5, 1.0))
    job = trials.job(spec)
    first = searched(trials, job, stop_after=1)
    assert first.status == "stopped" and first.what.startswith("stopped after 1 of 3 trials")
    second = searched(trials, job)
    assert second.status == "done" and len(of_kind(job, Trial)) == len(second.result["trials"]) == 3
    whole = trials.job(spec)
    searched(trials, whole)
    figures = [
        [(trial.learning_rate, trial.epochs, trial.loss) for trial in of_kind(one, Trial)] for one in (job, whole)
    ]
    assert figures[0] == figures[1]


def test_no_trial_is_begun_that_would_not_end_in_time(trials: Any) -> None:
    job = trials.job(SearchSpec(run=trials.spec(), learning_rates=(7e-3, 1e-3), epochs=(0.5, 1.0), minutes=10))
    context = JobContext(job)
    # As if the first one had taken nearly all the time there was.
    context.emit(Trial(learning_rate=7e-3, epochs=0.5, macro_f1=0.5, accuracy=0.5, seconds=500, fixed=10))
    finished = searched(trials, job)
    assert finished.status == "done" and finished.result["out_of_time"]
    assert (
        finished.result["words"]
        == "tried 1 rate for 0.5 epochs; left for lack of time: 1 for 0.5 epochs, 1 for 1 epoch"
    )


def test_a_trial_that_would_take_too_long_is_given_up_and_tells_what_would_fit(
    trials: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tlworkbench.engine.short_run._SURE_SECONDS", 0.0)
    began = time.monotonic()
    job = trials.job(SearchSpec(run=trials.spec(), epochs=(500.0,), minutes=0.1))
    with pytest.raises(
        UserError, match=r"500 epochs on 120 rows would take .* no trial fits into 0.1 minutes"
    ) as raised:
        searched(trials, job)
    assert "max_train_rows" in raised.value.hint
    assert time.monotonic() - began < 60 and not job.checkpoints_dir.exists()


def test_rates_that_are_too_high_are_lost_and_the_others_go_on(trials: Any) -> None:
    job = trials.job(SearchSpec(run=trials.spec(max_grad_norm=0.0), learning_rates=(1e30, 7e-3), epochs=(1.0, 2.0)))
    finished = searched(trials, job)
    table = [(trial["learning_rate"], trial["epochs"], bool(trial["lost"])) for trial in finished.result["trials"]]
    assert table == [(1e30, 1.0, True), (7e-3, 1.0, False), (7e-3, 2.0, False)]


def test_the_head_has_nothing_to_search(trials: Any) -> None:
    with pytest.raises(UserError, match="neither learning rate nor epochs"):
        searched(trials, trials.job(SearchSpec(run=trials.spec(strategy="head"))))


def test_adapters_are_measured_as_the_run_measures_them(trials: Any) -> None:
    settings = {"strategy": "lora", "learning_rate": 7e-3, "epochs": 1.0, "baseline": False}
    job = trials.job(SearchSpec(run=trials.spec(**settings), learning_rates=(7e-3,), epochs=(1.0,)))
    told = searched(trials, job).result["best"]
    run = trials.job(trials.spec(**settings))
    trials.train(run)
    assert of_kind(run, Evaluated)[-1].loss == told["loss"]
