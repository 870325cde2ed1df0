"""The dialog that predicts a file into a file."""

import threading
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from textual.app import App
from textual.pilot import Pilot
from textual.widgets import Input

from tests.tui.predict_bundles import export
from tlworkbench.tui.app import Workbench
from tlworkbench.tui.screens import predict_file
from tlworkbench.tui.screens.predict_file import PredictFile, target_for
from tlworkbench.workspace import Workspace

Until = Callable[..., Awaitable[None]]
Lines = Callable[[App[Any]], list[str]]


@pytest.fixture
def exported(workspace: Workspace) -> Workspace:
    """A workspace with a real bundle, left on Predict."""
    export(workspace)
    workspace.update(where={"screen": "predict"})
    return workspace


async def open_dialog(pilot: Pilot[Any], until: Until) -> None:
    await until(pilot, lambda: pilot.app.screen._answerer.loaded is not None)  # type: ignore[attr-defined]
    await pilot.press("escape", "f")
    await until(pilot, lambda: isinstance(pilot.app.screen, PredictFile))


def fill(app: App[Any], **values: Path | str) -> None:
    for name, value in values.items():
        app.screen.query_one(f"#{name}", Input).value = str(value)


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("reviews.txt", "reviews-predicted.csv"),
        ("/data/reviews.JSONL", "/data/reviews-predicted.jsonl"),
        ("a/b.parquet", "a/b-predicted.parquet"),
        ("", ""),
    ],
)
def test_answers_go_beside_the_file_when_nothing_else_is_said(source: str, target: str) -> None:
    assert target_for(source) == target


@pytest.mark.parametrize("size", [(80, 24), (140, 45)])
async def test_a_file_is_predicted_into_the_one_beside_it(
    exported: Workspace, tmp_path: Path, until: Until, lines: Lines, size: tuple[int, int]
) -> None:
    source = tmp_path / "in.csv"
    source.write_text("id,words\n1,lovely\n2,awful\n")
    app = Workbench(exported)
    async with app.run_test(size=size) as pilot:
        await open_dialog(pilot, until)
        assert any("Predict a file with 0001 int8" in line for line in lines(app))
        fill(app, file=source, column="words")
        await until(pilot, lambda: "in-predicted.csv" in app.screen.query_one("#out", Input).placeholder)
        await pilot.press("enter")
        await until(pilot, lambda: any("✓ 2 rows written to" in line for line in lines(app)))
        written = (tmp_path / "in-predicted.csv").read_text().splitlines()
        assert [line.split(",")[:3] for line in written[1:]] == [["1", "lovely", "good"], ["2", "awful", "bad"]]
        await pilot.press("enter")
        await until(pilot, lambda: not isinstance(app.screen, PredictFile))


async def test_what_is_wrong_is_told_in_the_dialog_and_can_be_corrected(
    exported: Workspace, tmp_path: Path, until: Until, lines: Lines
) -> None:
    source = tmp_path / "in.csv"
    source.write_text("id,words\n1,lovely\n")
    app = Workbench(exported)
    async with app.run_test(size=(80, 24)) as pilot:
        await open_dialog(pilot, until)
        await pilot.press("enter")
        await until(pilot, lambda: any("no file is named yet" in line for line in lines(app)))
        fill(app, file=source, column="word", out=tmp_path / "out.csv")
        await pilot.press("enter")
        await until(pilot, lambda: any("has no column 'word'" in line for line in lines(app)))
        assert any("Did you mean 'words'?" in line for line in lines(app))
        fill(app, column="words")
        await pilot.press("enter")
        await until(pilot, lambda: any("1 row written" in line for line in lines(app)))


async def test_a_file_that_is_there_is_replaced_only_when_asked_twice(
    exported: Workspace, tmp_path: Path, until: Until, lines: Lines
) -> None:
    source, target = tmp_path / "in.txt", tmp_path / "out.csv"
    source.write_text("lovely\n")
    target.write_text("precious")
    app = Workbench(exported)
    async with app.run_test(size=(80, 24)) as pilot:
        await open_dialog(pilot, until)
        fill(app, file=source, out=target)
        await pilot.press("enter")
        await until(pilot, lambda: any("Enter again replaces it" in line for line in lines(app)))
        assert target.read_text() == "precious"
        await pilot.press("enter")
        await until(pilot, lambda: "good" in target.read_text())


async def test_leaving_the_program_ends_the_work(
    exported: Workspace, tmp_path: Path, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = threading.Event()

    def endless(*given: Any) -> int | None:
        cancelled = given[-1]
        end = time.monotonic() + 30
        while not cancelled():
            assert time.monotonic() < end, "nobody stopped it"
            threading.Event().wait(0.01)
        ended.set()
        return None

    monkeypatch.setattr(predict_file, "predict_into", endless)
    app = Workbench(exported)
    async with app.run_test() as pilot:
        await open_dialog(pilot, until)
        fill(app, file=tmp_path / "in.txt")
        await pilot.press("enter")
        await until(pilot, lambda: "esc stops it" in str(app.screen.query_one("#dialog").border_subtitle))
        app.exit()
    assert ended.wait(5)


async def test_progress_shows_and_esc_stops_the_work(
    exported: Workspace, tmp_path: Path, until: Until, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    def endless(loaded: object, source: Path, target: Path, column: str, progress: Any, cancelled: Any) -> int | None:
        progress(1200, 4000)
        end = time.monotonic() + 30
        while not cancelled():
            assert time.monotonic() < end, "nobody stopped it"
            threading.Event().wait(0.01)
        return None

    monkeypatch.setattr(predict_file, "predict_into", endless)
    app = Workbench(exported)
    async with app.run_test(size=(80, 24)) as pilot:
        await open_dialog(pilot, until)
        fill(app, file=tmp_path / "in.txt")
        await pilot.press("enter")
        await until(pilot, lambda: any("1 200 of 4 000 rows" in line and "▅" in line for line in lines(app)))
        assert any("esc stops it" in line for line in lines(app))
        await pilot.press("escape")
        await until(pilot, lambda: any("stopped; nothing was written" in line for line in lines(app)))
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, PredictFile))
