"""Rows of an import that still runs: seen at once, looked at only, and gone when it is stopped."""

import csv
import os
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from textual.app import App

from tlworkbench.jobs.events import Progress
from tlworkbench.jobs.folder import list_jobs
from tlworkbench.jobs.run_state import RunState
from tlworkbench.jobs.spec import ImportSpec
from tlworkbench.jobs.starter import this_program
from tlworkbench.jobs.state import process_started
from tlworkbench.tui.app import Workbench
from tlworkbench.tui.screens.data import DataScreen
from tlworkbench.tui.widgets.import_line import import_line
from tlworkbench.tui.widgets.row_table import RowTable
from tlworkbench.workspace import Workspace

Until = Callable[..., Awaitable[None]]
Lines = Callable[[App[Any]], list[str]]
Engine = Callable[[str], None]

# Writes the rows in pieces of 3000, each when the file `go` is that many characters long.
IMPORT = """
from tlworkbench.data.part_file import PART_NAME
from tlworkbench.data.rows_writer import RowsWriter
import csv, pyarrow as pa
rows = list(csv.DictReader(open(spec.source)))
go = Path(spec.source).with_name("go")
with RowsWriter(context.job.path / PART_NAME, source=spec.source, text=("text",), label="label") as writer:
    for number, start in enumerate(range(0, len(rows), 3000)):
        until(lambda: go.exists() and go.stat().st_size > number)
        if context.stop_requested:
            break
        part = rows[start:start + 3000]
        writer.write("train", pa.table({"text": [r["text"] for r in part], "label": [r["label"] for r in part]}))
        writer._flush(everything=True)
        context.progress("importing reviews.csv", writer.rows, 0, bytes_done=start + 3000, bytes_total=10000)
    else:
        writer.close()
        writer.seal(context.workspace / "rows.arrow")
done(rows=len(rows))
"""


@pytest.fixture
def reviews(tmp_path: Path) -> Path:
    file = tmp_path / "reviews.csv"
    with file.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(("text", "label"))
        writer.writerows((f"review {number}", ("bad", "good")[number % 2]) for number in range(9000))
    return file


def table(app: Workbench) -> RowTable:
    return next(screen for screen in app.screen_stack if isinstance(screen, DataScreen)).query_one(RowTable)


def said(lines: Lines, app: Workbench) -> str:
    return "\n".join(lines(app))


@pytest.mark.parametrize("size", [(80, 24), (140, 45)])
async def test_rows_grow_under_the_cursor_until_all_are_there(
    workspace: Workspace, engine: Engine, until: Until, lines: Lines, reviews: Path, size: tuple[int, int]
) -> None:
    engine(IMPORT)
    go = reviews.with_name("go")
    app = Workbench(workspace, opening=ImportSpec(source=str(reviews)))
    async with app.run_test(size=size, notifications=True) as pilot:
        # Before the engine has read a single row.
        await until(pilot, lambda: "row 1 of 1 000 so far" in said(lines, app))
        assert "being imported" in lines(app)[1] and "esc stop the import" in lines(app)[-1]
        await pilot.press("end")
        go.write_text("1")
        await until(pilot, lambda: "row 1 000 of 3 000 so far" in said(lines, app))
        assert "30 %" in said(lines, app) and "3 000 rows" in said(lines, app)
        await pilot.press(":", *"2500", "enter")
        await until(pilot, lambda: table(app).place == 2499)
        top = table(app).scroll_offset.y
        go.write_text("12")
        await until(pilot, lambda: "row 2 500 of 6 000 so far" in said(lines, app))
        assert "review 2499" in said(lines, app) and table(app).scroll_offset.y == top
        go.write_text("123")
        await until(pilot, lambda: "row 2 500 of 9 000" in said(lines, app) and "so far" not in said(lines, app))
        assert table(app).place == 2499 and table(app).scroll_offset.y == top
        assert "being imported" not in said(lines, app) and "label + next" in lines(app)[-1]
        await pilot.press("1")
        assert table(app).place == 2500
    assert workspace.info.source == str(reviews)


async def test_keys_that_edit_say_why_they_can_not(
    workspace: Workspace, engine: Engine, until: Until, lines: Lines, reviews: Path
) -> None:
    engine(IMPORT)
    app = Workbench(workspace, opening=ImportSpec(source=str(reviews)))
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await until(pilot, lambda: "so far" in said(lines, app))
        for key in ("1", "x", "u", "b", "slash"):
            await pilot.press("escape") if key != "1" else None
            await pilot.press(key)
            await until(pilot, lambda: "can be looked at only" in " ".join(said(lines, app).split()))
        assert not workspace.labels_file.exists()
        # The first esc takes the words away, and the import goes on.
        assert list_jobs(workspace.jobs_dir, "import")[0].state().status in ("starting", "running")


async def test_esc_stops_the_import_and_nothing_is_left(
    workspace: Workspace, engine: Engine, until: Until, lines: Lines, reviews: Path
) -> None:
    engine(IMPORT)
    reviews.with_name("go").write_text("1")
    app = Workbench(workspace, opening=ImportSpec(source=str(reviews)))
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await until(pilot, lambda: "3 000 rows" in said(lines, app))
        await pilot.press("escape")
        await until(pilot, lambda: "i opens one" in said(lines, app))
        await until(pilot, lambda: "The import was stopped" in said(lines, app))
        assert not list_jobs(workspace.jobs_dir) and not workspace.has_rows
        assert {path.name for path in workspace.root.rglob("*")} <= {"workspace.json", "jobs", ".lock"}
        # And another one can be opened.
        reviews.with_name("go").write_text("1234")
        await pilot.press("escape", "i")
        await until(pilot, lambda: "Open a dataset" in said(lines, app))
        app.screen.query_one("Input").value = str(reviews)  # type: ignore[attr-defined]
        await pilot.press("enter")
        await until(pilot, lambda: "row 1 of 9 000" in said(lines, app))


async def test_esc_leaves_the_old_rows(
    tweets: Workspace, engine: Engine, until: Until, lines: Lines, reviews: Path
) -> None:
    engine(IMPORT)
    reviews.with_name("go").write_text("1")
    before = tweets.rows_file.read_bytes()
    tweets.update(source=str(reviews))
    app = Workbench(tweets, opening=ImportSpec(source=str(reviews)))
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await until(pilot, lambda: "3 000 rows" in said(lines, app))
        assert "still waiting" in said(lines, app)
        await pilot.press("3", "slash", *"night", "enter", "escape")
        assert list_jobs(tweets.jobs_dir)
        await pilot.press("escape")
        await until(pilot, lambda: not list_jobs(tweets.jobs_dir))
        assert "row 6 of 8" in said(lines, app)
    assert tweets.rows_file.read_bytes() == before


async def test_an_import_that_was_killed_is_told_once_on_the_next_start(
    workspace: Workspace, engine: Engine, until: Until, lines: Lines, reviews: Path
) -> None:
    engine(IMPORT)
    reviews.with_name("go").write_text("1")
    app = Workbench(workspace, opening=ImportSpec(source=str(reviews)))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "3 000 rows" in said(lines, app))
    job = list_jobs(workspace.jobs_dir, "import")[0]
    os.killpg(job.state().pid, signal.SIGKILL)
    again = Workbench(workspace)
    async with again.run_test(size=(80, 24), notifications=True) as pilot:
        await until(pilot, lambda: "reviews.csv was not imported" in said(lines, again))
        await until(pilot, lambda: workspace.info.where.get("data", {}).get("import_told"))
        assert not (job.path / "rows.part").exists() and "i opens one" in said(lines, again)
    third = Workbench(workspace)
    async with third.run_test(size=(80, 24), notifications=True) as pilot:
        await until(pilot, lambda: third.jobs.of_kind("import"))
        assert "was not imported" not in said(lines, third)


def test_the_line_of_an_import_fits_and_says_what_is_known() -> None:
    progress = Progress(
        what="importing reviews of the whole year.csv",
        done=412_000,
        bytes_done=53_000_000,
        bytes_total=123_000_000,
        seconds_left=7.2,
    )
    for width in (60, 78, 138):
        line = import_line(RunState(status="running", progress=progress), width)
        assert line.cell_length <= width and "43 % · 0:07 left" in line.plain and "▅" in line.plain
    assert "412 000 rows · 53 MB of 123 MB" in line.plain
    fetching = RunState(status="running", progress=Progress(what="fetching imdb", done=3_200_000, unit="bytes"))
    assert import_line(fetching, 78).plain == "▶ fetching imdb  3 MB"
    assert import_line(RunState(), 78).plain == "▶ starting"


async def test_esc_leaves_the_import_of_another_program_that_is_open(
    workspace: Workspace, engine: Engine, until: Until, lines: Lines, reviews: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = msgspec.structs.replace(
        this_program(),
        pid=1,
        pid_started=process_started(1),
        session=0,
        session_started=0.0,
        command="tlworkbench open",
    )
    monkeypatch.setattr("tlworkbench.tui.dataset.importing.read_starter", lambda folder: other)
    engine(IMPORT)
    reviews.with_name("go").write_text("1")
    app = Workbench(workspace, opening=ImportSpec(source=str(reviews)))
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await until(pilot, lambda: "3 000 rows" in said(lines, app))
        await pilot.press("escape")
        await until(pilot, lambda: "was started by" in said(lines, app))
        assert list_jobs(workspace.jobs_dir)[0].state().status == "running"
