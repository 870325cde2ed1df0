"""A run outlives its screen: killed, hung up on, it goes on, and the next start shows all of it."""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.tui.terminal import Terminal
from tlworkbench.jobs.folder import JobFolder, list_jobs
from tlworkbench.jobs.follow import read_run
from tlworkbench.jobs.stop import force_stop
from tlworkbench.workspace import Workspace

# Steps until it finds the file `finish`, one each 20 ms: a run that is going for as long as the test wants.
_ENGINE = """
import sys, time
from pathlib import Path
from tlworkbench.engine.context import JobContext
from tlworkbench.jobs.events import Finished, Started, Step, TrainingBegan
from tlworkbench.jobs.folder import open_job
context = JobContext(open_job(Path(sys.argv[-1])), own_process=True)
context.emit(Started(kind="train", pid=1, device="a fake"))
context.emit(TrainingBegan(classes=("a", "b"), train_rows=80, eval_rows=20, total_steps=100000, epochs=1, batch_size=8,
                           max_length=64, precision="fp32"))
step, end = 0, time.monotonic() + 100
while not (context.job.path / "finish").exists() and not context.stop_requested and time.monotonic() < end:
    step += 1
    context.emit(Step(step=step, epoch=step / 100000, loss=1 / step, learning_rate=1e-4))
    time.sleep(0.02)
context.finish(Finished(status="stopped" if context.stop_requested else "done", what=f"stopped at step {step}"))
"""
_PROGRAM = """
import sys
from tlworkbench.cli import main
from tlworkbench.jobs import launch
launch.ENGINE_COMMAND = (sys.executable, sys.argv[1])
main(["-w", sys.argv[2]])
"""
Screen = Callable[[], Terminal]


@pytest.fixture
def screen(trainable: Workspace, tmp_path: Path) -> Iterator[Screen]:
    """Start the program on a workspace, in a terminal; its jobs run the engine above."""
    trainable.update(model="bundled", where={"screen": "train"})
    engine = tmp_path / "engine.py"
    engine.write_text(_ENGINE)
    started: list[Terminal] = []

    def screen() -> Terminal:
        terminal = Terminal([sys.executable, "-c", _PROGRAM, str(engine), trainable.name], os.environ)
        started.append(terminal)
        return terminal

    yield screen
    for terminal in started:
        terminal.close()
    for job in list_jobs(trainable.jobs_dir):
        if not job.state().ended:
            force_stop(job)


def start_run(terminal: Terminal, workspace: Workspace) -> JobFolder:
    """Start a run by keys, and wait until it steps."""
    terminal.until(lambda text: "start" in text and "Train" in text)
    terminal.press("s")
    terminal.until(lambda text: "Enter" in text or "enter" in text)
    terminal.press("\r")
    terminal.until(lambda text: "step" in text and "running" in text)
    return list_jobs(workspace.jobs_dir, "train")[-1]


@pytest.mark.parametrize("end", ["kill", "hang_up"])
def test_a_run_goes_on_without_its_screen_and_is_whole_on_the_next_one(
    screen: Screen, trainable: Workspace, end: str
) -> None:
    first = screen()
    job = start_run(first, trainable)
    getattr(first, end)()
    first.process.wait(30)

    at_end = read_run(job).last_step
    wait_for(lambda: read_run(job).last_step > at_end + 20)
    assert read_run(job).status == "running"

    second = screen()
    text = second.until(lambda text: "running" in text and "step" in text)
    assert job.run in text
    (job.path / "finish").touch()
    second.until(lambda text: "done" in text)
    state = read_run(job)
    assert [step.step for step in state.steps] == list(range(1, state.last_step + 1)), "the curve has a gap"
    second.press("q")
    assert second.process.wait(30) == 0


def test_leaving_asks_once_and_leaves_the_run_going(screen: Screen, trainable: Workspace) -> None:
    terminal = screen()
    job = start_run(terminal, trainable)
    terminal.press("q")
    terminal.until(lambda text: "still runs" in text)
    terminal.press("\r")
    assert terminal.process.wait(30) == 0
    assert not job.state().ended


def wait_for(condition: Callable[[], bool]) -> None:
    """Wait for a condition outside of the screen."""
    import time

    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end, "it did not come true in time"
        time.sleep(0.02)
