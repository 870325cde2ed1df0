"""`p` on Train tells what a run would do; the form shows what speaks against it and starts no run that can't work."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from rich.cells import cell_len
from textual.app import App
from textual.pilot import Pilot

from tlworkbench.jobs.folder import list_jobs
from tlworkbench.jobs.trials import FOLDER
from tlworkbench.tui.app import Workbench
from tlworkbench.tui.screens.preflight import Preflight
from tlworkbench.tui.screens.train import TrainScreen
from tlworkbench.tui.screens.train_start import StartRun
from tlworkbench.workspace import Workspace

Until = Callable[..., Awaitable[None]]
Lines = Callable[[App[Any]], list[str]]
Engine = Callable[[str], None]

# Tells what a trial would, once it may.
TRIED = """
until(lambda: (context.job.workspace / "go").exists())
done(seconds=231.0, step_seconds=.5, peak_bytes=1_600_000_000, free_bytes=23_000_000_000, rows_at_once=32,
    precision="fp32", on_gpu=False)
"""


@pytest.fixture
def ready(trainable: Workspace) -> Workspace:
    """Rows of three classes and a model, on the Train screen."""
    trainable.update(model="bundled", where={"screen": "train"})
    return trainable


@pytest.fixture
def unfit(tweets: Workspace) -> Workspace:
    """The same without a row to validate on."""
    tweets.update(model="bundled", where={"screen": "train"})
    return tweets


async def pressed(pilot: Pilot[Any], until: Until, key: str, dialog: type[Any]) -> None:
    await until(pilot, lambda: isinstance(pilot.app.screen, TrainScreen))
    await pilot.press(key)
    await until(pilot, lambda: isinstance(pilot.app.screen, dialog))


def shown(lines: list[str], *words: str) -> bool:
    whole = "\n".join(lines)
    return all(word in whole for word in words)


@pytest.mark.parametrize("size", [(80, 24), (140, 45)])
async def test_facts_show_at_once_and_time_and_memory_when_they_were_tried(
    ready: Workspace, engine: Engine, until: Until, lines: Lines, size: tuple[int, int]
) -> None:
    engine(TRIED)
    app = Workbench(ready)
    async with app.run_test(size=size) as pilot:
        await pressed(pilot, until, "p", Preflight)
        await until(
            pilot, lambda: shown(lines(app), "steps", "trying the longest batch", "in all", "it can be started")
        )
        assert shown(lines(app), "'negative' has only 3 training rows")
        row = next(line for line in lines(app) if "in all" in line).split()
        assert row[row.index("all") + 1 :][:2] == ["8", "3"]
        (ready.root / "go").touch()
        await until(pilot, lambda: shown(lines(app), "4 min", "1.6 GB", "of 23.0 GB free"))
        assert all(cell_len(line) <= size[0] for line in lines(app))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, StartRun))
        await until(pilot, lambda: list_jobs(ready.root / FOLDER) == [])
    assert list_jobs(ready.jobs_dir) == []


async def test_leaving_ends_the_trial(ready: Workspace, engine: Engine, until: Until, lines: Lines) -> None:
    engine(TRIED)
    app = Workbench(ready)
    async with app.run_test(size=(80, 24)) as pilot:
        await pressed(pilot, until, "p", Preflight)
        await until(pilot, lambda: [job.state().status for job in list_jobs(ready.root / FOLDER)] == ["running"])
        await pilot.press("escape")
        await until(pilot, lambda: list_jobs(ready.root / FOLDER) == [])
    assert list_jobs(ready.jobs_dir) == []


async def test_what_cannot_work_is_told_and_not_tried(unfit: Workspace, until: Until, lines: Lines) -> None:
    app = Workbench(unfit)
    async with app.run_test(size=(80, 24)) as pilot:
        await pressed(pilot, until, "p", Preflight)
        await until(
            pilot, lambda: shown(lines(app), "✗ no labelled row is in the validation split", "can't be started")
        )
        assert shown(lines(app), "--split train")
    assert list_jobs(unfit.jobs_dir) == []


async def test_the_form_shows_what_speaks_against_a_run_and_does_not_start_it(
    unfit: Workspace, until: Until, lines: Lines
) -> None:
    app = Workbench(unfit)
    async with app.run_test(size=(80, 24)) as pilot:
        await pressed(pilot, until, "s", StartRun)
        await pilot.press("enter")
        await until(pilot, lambda: shown(lines(app), "✗ no labelled row is in the validation split"))
        await until(pilot, lambda: shown(lines(app), "✗ it can't be started"))
        assert isinstance(app.screen, StartRun)
    assert list_jobs(unfit.jobs_dir) == []


async def test_the_form_looks_again_when_a_setting_changes(ready: Workspace, until: Until, lines: Lines) -> None:
    app = Workbench(ready)
    async with app.run_test(size=(80, 24)) as pilot:
        await pressed(pilot, until, "s", StartRun)
        await until(pilot, lambda: shown(lines(app), "! 'negative' has only 3 training rows"))
        await pilot.press("/", "m", "a", "x", "space", *"train", "enter", "1")
        await until(pilot, lambda: shown(lines(app), "✗ all 1 training row are"))
        await pilot.press("ctrl+u", "8")
        await until(pilot, lambda: shown(lines(app), "! 'negative' has only 3 training rows"))
