"""Baselines on the Train screen: measured by a key, before any run and beside one, in a line of their own."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from textual.app import App
from textual.pilot import Pilot

from tests.tui.test_train_screen import began, opened, past_run
from tlworkbench.jobs.events import Baseline, Evaluated, Event, Finished, Started, encode
from tlworkbench.jobs.folder import JobFolder, create_job, list_jobs
from tlworkbench.jobs.spec import BaselineSpec, TrainSpec
from tlworkbench.jobs.state import JobState, write_state
from tlworkbench.tui.app import Workbench
from tlworkbench.tui.screens.confirm import Confirm
from tlworkbench.tui.screens.train import TrainScreen
from tlworkbench.tui.screens.train_baselines import baselines_line
from tlworkbench.workspace import Workspace

Until = Callable[..., Awaitable[None]]
Lines = Callable[[App[Any]], list[str]]
Engine = Callable[[str], None]

MAJORITY = Baseline(name="majority", accuracy=0.5, macro_f1=0.21, words="always 'a'")
HEADLESS = Baseline(name="as it is", words="no head")
HEAD = Baseline(name="head", accuracy=0.6, macro_f1=0.5481, loss=0.9, words="fitted to 8 rows")
MEASURED = """
context.emit(Baseline(name="majority", accuracy=.5, macro_f1=.21))
context.emit(Baseline(name="as it is", words="no head"))
context.emit(Progress(what="embedding", done=120, total=4000))
until(lambda: (context.job.workspace / "go").exists())
if not context.stop_requested:
    context.emit(Baseline(name="head", accuracy=.6, macro_f1=.5481, loss=.9))
done()
"""


@pytest.fixture
def ready(trainable: Workspace) -> Workspace:
    """A workspace with rows and a model, on the Train screen."""
    trainable.update(model="bundled", where={"screen": "train"})
    return trainable


def measured(workspace: Workspace, run: TrainSpec, *lines: Baseline, failed: str = "") -> JobFolder:
    """Baselines as an earlier session left them."""
    job = create_job(workspace.jobs_dir, BaselineSpec(run=run), "past")
    status = "failed" if failed else "done"
    events: tuple[Event, ...] = (Started(kind="baseline", pid=1), *lines, Finished(status=status, what=failed))  # type: ignore[arg-type]
    job.events_file.write_bytes(b"".join(map(encode, events)))
    write_state(job.state_file, JobState(status=status, what=failed))  # type: ignore[arg-type]
    return job


def line(lines: list[str]) -> str:
    """The line of baselines."""
    return next((line.strip() for line in lines if "baselines " in line), "")


async def known(pilot: Pilot[Any], until: Until) -> None:
    await opened(pilot, until)
    app = pilot.app
    assert isinstance(app, Workbench)
    jobs = list_jobs(app.workspace.jobs_dir, "baseline")
    await until(
        pilot, lambda: isinstance(app.screen, TrainScreen) and all(job in app.screen._measured_for for job in jobs)
    )
    await pilot.pause()


@pytest.mark.parametrize("size", [(80, 24), (140, 45)])
async def test_measured_by_a_key_before_any_run(
    ready: Workspace, engine: Engine, until: Until, lines: Lines, size: tuple[int, int]
) -> None:
    engine(MEASURED)
    app = Workbench(ready)
    async with app.run_test(size=size) as pilot:
        await opened(pilot, until)
        assert any("b measures what it starts from" in line for line in lines(app))
        await pilot.press("b")
        await until(pilot, lambda: "as it is – (no head)" in line(lines(app)) and "embedding 120" in line(lines(app)))
        (job,) = list_jobs(ready.jobs_dir, "baseline")
        spec = job.spec()
        assert isinstance(spec, BaselineSpec) and spec.run.model == "bundled" and spec.run.journal_version is not None
        (ready.root / "go").touch()
        await until(pilot, lambda: line(lines(app)) == "baselines  majority .210 · as it is – (no head) · head .548")
        assert not any("measures what it starts from" in line for line in lines(app))


async def test_the_key_again_stops_it(ready: Workspace, engine: Engine, until: Until, lines: Lines) -> None:
    engine(MEASURED)
    app = Workbench(ready)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, until)
        await pilot.press("b")
        await until(pilot, lambda: "embedding" in line(lines(app)))
        await pilot.press("b")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        await pilot.press("enter")
        (job,) = list_jobs(ready.jobs_dir, "baseline")
        await until(pilot, lambda: job.state().status == "stopped")
        await until(pilot, lambda: "b measures the head" in line(lines(app)))


async def test_a_run_shows_its_own_and_what_was_measured_on_its_rows(
    ready: Workspace, until: Until, lines: Lines
) -> None:
    figures = {"split": "validation", "loss": 1.0, "accuracy": 0.6, "macro_f1": 0.6, "per_class": (), "confusion": ()}
    past_run(ready, "done", MAJORITY, HEADLESS, began(), Evaluated(step=90, epoch=3, best=True, **figures))  # type: ignore[arg-type]
    other = TrainSpec(model="bundled", max_eval_rows=5)
    app = Workbench(ready)
    for run, expected in (
        (other, "baselines  majority .210 (always 'a') · as it is – (no head)   b measures the head"),
        (
            TrainSpec(model="bundled"),
            "baselines  majority .210 (always 'a') · as it is – (no head) · head .548 (fitted to 8 rows)",
        ),
    ):
        measured(ready, run, Baseline(name="majority", macro_f1=0.9), HEADLESS, HEAD)
        app = Workbench(ready)
        async with app.run_test(size=(140, 45)) as pilot:
            await known(pilot, until)
            await until(pilot, lambda expected=expected: line(lines(app)) == expected)  # noqa: B023


async def test_a_measuring_that_failed_says_why(ready: Workspace, until: Until, lines: Lines) -> None:
    measured(ready, TrainSpec(model="bundled"), failed="all 8 training rows are 'good'")
    app = Workbench(ready)
    async with app.run_test(size=(80, 24)) as pilot:
        await known(pilot, until)
        await until(pilot, lambda: line(lines(app)).startswith("baselines  ✗ failed: all 8 training rows"))


def test_the_line_leaves_out_reasons_before_figures() -> None:
    told = (HEAD, MAJORITY, HEADLESS)
    assert baselines_line(told, ("", ""), 136).plain == (
        "baselines  majority .210 (always 'a') · as it is – (no head) · head .548 (fitted to 8 rows)"
    )
    wide = baselines_line(told, ("", ""), 76).plain
    assert wide == "baselines  majority .210 · as it is – (no head) · head .548"
    assert baselines_line(told, ("", ""), 55).plain == "baselines  majority .210 · as it is – · head .548"
    assert baselines_line(told, ("▶ measuring", ""), 55).plain == "baselines  majority .210 · as it is – · head .548"
    assert baselines_line(told, ("▶ measuring", ""), 76).plain == wide + "   ▶ measuring"
    assert baselines_line((), ("", ""), 76).plain == ""
