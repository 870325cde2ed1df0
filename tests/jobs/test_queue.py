"""Training runs one after another: in order, never two at once, also with nobody there to look."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest

from tests.jobs.conftest import Script, until
from tlworkbench.errors import UserError
from tlworkbench.jobs import queue
from tlworkbench.jobs.folder import JobFolder, list_jobs
from tlworkbench.jobs.follow import read_run
from tlworkbench.jobs.launch import launch
from tlworkbench.jobs.queue import advance, before, resubmit, states_on_disk, submit, waiting
from tlworkbench.jobs.spec import TrainSpec
from tlworkbench.jobs.stop import ask_to_stop, force_stop

SPEC = TrainSpec(model="bundled")


def status(job: JobFolder) -> str:
    return job.state().status


def three(jobs_dir: Path) -> list[JobFolder]:
    """One that runs and two that wait."""
    jobs = [submit(jobs_dir, SPEC, name) for name in "abc"]
    until(lambda: status(jobs[0]) == "running")
    return jobs


def test_the_next_one_starts_when_one_ends_with_nobody_looking(jobs_dir: Path, script: Script) -> None:
    script("steps:3", "wait")
    first, second, third = three(jobs_dir)
    assert [status(second), status(third)] == ["queued", "queued"]
    ask_to_stop(first)
    until(lambda: status(second) == "running")
    assert status(first) == "stopped" and status(third) == "queued"
    ask_to_stop(second)
    until(lambda: status(third) == "running")


def test_one_that_ends_before_its_first_word_makes_room_for_the_one_behind(jobs_dir: Path, script: Script) -> None:
    script("steps:3", "wait")
    first, second, third = three(jobs_dir)
    # Whatever starts this one fails at once.
    (second.path / "crash").touch()
    ask_to_stop(first)
    until(lambda: status(third) == "running")
    assert status(second) == "failed"


def test_after_a_kill_whoever_looks_next_starts_the_next(jobs_dir: Path, script: Script) -> None:
    script("steps:3", "wait")
    first, second, third = three(jobs_dir)
    assert advance(jobs_dir) is None
    force_stop(first)
    until(lambda: status(first) == "lost")
    assert advance(jobs_dir) == second and status(third) == "queued"


def test_many_that_look_at_once_start_one(jobs_dir: Path, script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    script("steps:3", "wait")
    jobs = three(jobs_dir)
    force_stop(jobs[0])
    until(lambda: status(jobs[0]) == "lost")
    launched: list[JobFolder] = []

    def slowly(job: JobFolder, command: Sequence[str] = ()) -> None:
        # A gap in which others look: it is only closed by the lock.
        launched.append(job)
        Event().wait(0.1)
        launch(job, command)

    monkeypatch.setattr(queue, "launch", slowly)
    with ThreadPoolExecutor(8) as pool:
        started = list(pool.map(lambda _: advance(jobs_dir), range(16)))
    assert launched == [jobs[1]] and [job for job in started if job is not None] == launched


def test_many_that_submit_at_once_leave_one_running_and_none_forgotten(jobs_dir: Path, script: Script) -> None:
    script("steps:3", "wait")
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda n: submit(jobs_dir, SPEC, f"n{n}"), range(6)))
    states = sorted(status(job) for job in list_jobs(jobs_dir))
    assert states[:5] == ["queued"] * 5 and states[5] in ("starting", "running")


def test_a_stop_takes_a_waiting_run_out_and_a_resume_puts_it_at_the_end(jobs_dir: Path, script: Script) -> None:
    script("steps:3", "wait")
    first, second, third = three(jobs_dir)
    ask_to_stop(second)
    state = read_run(second)
    assert state.status == "stopped" and state.what == "taken out of the queue before it began"
    resubmit(second)
    states = states_on_disk(jobs_dir)
    assert waiting(states) == [third, second]
    assert before(second, states) == [first, third] and before(third, states) == [first]
    with pytest.raises(UserError, match="waits in the queue already"):
        resubmit(second)
    with pytest.raises(UserError, match="already running"):
        resubmit(first)


def test_after_a_restart_of_the_machine_all_is_interrupted_and_nothing_starts_by_itself(
    jobs_dir: Path, script: Script
) -> None:
    script("steps:3", "wait")
    first, second, _ = three(jobs_dir)
    force_stop(first)
    for job in (first, second):
        content = job.state_file.read_text()
        boot = job.state().boot
        assert boot and boot in content
        job.state_file.write_text(content.replace(boot, "another"))
    assert read_run(first).what == "the machine was restarted while it ran"
    assert read_run(second).what == "the machine was restarted while it waited in the queue"
    assert status(first) == status(second) == "interrupted"
    ask_to_stop(list_jobs(jobs_dir)[2])
    assert advance(jobs_dir) is None
    resubmit(second)
    until(lambda: status(second) == "running")
