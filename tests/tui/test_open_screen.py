"""`open --screen` in a real terminal: stopped, killed, gone on with."""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.tui.terminal import Terminal
from tlworkbench import paths
from tlworkbench.jobs.folder import list_jobs
from tlworkbench.jobs.stop import force_stop
from tlworkbench.workspace import open_workspace

ROWS = 60_000
Screen = Callable[..., Terminal]


@pytest.fixture
def large(tmp_path: Path) -> Path:
    file = tmp_path / "large.csv"
    with file.open("w") as stream:
        stream.write("text,label\n")
        stream.writelines(f"the text of row {number},{'ab'[number % 2]}\n" for number in range(1, ROWS + 1))
    return file


@pytest.fixture
def screen() -> Iterator[Screen]:
    """Start the program in a terminal of its own."""
    started: list[Terminal] = []

    def screen(*arguments: str) -> Terminal:
        started.append(Terminal([sys.executable, "-m", "tlworkbench", *arguments], os.environ))
        return started[-1]

    yield screen
    for terminal in started:
        terminal.close()
    for folder in paths.workspaces_dir().glob("*/jobs"):
        for job in list_jobs(folder):
            if job.state().pid and not job.state().ended:
                force_stop(job)


def test_an_import_stopped_by_esc_is_as_if_it_had_never_been(screen: Screen, large: Path) -> None:
    before = set(paths.workspaces_dir().parent.rglob("*")) if paths.workspaces_dir().parent.exists() else set()
    terminal = screen("open", str(large), "--screen")
    terminal.until(lambda text: "the text of row 3" in text and "so far" in text)
    terminal.press("\x1b")
    terminal.until(lambda text: "No dataset yet" in text)
    terminal.press("q")
    assert terminal.process.wait(20) == 0
    after = {path for path in paths.workspaces_dir().parent.rglob("*") if path.is_file()}
    assert after <= before


def test_an_import_outlives_a_killed_screen_and_the_same_command_finds_it(screen: Screen, large: Path) -> None:
    first = screen("open", str(large), "--screen")
    first.until(lambda text: "the text of row 3" in text)
    first.kill()
    second = screen("open", str(large), "--screen")
    second.until(lambda text: f"of {ROWS // 1000} 000 " in text and "so far" not in text and "label + next" in text, 60)
    second.press("2")
    second.until(lambda text: "row 2 of" in text)
    second.kill()
    workspace = open_workspace("large")
    assert len(workspace.rows()) == ROWS and not list(paths.workspaces_dir().glob("large-*"))
    with workspace.journal() as journal:
        assert journal.edit_count == 1


def test_a_killed_import_leaves_nothing_broken(screen: Screen, large: Path) -> None:
    first = screen("open", str(large), "--screen")
    first.until(lambda text: "the text of row 3" in text)
    job = list_jobs(open_workspace("large").jobs_dir)[0]
    first.until(lambda text: job.state().pid)
    os.killpg(job.state().pid, signal.SIGKILL)
    first.until(lambda text: "was not imported" in text or "No dataset yet" in text)
    first.kill()
    second = screen("-w", "large")
    second.until(lambda text: "No dataset yet" in text)
    assert not list(open_workspace("large").root.rglob("rows*"))
