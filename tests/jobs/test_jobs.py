"""Real child processes in real folders: start, follow, stop, die."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from tlworkbench.errors import UserError
from tlworkbench.jobs import launch as launching
from tlworkbench.jobs.events import Event, Note, Step, encode
from tlworkbench.jobs.folder import JobFolder, create_job, find_job, list_jobs, open_job
from tlworkbench.jobs.follow import EventTail, follow, follow_events, read_run
from tlworkbench.jobs.launch import launch
from tlworkbench.jobs.run_state import RunState
from tlworkbench.jobs.spec import TrainSpec
from tlworkbench.jobs.stop import ask_to_stop, force_stop

FAKE = Path(__file__).with_name("fake_engine.py")
Start = Callable[..., JobFolder]


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Launch a job whose engine does what the words say."""
    jobs: list[JobFolder] = []

    def start(*script: str) -> JobFolder:
        monkeypatch.setattr(launching, "ENGINE_COMMAND", (sys.executable, str(FAKE), *script))
        job = create_job(tmp_path / "jobs", TrainSpec(model="bundled"), "a model")
        jobs.append(job)
        launch(job)
        return job

    yield start
    for job in jobs:
        state = job.state()
        if state.pid and not state.ended:
            os.killpg(state.pid, signal.SIGKILL)


def until(condition: Callable[[], bool], seconds: float = 20) -> None:
    """Wait for a condition, not for a time."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come true in time"
        time.sleep(0.01)


def tell(job: JobFolder, event: Event) -> None:
    with job.events_file.open("ab") as file:
        file.write(encode(event))


def test_a_job_runs_to_its_end_and_is_seen(start: Start) -> None:
    job = start("steps:50", "done")
    seen: list[Event] = []
    state = follow_events(job, seen.append)
    assert state.status == "done" and state.last_step == 50
    assert state.result == {"best": {"macro_f1": 0.5}}
    assert len([event for event in seen if isinstance(event, Step)]) == 50


def test_a_screen_that_comes_late_sees_the_same(start: Start) -> None:
    job = start("steps:50", "done")
    early = follow_events(job, lambda event: None)
    assert read_run(open_job(job.path)) == early


def test_following_ends_at_once_when_told(start: Start) -> None:
    job = start("steps:3", "wait")
    stop = threading.Event()
    states: list[RunState] = []

    def watch() -> None:
        states.extend(follow(job, stop, interval=5))

    thread = threading.Thread(target=watch)
    thread.start()
    until(lambda: read_run(job).last_step == 3)
    began = time.monotonic()
    stop.set()
    thread.join()
    assert time.monotonic() - began < 0.5


def test_steps_alone_are_held_back_until_there_is_more_to_tell(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tlworkbench.jobs.follow._STEADY", 1e9)
    job = start("steps:3", "wait")
    until(lambda: read_run(job).last_step == 3)
    looks: list[int] = []
    read = EventTail.read

    def counted(tail: EventTail) -> list[Event]:
        looks.append(1)
        return read(tail)

    monkeypatch.setattr(EventTail, "read", counted)
    states: list[RunState] = []
    stop = threading.Event()
    thread = threading.Thread(target=lambda: states.extend(follow(job, stop, interval=0.01)))
    thread.start()
    until(lambda: bool(states))
    tell(job, Step(step=4, epoch=1, loss=1, learning_rate=1e-4))
    before = len(looks)
    until(lambda: len(looks) > before + 2)
    assert [state.last_step for state in states] == [3]
    tell(job, Note(text="something else"))
    until(lambda: len(states) == 2)
    assert states[-1].last_step == 4 and states[-1].notes[-1].text == "something else"
    stop.set()
    thread.join()


def test_an_asked_job_finishes_its_step_and_says_stopped(start: Start) -> None:
    job = start("steps:3", "wait")
    until(lambda: read_run(job).last_step == 3)
    ask_to_stop(job)
    until(lambda: job.state().ended)
    assert read_run(job).status == "stopped"
    with pytest.raises(UserError, match="is not running"):
        ask_to_stop(job)


def test_a_deaf_job_is_ended_by_force_and_reads_lost(start: Start) -> None:
    job = start("deaf", "steps:3", "wait")
    until(lambda: read_run(job).last_step == 3)
    force_stop(job)
    until(lambda: job.state().ended)
    state = read_run(job)
    assert state.status == "lost" and state.last_step == 3
    assert "without a last word" in state.what


def test_a_job_that_dies_silently_reads_lost(start: Start) -> None:
    job = start("steps:2", "die")
    until(lambda: job.state().ended)
    assert job.state().status == "lost"


def test_an_engine_that_cannot_start_says_why(start: Start) -> None:
    job = start("crash")
    state = follow_events(job, lambda event: None)
    assert state.status == "failed"
    assert "no such thing as torch" in state.what


def test_the_child_lives_in_its_own_session_and_has_no_terminal(start: Start) -> None:
    job = start("steps:1", "wait")
    until(lambda: job.state().status == "running")
    pid = job.state().pid
    assert os.getsid(pid) == pid != os.getsid(0)
    assert psutil.Process(pid).terminal() is None
    os.kill(pid, signal.SIGHUP)
    ask_to_stop(job)
    until(lambda: job.state().ended)
    assert read_run(job).status == "stopped", "a hang-up ended the job"


def test_a_running_job_is_not_started_twice(start: Start) -> None:
    job = start("steps:1", "wait")
    until(lambda: job.state().status == "running")
    with pytest.raises(UserError, match="already running"):
        launch(job)


def test_a_reused_process_number_is_not_taken_for_the_job(start: Start) -> None:
    job = start("steps:1", "die")
    until(lambda: job.state().ended)
    content = job.state_file.read_text()
    pid = str(job.state().pid)
    job.state_file.write_text(content.replace(f'"pid": {pid}', f'"pid": {os.getpid()}'))
    assert job.state().status == "lost"


def test_numbers_are_given_once_even_to_many_at_a_time(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        jobs = list(pool.map(lambda n: create_job(tmp_path, TrainSpec(model="m"), f"n{n}"), range(24)))
    assert sorted(job.number for job in jobs) == list(range(1, 25))
    assert [job.number for job in list_jobs(tmp_path)] == list(range(1, 25))


def test_a_job_is_found_by_number_and_a_wrong_one_lists_what_there_is(tmp_path: Path) -> None:
    job = create_job(tmp_path, TrainSpec(model="m"), "../../evil name")
    assert job.path.parent == tmp_path and job.path.name == "0001-train-evil-name"
    assert find_job(tmp_path, "1") == find_job(tmp_path, "0001", "train") == job
    with pytest.raises(UserError, match="there is no train 2") as raised:
        find_job(tmp_path, "2", "train")
    assert "0001" in raised.value.hint


def test_half_a_line_waits_for_its_other_half(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    tail = EventTail(path)
    assert tail.read() == []
    line = encode(Step(step=1, epoch=0, loss=1, learning_rate=1))
    path.write_bytes(line + line[:20])
    assert len(tail.read()) == 1
    assert tail.read() == []
    with path.open("ab") as file:
        file.write(line[20:])
    assert len(tail.read()) == 1
