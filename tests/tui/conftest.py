"""A workspace with rows, a scripted engine, and how to look at the screen and wait for it."""

import contextlib
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from textual.app import App
from textual.pilot import Pilot

from tlworkbench.jobs import launch as launching
from tlworkbench.jobs.folder import list_jobs
from tlworkbench.workspace import Workspace, open_workspace

Until: TypeAlias = Callable[..., Awaitable[None]]
Lines: TypeAlias = Callable[[App[Any]], list[str]]
Engine: TypeAlias = Callable[[str], None]
MakeRows: TypeAlias = Callable[..., Workspace]

TWEETS = (
    ("still waiting for my refund", "negative"),
    ("love it when the app works", "positive"),
    ("they moved the launch to friday", "neutral"),
    ("was it so hard to answer one email", "negative"),
    ("new build is out", "neutral"),
    ("the night shift deserves a raise", "positive"),
    ("battery dead after two hours", "negative"),
    ("meeting moved to 3", "neutral"),
)

HELD_OUT = (
    ("nobody answers the phone", "negative"),
    ("the call is at noon", "neutral"),
    ("what a lovely update", "positive"),
)

_ENGINE = """
import sys, time
from pathlib import Path
from tlworkbench.engine.context import JobContext
from tlworkbench.jobs.events import *
from tlworkbench.jobs.events import ClassFigures, GpuGauge
from tlworkbench.jobs.folder import open_job
context = JobContext(open_job(Path(sys.argv[-1])), own_process=True)
spec = context.job.spec()
context.emit(Started(kind=context.job.kind, pid=1, device="a fake"))
def until(condition, seconds=60):
    end = time.monotonic() + seconds
    while not (context.stop_requested or condition()) and time.monotonic() < end:
        time.sleep(0.01)
def wait():
    until(lambda: False)
def done(**result):
    context.finish(Finished(status="stopped" if context.stop_requested else "done", what="done", result=result))
"""


@pytest.fixture
def workspace() -> Workspace:
    """An empty workspace."""
    return open_workspace("tweets", create=True)


@pytest.fixture
def make_rows(workspace: Workspace) -> MakeRows:
    """Write rows into the workspace: texts, labels; further columns by name."""

    def make(
        texts: Sequence[str | None], labels: Sequence[object] | None = None, **columns: Sequence[object]
    ) -> Workspace:
        from tlworkbench.data.rows_writer import write_rows

        given: dict[str, Any] = {"text": list(texts), **({"label": list(labels)} if labels else {}), **columns}
        write_rows(
            workspace.rows_file, {"train": given}, text=("text",), label="label" if labels else "", validation=0.0
        )
        workspace.update(source="tweets.csv")
        return workspace

    return make


@pytest.fixture
def tweets(make_rows: MakeRows) -> Workspace:
    """A workspace with eight rows of three classes."""
    return make_rows([text for text, _ in TWEETS], [label for _, label in TWEETS])


@pytest.fixture
def trainable(tweets: Workspace) -> Workspace:
    """The same eight rows to train on, and three more to validate on."""
    from tlworkbench.data.rows_writer import write_rows

    parts = {"train": TWEETS, "validation": HELD_OUT}
    columns = {
        split: {"text": [text for text, _ in rows], "label": [label for _, label in rows]}
        for split, rows in parts.items()
    }
    write_rows(tweets.rows_file, columns, text=("text",), label="label")
    return tweets


@pytest.fixture
def until() -> Until:
    """`await until(pilot, lambda: …)`: let the program run until a condition holds; fails after a while."""

    async def until(pilot: Pilot[Any], condition: Callable[[], object], seconds: float = 20) -> None:
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, "it did not come true in time"
            await pilot.pause(0.01)
        await pilot.pause()

    return until


@pytest.fixture
def lines() -> Lines:
    """The visible text of the screen, one string a line."""

    def lines(app: App[Any]) -> list[str]:
        return [strip.text.rstrip() for strip in app.screen._compositor.render_strips()]

    return lines


@pytest.fixture
def engine(tmp_path: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """`engine("…python…")`: jobs of this test run these lines; they know `context`, `spec`, events, `until`, `wait`
    and `done`. What still runs at the end of the test is killed."""

    def script(code: str) -> None:
        file = tmp_path / "engine.py"
        file.write_text(_ENGINE + code)
        monkeypatch.setattr(launching, "ENGINE_COMMAND", (sys.executable, str(file)))

    yield script
    for job in list_jobs(workspace.jobs_dir):
        state = job.state()
        if state.pid and not state.ended:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(state.pid, signal.SIGKILL)
