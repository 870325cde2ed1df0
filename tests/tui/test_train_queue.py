"""Train with more than one run and more than one screen: the queue, somebody else's run, a run that stands still."""

import time
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest
from textual.app import App
from textual.pilot import Pilot

from tlworkbench.jobs.folder import JobFolder, list_jobs
from tlworkbench.jobs.queue import submit
from tlworkbench.jobs.spec import TrainSpec
from tlworkbench.jobs.starter import FILE_NAME, read_starter
from tlworkbench.jobs.stop import ask_to_stop, force_stop
from tlworkbench.settings import Settings
from tlworkbench.tui.app import Workbench
from tlworkbench.tui.screens.confirm import Confirm
from tlworkbench.tui.screens.train import TrainScreen
from tlworkbench.tui.screens.train_start import StartRun
from tlworkbench.workspace import Workspace

Until = Callable[..., Awaitable[None]]
Lines = Callable[[App[Any]], list[str]]
Engine = Callable[[str], None]

# Steps each 20 ms until it is told to stop, or to stand still.
STEPPING = """
from tlworkbench.engine.ending import after
context.emit(TrainingBegan(classes=("a", "b"), train_rows=80, eval_rows=20, total_steps=9000, epochs=1, batch_size=8,
                           max_length=64, precision="fp32"))
number, end = 0, time.monotonic() + 60
while not context.stop_requested and time.monotonic() < end:
    if not (context.job.path / "still").exists():
        number += 1
        context.emit(Step(step=number, epoch=number / 9000, loss=1 / number, learning_rate=1e-4))
    time.sleep(0.02)
finished = Finished(status="stopped", what=f"stopped at step {number}")
context.finish(finished)
after(context, finished)
"""


@pytest.fixture
def ready(trainable: Workspace, engine: Engine) -> Workspace:
    """A workspace with rows and a model, on the Train screen; its runs step until they are stopped."""
    engine(STEPPING)
    trainable.update(model="bundled", where={"screen": "train"})
    return trainable


async def start(pilot: Pilot[Any], until: Until) -> None:
    await pilot.press("s")
    await until(pilot, lambda: isinstance(pilot.app.screen, StartRun))
    await pilot.press("enter")
    await until(pilot, lambda: isinstance(pilot.app.screen, TrainScreen))


def shown(lines: list[str], *words: str) -> bool:
    whole = "\n".join(lines)
    return all(word in whole for word in words)


def end_all(workspace: Workspace) -> None:
    for job in reversed(list_jobs(workspace.jobs_dir)):
        if not job.state().ended:
            ask_to_stop(job)


def of_ada(job: JobFolder) -> None:
    """As if somebody else had started the run."""
    starter = read_starter(job.path)
    assert starter is not None
    other = msgspec.structs.replace(starter, user="ada", host="box", command="tlworkbench")
    (job.path / FILE_NAME).write_bytes(msgspec.json.encode(other))


async def test_a_second_run_waits_and_starts_when_the_first_ends(ready: Workspace, until: Until, lines: Lines) -> None:
    app = Workbench(ready)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await until(pilot, lambda: isinstance(app.screen, TrainScreen))
        await start(pilot, until)
        await until(pilot, lambda: shown(lines(app), "0001", "▶ running"))
        await pilot.press("s")
        await until(pilot, lambda: shown(lines(app), "enter queues it behind 0001"))
        await pilot.press("enter")
        await until(pilot, lambda: shown(lines(app), "0002 is in the queue", "1 in the queue"))
        app.clear_notifications()
        await until(pilot, lambda: shown(lines(app), "… queued", "after 0001", "0001 all-MiniLM-L6-v2 · ▶ running"))
        await pilot.press("up")
        await until(pilot, lambda: shown(lines(app), "0002 all-MiniLM-L6-v2 · … queued", "x takes it out of the queue"))
        await pilot.press("x")
        await until(pilot, lambda: shown(lines(app), "■ stopped", "taken out of the queue before it began"))
        await pilot.press("r")
        await until(pilot, lambda: shown(lines(app), "… queued", "1 in the queue"))
        ask_to_stop(list_jobs(ready.jobs_dir)[0])
        await until(pilot, lambda: shown(lines(app), "0002 all-MiniLM-L6-v2 · ▶ running"))
        end_all(ready)


async def test_a_screen_starts_what_a_killed_run_left_waiting(ready: Workspace, until: Until, lines: Lines) -> None:
    first, second = (submit(ready.jobs_dir, TrainSpec(model="bundled"), "m") for _ in range(2))
    app = Workbench(ready)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: shown(lines(app), "1 in the queue", "▶ running"))
        force_stop(first)
        await until(pilot, lambda: shown(lines(app), "? lost") and second.state().status == "running")
        end_all(ready)


async def test_somebody_elses_run_is_stopped_only_after_a_question(
    ready: Workspace, until: Until, lines: Lines
) -> None:
    job = submit(ready.jobs_dir, TrainSpec(model="bundled"), "m")
    of_ada(job)
    app = Workbench(ready)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: shown(lines(app), "▶ running", "step"))
        await pilot.press("x")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        assert shown(lines(app), "0001 was started by ada@box")
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, TrainScreen))
        assert job.state().status == "running"
        await pilot.press("x")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        await pilot.press("enter")
        await until(pilot, lambda: shown(lines(app), "■ stopped"))


async def test_a_run_that_stands_still_is_marked_and_not_once_it_goes_on(
    ready: Workspace, until: Until, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tlworkbench.jobs import stall

    monkeypatch.setattr(stall, "LEAST_SECONDS", 0.8)
    job = submit(ready.jobs_dir, TrainSpec(model="bundled"), "m")
    app = Workbench(ready)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: shown(lines(app), "▶ running", "step"))
        (job.path / "still").touch()
        await until(pilot, lambda: shown(lines(app), "! stalled", "no step for", ", usual 0.", "x stops it"))
        (job.path / "still").unlink()
        await until(pilot, lambda: shown(lines(app), "▶ running") and not shown(lines(app), "stalled"))
        end_all(ready)


@pytest.mark.parametrize("bell", [True, False])
async def test_the_end_of_a_run_rings_and_is_told_on_other_screens(
    ready: Workspace, engine: Engine, until: Until, lines: Lines, monkeypatch: pytest.MonkeyPatch, bell: bool
) -> None:
    engine("until(lambda: (context.job.path / 'end').exists()); done()")
    job = submit(ready.jobs_dir, TrainSpec(model="bundled"), "m")
    rung: list[float] = []
    app = Workbench(ready, Settings(bell=bell))
    monkeypatch.setattr(app, "bell", lambda: rung.append(time.monotonic()))
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await until(pilot, lambda: shown(lines(app), "▶ running"))
        await pilot.press("]")
        await until(pilot, lambda: app.current_mode == "predict")
        (job.path / "end").touch()
        await until(pilot, lambda: shown(lines(app), "0001 done"))
        assert len(rung) == bell


async def test_the_log_follows_its_end_and_lets_one_scroll(
    ready: Workspace, engine: Engine, until: Until, lines: Lines
) -> None:
    engine(
        "print('\\n'.join(f'line {n}' for n in range(300)), flush=True)\n"
        "print('  1%|#  | 1/9\\r 50%|## | 5/9', end='', flush=True)\n"
        "until(lambda: (context.job.path / 'end').exists())\nprint('\\rthe last line', flush=True)\nwait()"
    )
    job = submit(ready.jobs_dir, TrainSpec(model="bundled"), "m")
    app = Workbench(ready)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: shown(lines(app), "▶ running"))
        await pilot.press("l")
        await until(pilot, lambda: shown(lines(app), "line 299", "50%|## | 5/9", "301 lines") and app.focused)
        assert not shown(lines(app), "1/9")
        await pilot.press("home")
        await until(pilot, lambda: shown(lines(app), "line 0", "line 1"))
        (job.path / "end").touch()
        await until(pilot, lambda: "the last line" in app.screen.query_one("#log").lines[-1])  # type: ignore[attr-defined]
        assert shown(lines(app), "line 0")
        await pilot.press("end")
        await until(pilot, lambda: shown(lines(app), "the last line"))
        ask_to_stop(job)
