"""From the form: looking for a learning rate, and searching rate and epochs, with a scripted engine."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from rich.cells import cell_len
from textual.app import App
from textual.pilot import Pilot

from tlworkbench.jobs.folder import list_jobs
from tlworkbench.jobs.spec import LrFindSpec, SearchSpec, TrainSpec
from tlworkbench.tui.app import Workbench
from tlworkbench.tui.screens.find_rate import FindRate
from tlworkbench.tui.screens.search_settings import SearchSettings
from tlworkbench.tui.screens.train import TrainScreen
from tlworkbench.tui.screens.train_start import StartRun
from tlworkbench.workspace import Workspace

Until = Callable[..., Awaitable[None]]
Lines = Callable[[App[Any]], list[str]]
Engine = Callable[[str], None]

SIZES = [(80, 24), (140, 45)]

RATES = """
rates = [1e-6 * 1.5 ** n for n in range(30)]
losses = [1.1 - .02 * n if n < 22 else .7 + .3 * (n - 22) for n in range(30)]
for n, (rate, loss) in enumerate(zip(rates, losses), 1):
    context.emit(Step(step=n, epoch=1, loss=loss, learning_rate=rate))
until(lambda: (context.job.workspace / "go").exists())
if context.stop_requested:
    done()
else:
    context.finish(context.done("", suggestion=4.3e-4, steepest=4.3e-4, lowest_loss_at=5e-3, diverged=True,
        curve=[[rate, loss, loss] for rate, loss in zip(rates, losses)]))
"""

SEARCH = """
from tlworkbench.jobs.follow import EventTail
there = [one for one in EventTail(context.job.events_file).read() if isinstance(one, Trial)]
table = [(1e-4, 1, .61), (2e-4, 1, .64), (5e-4, 1, .0), (2e-4, 2, .68)]
for n, (rate, epochs, score) in list(enumerate(table))[len(there):]:
    context.progress(f"trial {n + 1} of 10: {rate:g}", 5, 20, "steps", seconds_left=4)
    until(lambda: (context.job.workspace / f"go{n}").exists())
    if context.stop_requested:
        break
    context.emit(Trial(learning_rate=rate, epochs=epochs, macro_f1=score, accuracy=score, loss=1 - score, seconds=12,
        lost="" if score else "the loss became NaN"))
done(words="tried 3 rates for 1 epoch, the best one for 2 epochs", validation_rows=400, trials=[], metric="macro_f1")
"""


@pytest.fixture
def ready(trainable: Workspace) -> Workspace:
    """Rows of three classes and a model, on the Train screen."""
    trainable.update(model="bundled", where={"screen": "train"})
    return trainable


def shown(lines: list[str], *words: str) -> bool:
    whole = "\n".join(lines)
    return all(word in whole for word in words)


async def form(pilot: Pilot[Any], until: Until, lines: Lines) -> StartRun:
    await until(pilot, lambda: isinstance(pilot.app.screen, TrainScreen))
    await pilot.press("s")
    await until(pilot, lambda: shown(lines(pilot.app), "8 rows to train on", "steps"))
    assert isinstance(pilot.app.screen, StartRun)
    return pilot.app.screen


@pytest.mark.parametrize("size", SIZES)
async def test_the_rate_that_is_suggested_goes_into_the_form_by_one_key(
    ready: Workspace, engine: Engine, until: Until, lines: Lines, size: tuple[int, int]
) -> None:
    engine(RATES)
    app = Workbench(ready)
    async with app.run_test(size=size) as pilot:
        start = await form(pilot, until, lines)
        await pilot.press("5", "ctrl+l")
        await until(pilot, lambda: isinstance(app.screen, FindRate) and shown(lines(app), "lowest so far"))
        spec = list_jobs(ready.jobs_dir)[-1].spec()
        assert isinstance(spec, LrFindSpec) and spec.run.epochs == 5
        (ready.root / "go").touch()
        await until(pilot, lambda: shown(lines(app), "suggested 4.3e-4", "now 1e-4", "lowest at 5e-3", "takes 4.3e-4"))
        assert all(cell_len(line) <= size[0] for line in lines(app))
        await pilot.press("right")
        await until(pilot, lambda: shown(lines(app), "takes 6.6e-4"))
        await pilot.press("left", "enter")
        await until(pilot, lambda: app.screen is start)
        assert start.options.changed == {"epochs": "5", "learning_rate": "4.3e-4"}


async def test_leaving_the_finder_ends_it_and_changes_nothing(
    ready: Workspace, engine: Engine, until: Until, lines: Lines
) -> None:
    engine(RATES)
    app = Workbench(ready)
    async with app.run_test(size=(80, 24)) as pilot:
        start = await form(pilot, until, lines)
        await pilot.press("ctrl+l")
        await until(pilot, lambda: shown(lines(app), "lowest so far"))
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is start)
        await until(pilot, lambda: list_jobs(ready.jobs_dir)[-1].state().status == "stopped")
        assert start.options.changed == {}


@pytest.mark.parametrize("key", ["ctrl+l", "ctrl+e"])
async def test_the_head_has_nothing_to_look_for(ready: Workspace, until: Until, lines: Lines, key: str) -> None:
    app = Workbench(ready)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await form(pilot, until, lines)
        await pilot.press("up", "left", key)
        await until(pilot, lambda: shown(lines(app), "strategy head has no learning rate"))
    assert list_jobs(ready.jobs_dir) == []


@pytest.mark.parametrize("size", SIZES)
async def test_a_search_shows_its_trials_can_be_left_and_gives_its_best(
    ready: Workspace, engine: Engine, until: Until, lines: Lines, size: tuple[int, int]
) -> None:
    engine(SEARCH)
    app = Workbench(ready)
    async with app.run_test(size=size) as pilot:
        start = await form(pilot, until, lines)
        await pilot.press("ctrl+e")
        await until(pilot, lambda: isinstance(app.screen, SearchSettings))
        assert shown(lines(app), "10 trials: rates 5 for 1, 3 for 2, 2 for 4 epochs", "19 epochs in all")
        await pilot.press("end", "ctrl+u", "0", "enter")
        await until(pilot, lambda: shown(lines(app), "✗"))
        assert list_jobs(ready.jobs_dir) == []
        await pilot.press("ctrl+u", "5", "tab", "end", "ctrl+u", *"1e-4", "space", *"2e-4", "enter")
        await until(pilot, lambda: shown(lines(app), "trial 1 of 10", "25 %", "0:04 left"))
        spec = list_jobs(ready.jobs_dir)[-1].spec()
        assert spec == SearchSpec(
            run=TrainSpec(model="bundled", journal_version=0), minutes=5, learning_rates=(1e-4, 2e-4)
        )
        # Left and come back to, it is still there.
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is start)
        for number in range(4):
            (ready.root / f"go{number}").touch()
        await pilot.press("ctrl+e")
        await until(pilot, lambda: shown(lines(app), "tried 3 rates for 1 epoch", ".680", "the loss became NaN"))
        assert shown(lines(app), "on 400 rows accuracies within 0.023 of each other may be chance")
        assert all(cell_len(line) <= size[0] for line in lines(app))
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is start)
        assert start.options.changed == {"learning_rate": "2e-4", "epochs": "2"}


async def test_a_search_is_stopped_and_gone_on_with(
    ready: Workspace, engine: Engine, until: Until, lines: Lines
) -> None:
    engine(SEARCH)
    (ready.root / "go0").touch()
    app = Workbench(ready)
    async with app.run_test(size=(80, 24)) as pilot:
        start = await form(pilot, until, lines)
        await pilot.press("ctrl+e", "enter")
        await until(pilot, lambda: shown(lines(app), "trial 2 of 10", ".610"))
        await pilot.press("x")
        await until(pilot, lambda: shown(lines(app), "r goes on"))
        for number in range(4):
            (ready.root / f"go{number}").touch()
        await pilot.press("r")
        await until(pilot, lambda: shown(lines(app), "n another search", ".610", ".680"))
        assert len(list_jobs(ready.jobs_dir)) == 1
        # Another trial than the best can be taken too.
        await pilot.press("home", "enter")
        await until(pilot, lambda: app.screen is start)
        assert start.options.changed == {"epochs": "1"}


async def test_nothing_is_measured_beside_a_run(ready: Workspace, engine: Engine, until: Until, lines: Lines) -> None:
    engine("wait(); done()")
    app = Workbench(ready)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await form(pilot, until, lines)
        await pilot.press("enter")
        await until(pilot, lambda: [job.state().status for job in list_jobs(ready.jobs_dir)] == ["running"])
        await until(pilot, lambda: isinstance(app.screen, TrainScreen) and app.jobs.running())
        await form(pilot, until, lines)
        await pilot.press("ctrl+l")
        await until(pilot, lambda: shown(lines(app), "0001 takes this machine's time"))
        await pilot.press("ctrl+e", "enter")
        await until(pilot, lambda: shown(lines(app), "✗ 0001 takes this machine's time: a search has to wait"))
    assert [job.kind for job in list_jobs(ready.jobs_dir)] == ["train"]
