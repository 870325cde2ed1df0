"""Whoever types does not wait for a curve to be drawn."""

import os
import time
from typing import Any

import pytest

from tests.tui.conftest import Until
from tests.tui.test_train_screen import began, opened, ready, steps
from tlworkbench.jobs.events import Event, Note, Started, encode
from tlworkbench.jobs.folder import JobFolder, create_job
from tlworkbench.jobs.spec import TrainSpec
from tlworkbench.jobs.state import JobState, process_started, write_state
from tlworkbench.tui.app import Workbench
from tlworkbench.tui.screens.train import TrainScreen
from tlworkbench.workspace import Workspace

__all__ = ["ready"]


def tell(job: JobFolder, *told: Event) -> None:
    with job.events_file.open("ab") as file:
        file.write(b"".join(map(encode, told)))


async def test_steps_are_drawn_when_the_keys_rest_and_news_at_once(
    ready: Workspace, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = create_job(ready.jobs_dir, TrainSpec(model="bundled"))
    tell(job, Started(kind="train", pid=os.getpid(), device="a fake"), began(), *steps(5))
    write_state(job.state_file, JobState(status="running", pid=os.getpid(), pid_started=process_started(os.getpid())))
    looked, painted = [0], [0]
    soon, paint = TrainScreen._paint_soon, TrainScreen._paint

    def counted_soon(screen: TrainScreen) -> None:
        looked[0] += 1
        soon(screen)

    def counted_paint(screen: TrainScreen, *given: Any) -> None:
        painted[0] += 1
        paint(screen, *given)

    monkeypatch.setattr("tlworkbench.tui.screens.train._PATIENCE", 1e9)
    monkeypatch.setattr("tlworkbench.tui.screens.train._TYPING", 0.02)
    monkeypatch.setattr("tlworkbench.tui.screens.train.TICK_SECONDS", 1e9)
    monkeypatch.setattr("tlworkbench.jobs.follow._STEADY", 0.0)
    monkeypatch.setattr(TrainScreen, "_paint_soon", counted_soon)
    app = Workbench(ready)

    def last_step() -> int:
        state = app.jobs.state(job)
        return state.last_step if state is not None else 0

    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, until)
        screen = app.screen
        assert isinstance(screen, TrainScreen)
        await until(pilot, lambda: last_step() == 5 and screen._soon is None)
        monkeypatch.setattr(TrainScreen, "_paint", counted_paint)
        # A key came now, and another one, and another one.
        app.typed_at = time.monotonic() + 1e6
        tell(job, *steps(6)[5:])
        await until(pilot, lambda: last_step() == 6)
        looked[0] = 0
        await until(pilot, lambda: looked[0] >= 3)
        assert painted[0] == 0
        tell(job, Note(text="something else"))
        await until(pilot, lambda: painted[0] > 0)
        await until(pilot, lambda: screen._soon is None)
        painted[0] = 0
        app.typed_at = 0.0
        tell(job, *steps(7)[6:])
        await until(pilot, lambda: painted[0] > 0)
