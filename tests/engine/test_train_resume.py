"""A run that was stopped, killed or found its checkpoint damaged ends in the weights it would have ended in."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tlworkbench.engine.sampler import LengthGroupedSampler
from tlworkbench.jobs.events import Evaluated, Event, Note, Progress, Step, TrainingBegan
from tlworkbench.jobs.folder import JobFolder
from tlworkbench.jobs.follow import EventTail, read_run
from tlworkbench.jobs.launch import launch, reap

DEADLINE = 120.0
# The metric stays where it is: the run ends by patience, whose count has to survive the stops too.
SETTINGS = {"epochs": 9, "batch_size": 4, "learning_rate": 1e-3, "metric": "accuracy", "early_stopping": 3}


def weights(job: JobFolder) -> bytes:
    return (job.model_dir / "model.safetensors").read_bytes()


def outcome(job: JobFolder) -> tuple[Any, ...]:
    """What has to be equal, however often the run was interrupted."""
    state = read_run(job)
    result = state.result or {}
    evaluations = [(done.step, done.loss, done.macro_f1, done.best) for done in state.evaluations]
    return weights(job), result.get("best"), result.get("steps"), evaluations


def at_step(number: int) -> Callable[[Event], bool]:
    return lambda event: isinstance(event, Step) and event.step >= number


@pytest.mark.usefixtures("every_step_told")
def test_stopped_anywhere_and_resumed_it_ends_bit_equal(noisy: Any) -> None:
    settings = {**SETTINGS, "batch_size": 8}
    whole = noisy.job(noisy.spec(**settings))
    noisy.train(whole)
    parts = noisy.job(noisy.spec(**settings))
    # In the middle of epochs, at the last step of one, and while it is measured.
    for stop_when in (
        at_step(4),
        at_step(22),
        at_step(29),
        lambda event: isinstance(event, Evaluated) and event.step == 45,
    ):
        finished = noisy.train(parts, stop_when)
        assert finished.status == "stopped", finished.what
    assert noisy.train(parts).status == "done"
    began = [event.first_step for event in EventTail(parts.events_file).read() if isinstance(event, TrainingBegan)]
    # A step is told once it is over, so the wish to stop is heard at the end of the next one.
    assert began == [0, 5, 23, 30, 45]
    assert outcome(parts) == outcome(whole)
    assert read_run(whole).result["steps"] < 9 * 15  # type: ignore[index]


@pytest.mark.usefixtures("every_step_told")
def test_a_stop_before_anything_is_measured_leaves_a_checkpoint_and_no_model(noisy: Any) -> None:
    job = noisy.job(noisy.spec())
    finished = noisy.train(job, at_step(3))
    assert finished.status == "stopped" and "step 4 of 45" in finished.what
    assert finished.result["steps"] == 4 and finished.result["best"] == {}
    assert (job.checkpoints_dir / "checkpoint-4").is_dir() and not job.model_dir.exists()


@pytest.mark.usefixtures("every_step_told")
def test_a_stopped_run_leaves_its_best_weights_as_its_model(trials: Any) -> None:
    job = trials.job(trials.spec())
    finished = trials.train(job, at_step(20))
    assert finished.result["best"]["step"] == 15 and (job.model_dir / "config.json").is_file()


def test_a_stop_while_the_texts_are_made_ready(trials: Any) -> None:
    job = trials.job(trials.spec())
    finished = trials.train(job, lambda event: isinstance(event, Progress))
    assert finished.status == "stopped" and not job.checkpoints_dir.exists()
    assert trials.train(job).status == "done"


@pytest.mark.usefixtures("every_step_told")
def test_a_damaged_checkpoint_is_passed_over(noisy: Any) -> None:
    whole, damaged = (noisy.job(noisy.spec(epochs=2)) for _ in range(2))
    noisy.train(whole)
    noisy.train(damaged, at_step(5))
    noisy.train(damaged, at_step(22))
    newest = damaged.checkpoints_dir / "checkpoint-23"
    os.truncate(newest / "optimizer.pt", 1000)
    unfinished = damaged.checkpoints_dir / "checkpoint-25"
    unfinished.mkdir()
    (unfinished / "model.safetensors").write_bytes(b"half")
    assert noisy.train(damaged).status == "done"
    told = [event.text for event in EventTail(damaged.events_file).read() if isinstance(event, Note)]
    assert any("step 23 is damaged" in text and "goes on from step 15" in text for text in told)
    assert any("step 25 is incomplete" in text for text in told)
    assert outcome(damaged) == outcome(whole)


@pytest.mark.usefixtures("every_step_told")
def test_a_resumed_run_keeps_its_rows_though_the_labels_changed(trials: Any) -> None:
    whole, stopped = (trials.job(trials.spec(epochs=1)) for _ in range(2))
    trials.train(whole)
    trials.train(stopped, at_step(5))
    rows = trials.workspace.rows()
    trials.workspace.journal(rows).set_excluded([int(key) for key in rows.keys[:40]], True, means="bulk")
    assert trials.train(stopped).result["train_rows"] == 120
    assert outcome(stopped) == outcome(whole)


@pytest.mark.usefixtures("every_step_told")
def test_a_moved_workspace_still_finds_its_best_checkpoint(noisy: Any, tmp_path: Path) -> None:
    job = noisy.job(noisy.spec(epochs=4, learning_rate=1e-12, early_stopping=0))
    noisy.train(job, at_step(20))
    moved = noisy.workspace.root.rename(tmp_path / "moved")
    noisy.__init__(moved, noisy.model)
    job = JobFolder(job.number, job.kind, moved / "jobs" / job.path.name)
    result = noisy.train(job).result
    assert result["best"]["step"] == 15 and result["steps"] == 60


def test_long_epochs_are_checkpointed_in_between(noisy: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tlworkbench.engine.reporter.SAVE_EVERY", 0.0)
    job = noisy.job(noisy.spec(epochs=1))
    steps: set[str] = set()
    while_measuring: set[str] = set()

    def look(event: Event) -> bool:
        there = {path.name for path in job.checkpoints_dir.glob("checkpoint-*")}
        (while_measuring if isinstance(event, Evaluated) else steps).update(there)
        return False

    noisy.train(job, look)
    assert {"checkpoint-1", "checkpoint-7", "checkpoint-14"} <= steps
    # One of the last step but without its evaluation would lose the evaluation to a run killed right then.
    assert "checkpoint-14" in while_measuring and "checkpoint-15" not in while_measuring


@pytest.mark.usefixtures("every_step_told")
def test_each_epoch_has_an_order_of_its_own_after_a_resume_too(noisy: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    epochs: list[int] = []
    order = LengthGroupedSampler.order

    def recorded(sampler: LengthGroupedSampler) -> Any:
        epochs.append(sampler.epoch)
        return order(sampler)

    monkeypatch.setattr(LengthGroupedSampler, "order", recorded)
    job = noisy.job(noisy.spec(epochs=3))
    noisy.train(job, at_step(20))
    noisy.train(job)
    assert epochs == [0, 1, 1, 2]


def test_only_so_many_checkpoints_are_kept(noisy: Any) -> None:
    job = noisy.job(noisy.spec(epochs=6, early_stopping=0, checkpoint_limit=1))
    most = 0

    def count(event: Event) -> bool:
        nonlocal most
        if isinstance(event, Evaluated):
            most = max(most, len(list(job.checkpoints_dir.glob("checkpoint-*"))))
        return False

    noisy.train(job, count)
    assert most == 2


@pytest.mark.usefixtures("every_step_told")
def test_a_long_evaluation_is_not_waited_for(noisy: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, stopped = (noisy.job(noisy.spec(epochs=2)) for _ in range(2))
    noisy.train(whole)
    monkeypatch.setattr("tlworkbench.engine.reporter.LONG_EVALUATION", 0.0)
    monkeypatch.setattr("tlworkbench.engine.fitting.LONG_EVALUATION", 0.0)
    finished = noisy.train(stopped, at_step(30))
    # The checkpoint just before the evaluation is the one to go on from.
    assert finished.status == "stopped" and finished.result["steps"] == 29
    noisy.train(stopped)
    assert outcome(stopped) == outcome(whole)


def wait_for(job: JobFolder, seen: Callable[[Event], bool]) -> None:
    """Until an event of the process that now runs the job makes `seen` true."""
    tail = EventTail(job.events_file)
    until = time.monotonic() + DEADLINE
    while time.monotonic() < until:
        if any(seen(event) for event in tail.read()):
            return
        assert not job.state().ended, job.log_file.read_text()[-2000:]
        time.sleep(0.005)
    raise AssertionError("it did not happen in time")


def wait_for_end(job: JobFolder) -> str:
    until = time.monotonic() + DEADLINE
    while time.monotonic() < until:
        reap()
        if job.state().ended:
            return job.state().status
        time.sleep(0.01)
    raise AssertionError("the job did not end in time")


@pytest.fixture
def one_core() -> Iterator[None]:
    """This process and its children on one core: on a busy machine threads over such small arrays mostly wait."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(cores)})
    yield
    os.sched_setaffinity(0, cores)


@pytest.mark.usefixtures("one_core")
def test_a_real_process_hung_up_on_stopped_and_killed_ends_bit_equal(long_trials: Any) -> None:
    settings = {**SETTINGS, "epochs": 6, "batch_size": 8, "early_stopping": 0}
    whole, parts = (long_trials.job(long_trials.spec(**settings)) for _ in range(2))
    long_trials.train(whole)

    launch(parts)
    wait_for(parts, at_step(10))
    os.kill(parts.state().pid, signal.SIGHUP)
    wait_for(parts, at_step(40))
    os.kill(parts.state().pid, signal.SIGTERM)
    assert wait_for_end(parts) == "stopped"
    stopped_at = read_run(parts).result["steps"]  # type: ignore[index]
    assert stopped_at >= 40

    launch(parts)
    wait_for(parts, at_step(stopped_at + 40))
    os.killpg(parts.state().pid, signal.SIGKILL)
    assert wait_for_end(parts) == "lost"

    assert long_trials.train(parts).status == "done"
    notes = [note.text for note in read_run(parts).notes]
    assert f"resumed at step {stopped_at} of 180" in notes
    assert sum(text.startswith("resumed at step") for text in notes) == 2
    assert outcome(parts) == outcome(whole)
