"""Jobs whose engine does what a few words say, and how to wait for them."""

import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import pytest

from tlworkbench.jobs import launch as launching
from tlworkbench.jobs.folder import JobFolder, list_jobs

FAKE = Path(__file__).with_name("fake_engine.py")
Script: TypeAlias = Callable[..., None]


def until(condition: Callable[[], bool], seconds: float = 20) -> None:
    """Wait for a condition, not for a time."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come true in time"
        time.sleep(0.01)


@pytest.fixture
def jobs_dir(tmp_path: Path) -> Iterator[Path]:
    """Where a workspace's jobs lie; what still runs or waits at the end of the test is ended."""
    folder = tmp_path / "jobs"
    yield folder
    for job in reversed(list_jobs(folder)):
        end(job)


def end(job: JobFolder) -> None:
    """Whatever the job is at: no more of it."""
    from tlworkbench.jobs.queue import take_out

    take_out(job)
    state = job.state()
    if state.pid and not state.ended:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(state.pid, signal.SIGKILL)


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Script:
    """`script("steps:3", "wait")`: what jobs do that are started from now on."""

    def script(*words: str) -> None:
        monkeypatch.setattr(launching, "ENGINE_COMMAND", (sys.executable, str(FAKE), *words))

    return script
