"""What the Train screen shows of a run that went wrong: what happened, what to do, and the key for the log."""

import pytest

from tests.tui.conftest import Lines, Until
from tests.tui.test_train_screen import began, opened, past_run, shown, steps
from tlworkbench.tui.app import Workbench
from tlworkbench.workspace import Workspace

FAILURES = (
    ("out of memory with one text of up to 512 tokens at a time", "Set a smaller max_length, freeze some layers."),
    ("the disk is full: no checkpoint could be written to /data/ws", "Free some space, then resume the run."),
    ("the loss became NaN at step 3", "Lower the learning rate (now 0.1), or clip gradients harder."),
    ("process 2 of 4 ended without a last word", "It may have been killed for want of memory: lower batch_size."),
)


@pytest.fixture
def ready(trainable: Workspace) -> Workspace:
    """A workspace with rows and a model, on the Train screen."""
    trainable.update(model="bundled", where={"screen": "train"})
    return trainable


def squeezed(lines: list[str]) -> list[str]:
    """The screen's words in a row, as a sentence may be broken where the screen ends."""
    words = " ".join(lines).replace("│", " ").replace("┃", " ").split()
    return [" ".join(words)]


@pytest.mark.parametrize("size", [(80, 24), (140, 45)])
async def test_both_lines_and_the_key_for_the_log_are_there(
    ready: Workspace, until: Until, lines: Lines, size: tuple[int, int]
) -> None:
    for what, hint in FAILURES:
        past_run(ready, "failed", what=what, hint=hint)
        past_run(ready, "failed", began(), *steps(20), what=what, hint=hint)
    past_run(ready, "lost", began(), *steps(20))
    app = Workbench(ready)
    async with app.run_test(size=size) as pilot:
        await opened(pilot, until)
        words = ("? lost", "its process ended without a last word", "r resumes it", "l shows what it printed")
        await until(pilot, lambda: shown(squeezed(lines(app)), *words))
        for number in reversed(range(2 * len(FAILURES))):
            what, hint = FAILURES[number // 2]
            run = f"{number + 1:04d} all-MiniLM-L6-v2 · ✗ failed"
            await pilot.press("down")
            said = (run, f"✗ failed {what}", hint, "l shows what it printed")
            await until(pilot, lambda said=said: shown(squeezed(lines(app)), *said))
