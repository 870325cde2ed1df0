"""A run on several devices: here two processes on the processor, which learn what one alone would."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import msgspec
import psutil
import pytest

from tests.engine.test_train_resume import at_step, wait_for, wait_for_end
from tlworkbench.jobs.events import Evaluated, Event, Note, Step, TrainingBegan
from tlworkbench.jobs.folder import JobFolder
from tlworkbench.jobs.follow import EventTail, read_run
from tlworkbench.jobs.launch import launch

PAIR = Path(__file__).with_name("pair.py")
SLOW = 240.0
SETTINGS = {"learning_rate": 2e-3, "batch_size": 4, "gradient_accumulation": 2, "class_weights": {"angry": 2.0}}


def told(job: JobFolder) -> list[Event]:
    return EventTail(job.events_file).read()


def warnings(job: JobFolder) -> list[str]:
    return [event.text for event in told(job) if isinstance(event, Note) and event.level == "warning"]


def pair(job: JobFolder, *wrong: str) -> tuple[int, str]:
    """Run the job in two processes to its end; status and log."""
    with job.log_file.open("a") as log:
        child = subprocess.run([sys.executable, str(PAIR), *wrong, str(job.path)], stdout=log, stderr=log, timeout=SLOW)
    return child.returncode, job.log_file.read_text()


def curve(job: JobFolder) -> dict[int, float]:
    """Gradient norms by step; a step's loss is that of all since the last one that was told."""
    return {step.step: step.grad_norm for step in read_run(job).steps}


@pytest.fixture
def whole(trials: Any, sure: str) -> Any:
    """The settings of a run, and how it goes in one process."""
    # Of 113 rows the last step of an epoch has one, fewer than there are processes.
    spec = trials.spec(**{**SETTINGS, "model": sure, "epochs": 4, "early_stopping": 0, "max_train_rows": 113})
    job = trials.job(spec)
    trials.train(job)
    return msgspec.structs.replace(spec, devices=2), job


def assert_the_same(job: JobFolder, whole: JobFolder) -> None:
    """It learned what one process learned, and told it once."""
    result, alone = read_run(job).result or {}, read_run(whole).result or {}
    assert (result["status"], result["steps"]) == ("done", alone["steps"])
    assert result["best"] == pytest.approx(alone["best"], rel=1e-4)
    evaluations = [event for event in told(job) if isinstance(event, Evaluated)]
    assert [event.loss for event in evaluations] == pytest.approx(
        [event.loss for event in read_run(whole).evaluations], rel=1e-4
    )
    norms = curve(whole)
    for step, norm in curve(job).items():
        assert norm == pytest.approx(norms[step], rel=1e-3), step
    assert {path.name for path in job.path.iterdir()} - {"engine.log"} == {path.name for path in whole.path.iterdir()}


@pytest.mark.usefixtures("every_step_told")
def test_two_processes_between_one_and_one_learn_what_one_learns(trials: Any, whole: Any) -> None:
    spec, alone = whole
    job = trials.job(spec)
    assert trials.train(job, at_step(8)).status == "stopped"

    launch(job)
    wait_for(job, at_step(20))
    launcher = psutil.Process(job.state().pid).parent()
    assert launcher is not None
    both = launcher.children()
    assert len(both) == 2
    # As it comes from a scheduler, or from a machine that is shut down.
    os.killpg(launcher.pid, signal.SIGTERM)
    assert wait_for_end(job) == "stopped", job.log_file.read_text()
    until = time.monotonic() + SLOW
    while any(process.is_running() and process.status() != psutil.STATUS_ZOMBIE for process in both):
        assert time.monotonic() < until
        time.sleep(0.01)
    stopped = read_run(job).result or {}
    assert stopped["devices"] == 2 and stopped["steps"] >= 20
    assert f"checkpoint-{stopped['steps']}" in {path.name for path in job.checkpoints_dir.iterdir()}
    log = job.log_file.read_text()
    assert "Traceback" not in log and "process 2:" not in log, log

    trials.train(job)
    assert_the_same(job, alone)
    events = told(job)
    assert sum(isinstance(event, TrainingBegan) for event in events) == 3
    assert len([event for event in events if isinstance(event, Step)]) == len(curve(job))


@pytest.mark.usefixtures("every_step_told")
def test_memory_that_ends_in_one_process_and_a_process_that_dies(trials: Any, whole: Any) -> None:
    spec, alone = whole
    job = trials.job(spec)
    status, log = pair(job, "1:full:2:12", "1:die:45")
    assert status == 1
    state = read_run(job)
    assert (state.status, state.what) == ("failed", "process 2 of 2 ended without a last word"), log
    assert "killed for want of memory" in state.hint and "resume" in state.hint
    assert warnings(job) == [
        "out of memory with 4 rows at once at step 12: goes on with 2 × 2 on each of 2 devices, "
        "a step still learns from 8 rows"
    ]
    assert 15 <= state.last_step < 60
    trials.train(job)
    assert_the_same(job, alone)
