"""The comparison of runs: marked, set side by side, and their rows opened in Data."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from rich.cells import cell_len
from textual.app import App
from textual.pilot import Pilot

from tests.made_runs import MakeRun, write_events
from tlworkbench.jobs.state import JobState, write_state
from tlworkbench.tui.app import Workbench
from tlworkbench.tui.screens.compare import CompareScreen
from tlworkbench.tui.screens.data import DataScreen
from tlworkbench.tui.screens.train import TrainScreen
from tlworkbench.tui.widgets.run_columns import RunColumns
from tlworkbench.tui.widgets.told_lines import ToldLines
from tlworkbench.workspace import Workspace

Until = Callable[..., Awaitable[None]]
Lines = Callable[[App[Any]], list[str]]
SIZES = [(80, 24), (140, 45)]


@pytest.fixture
def ready(dataset: Workspace) -> Workspace:
    dataset.update(model="bundled", where={"screen": "train"})
    return dataset


def relabel(dataset: Workspace) -> set[int]:
    """Three training rows from bad to good; which."""
    keys = [int(key) for key in dataset.rows().keys]
    rows = [keys[0], keys[3], keys[6]]
    with dataset.journal() as journal:
        journal.set_label(rows, journal.label_set().index("good"))
        journal.set_excluded(keys[1:2], True)
    return set(rows)


async def opened(pilot: Pilot[Any], until: Until, runs: int) -> None:
    app = pilot.app
    assert isinstance(app, Workbench)
    await until(pilot, lambda: isinstance(app.screen, TrainScreen) and len(app.jobs.of_kind("train")) == runs)
    await until(pilot, lambda: isinstance(app.screen, TrainScreen) and not app.screen._reading)


async def compared(pilot: Pilot[Any], until: Until, *keys: str) -> CompareScreen:
    """Press these and wait until the comparison stands."""
    await pilot.press(*keys)
    await until(pilot, lambda: isinstance(pilot.app.screen, CompareScreen) and pilot.app.screen._comparison)
    screen = pilot.app.screen
    assert isinstance(screen, CompareScreen)
    return screen


def cells(screen: CompareScreen, table: str) -> dict[str, list[str]]:
    return {row.name: [cell.text for cell in row.cells] for row in screen.query_one(table, RunColumns).rows}


def toasts(app: App[Any]) -> str:
    return "\n".join(toast.message for toast in app._notifications)


@pytest.mark.parametrize("size", SIZES)
async def test_marked_runs_are_set_side_by_side(
    ready: Workspace, make_run: MakeRun, until: Until, lines: Lines, size: tuple[int, int]
) -> None:
    make_run(wrong=(0, 1, 2), epochs=2.0)
    relabel(ready)
    make_run(epochs=5.0), make_run()
    app = Workbench(ready)
    async with app.run_test(size=size) as pilot:
        await opened(pilot, until, 3)
        await pilot.press("down", "down", "space", "up", "space")
        await until(pilot, lambda: "2 marked" in "\n".join(lines(app)))
        shown = lines(app)
        assert any("●0001" in line for line in shown) and any("◆0002" in line for line in shown)
        screen = await compared(pilot, until, "v")
        assert [job.run for job in screen.runs] == ["0001", "0002"]
        figures = cells(screen, "#results")
        assert figures["macro-F1"] == [".500", "1.00"] and figures["training rows"] == ["12", "11"]
        assert cells(screen, "#settings") == {"epochs": ["2", "5", "3"]}
        shown = lines(app)
        assert any("● 0001" in line and "◆ 0002" in line for line in shown)
        assert any("1.00★▲.500" in line for line in shown)
        assert all(cell_len(line) <= size[0] for line in shown)
        await pilot.press("escape")
        assert isinstance(app.screen, TrainScreen)


async def test_rows_that_differ_are_opened_in_data(
    ready: Workspace, make_run: MakeRun, until: Until, lines: Lines
) -> None:
    make_run(wrong=(0, 1))
    relabelled = relabel(ready)
    make_run(wrong=(1, 2))
    app = Workbench(ready)
    async with app.run_test(size=(140, 45)) as pilot:
        await opened(pilot, until, 2)
        screen = await compared(pilot, until, "v")
        await pilot.press("enter")
        await until(pilot, lambda: "no rows are chosen" in toasts(app))
        told = screen.query_one(ToldLines)
        await pilot.press("t")
        assert screen.focused is told and told.chosen is not None and told.chosen.title == "0001 right, 0002 wrong"
        place = next(n for n, line in enumerate(told.lines) if "relabelled bad" in line.content.plain)
        await pilot.press(*["down"] * (place - told.cursor), "enter")
        await until(pilot, lambda: isinstance(app.screen, DataScreen) and app.screen._shown is not None)
        await until(pilot, lambda: "relabelled bad → good between 0001 and 0002" in "\n".join(lines(app)))
        keys = told.lines[place].keys
        assert keys is not None and set(keys.tolist()) == relabelled
        # And back to where the comparison was left.
        await pilot.press("g", "t")
        await until(pilot, lambda: app.screen is screen)


async def test_with_none_marked_it_is_the_run_shown_and_the_one_before(
    ready: Workspace, make_run: MakeRun, until: Until
) -> None:
    for _ in range(3):
        make_run()
    app = Workbench(ready)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, until, 3)
        screen = await compared(pilot, until, "v")
        assert [job.run for job in screen.runs] == ["0002", "0003"]
        await pilot.press("escape", "down", "down")
        # Of the oldest run the one after it.
        screen = await compared(pilot, until, "v")
        assert [job.run for job in screen.runs] == ["0001", "0002"]


async def test_one_run_alone_says_what_to_do(ready: Workspace, make_run: MakeRun, until: Until, lines: Lines) -> None:
    app = Workbench(ready)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, until, 0)
        await pilot.press("v")
        await until(pilot, lambda: "there is no run to compare yet" in toasts(app))
        make_run()
        await opened(pilot, until, 1)
        await pilot.press("v")
        await until(pilot, lambda: "there is only 0001" in toasts(app))
        assert isinstance(app.screen, TrainScreen)


async def test_marks_are_there_after_a_restart_and_seven_are_too_many(
    ready: Workspace, make_run: MakeRun, until: Until, lines: Lines
) -> None:
    for _ in range(7):
        make_run()
    app = Workbench(ready)
    async with app.run_test(size=(140, 45)) as pilot:
        await opened(pilot, until, 7)
        for _ in range(7):
            await pilot.press("space", "down")
        await until(pilot, lambda: "6 runs are marked already" in toasts(app))
    app = Workbench(ready)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, until, 7)
        screen = await compared(pilot, until, "v")
        assert [job.run for job in screen.runs] == [f"000{n}" for n in (7, 6, 5, 4, 3, 2)]
        # Six columns have no room for differences: the edge tells those of the row under the cursor.
        await pilot.press("down", "down", "down")
        shown = lines(app)
        assert any("macro-F1" in line and "● 1.00" in line and "=.000" in line for line in shown)
        assert all(cell_len(line) <= 80 for line in shown)


async def test_a_run_that_goes_on_is_followed(ready: Workspace, make_run: MakeRun, until: Until) -> None:
    make_run()
    going = make_run(status="running", steps=3)
    app = Workbench(ready)
    async with app.run_test(size=(140, 45)) as pilot:
        await opened(pilot, until, 2)
        screen = await compared(pilot, until, "v")
        assert cells(screen, "#results")["state"][1] == "! stalled"
        names = ("bad", "good", "so so")
        write_events(going, "done", names, steps=8, right=0.5, rows=12)
        write_state(going.state_file, JobState(status="done"))
        await until(pilot, lambda: cells(screen, "#results")["state"][1] == "✓ done")
        assert cells(screen, "#results")["macro-F1"] == ["1.00", ".500"]


async def test_what_is_damaged_is_said(ready: Workspace, make_run: MakeRun, until: Until, lines: Lines) -> None:
    make_run()
    (make_run().path / "examples.arrow").write_bytes(b"nothing of the kind")
    app = Workbench(ready)
    async with app.run_test(size=(140, 45)) as pilot:
        await opened(pilot, until, 2)
        screen = await compared(pilot, until, "v")
        whole = "\n".join(lines(app))
        assert "⚠ 0002: examples.arrow is damaged" in whole and "0002 has not kept which rows it used" in whole
        assert cells(screen, "#results")["macro-F1"] == ["1.00", "1.00"]


async def test_curves_lie_on_one_another_and_the_cursor_tells_logged_values(
    ready: Workspace, make_run: MakeRun, until: Until, lines: Lines
) -> None:
    make_run(steps=4), make_run(steps=40)
    app = Workbench(ready)
    async with app.run_test(size=(140, 45)) as pilot:
        await opened(pilot, until, 2)
        screen = await compared(pilot, until, "v")
        chart = screen._chart
        await until(pilot, lambda: any("● 0001 0.5000" in line and "◆ 0002 0.0500" in line for line in lines(app)))
        await pilot.press("home")
        assert [(one.name, one.x, one.value) for one in chart.readings()] == [("0001", 1, 2.0), ("0002", 1, 2.0)]
        await pilot.press("a")
        shown = lines(app)
        assert any("by epoch" in line for line in shown) and any("epoch 2" in line for line in shown)
        assert [one.x[-1] for one in chart.figures[0].series] == [2.0, 2.0]
        await pilot.press("a")
        # Two seconds a step.
        assert [one.x[-1] for one in chart.figures[0].series] == [8.0, 80.0]
        assert any("1:20 at work" in line for line in lines(app))
        await pilot.press("m")
        assert chart.name_shown == "validation loss" and [len(one.x) for one in chart.figures[0].series] == [2, 2]
        await pilot.press("+", "y", "k", "0", "right")
        assert chart.view.logarithmic == {"validation loss"} and chart.view.smoothing == "light"


async def test_a_narrow_pane_breaks_its_sentences(
    ready: Workspace, make_run: MakeRun, until: Until, lines: Lines
) -> None:
    make_run(wrong=(0,)), make_run(wrong=(1,), max_eval_rows=4)
    app = Workbench(ready)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, until, 2)
        screen = await compared(pilot, until, "v")
        assert "validation rows or labels differ" in "\n".join(lines(app))
        told = screen.query_one(ToldLines)
        await pilot.press("t")
        await until(pilot, lambda: any("⚠ measured on other rows: 6 and 4, 4 shared" in line for line in lines(app)))
        assert any("  comparable" in line for line in lines(app))
        assert told.chosen is not None and told.chosen.title == "0001 right, 0002 wrong"
        await pilot.press("down")
        # Another width breaks sentences at other places; the cursor stays on its rows.
        before, place = told.chosen, told.cursor
        await pilot.resize_terminal(60, 24)
        await until(pilot, lambda: told.cursor != place)
        assert told.chosen.keys is before.keys and before.keys is not None
        await pilot.press("shift+tab", "shift+tab", "shift+tab")
        await until(pilot, lambda: "Results" in "\n".join(lines(app)))
