"""The checks dialog: what it counts and shows, what it puts right, and that keys never wait for it."""

import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from textual.app import App
from textual.pilot import Pilot

from tests.word_tokenizer import word_model_folder
from tlworkbench.data import near_duplicates
from tlworkbench.data.checks import subject as subjects
from tlworkbench.data.checks.table import CHECKS
from tlworkbench.data.rows_writer import write_rows
from tlworkbench.tui.app import Workbench
from tlworkbench.tui.screens.checks import CheckList, ChecksDialog
from tlworkbench.tui.screens.confirm import Confirm
from tlworkbench.tui.screens.data import DataScreen
from tlworkbench.tui.widgets.row_table import RowTable
from tlworkbench.workspace import Workspace

Until = Callable[..., Awaitable[None]]
Lines = Callable[[App[Any]], list[str]]
SIZES = [(80, 24), (140, 45)]

TRAIN = (
    ("again and again", "x"), ("leak", "x"), ("twice", "x"), ("twice", "x"), ("again and again", "x"), ("twice", "y"),
    ("", "y"), ("tie", "x"), ("tie", "y"),
)  # fmt: skip
TEST = (("leak", "y"), ("held out", "y"))


@pytest.fixture
def faulty(workspace: Workspace) -> Workspace:
    """Eleven rows: a duplicate, a leak that is a conflict, two more conflicts of which one is a tie, an empty text."""
    columns = {"train": TRAIN, "test": TEST}
    write_rows(
        workspace.rows_file,
        {
            name: {"text": [text for text, _ in rows], "label": [label for _, label in rows]}
            for name, rows in columns.items()
        },
        validation=0.0,
    )
    workspace.update(source="faulty.csv")
    return workspace


def table(app: Workbench) -> RowTable:
    return next(screen for screen in app.screen_stack if isinstance(screen, DataScreen)).query_one(RowTable)


def found(app: Workbench) -> dict[str, int | None]:
    """What has been counted so far."""
    return {name: found.count for name, found in app.screen.query_one(CheckList).found.items()}


async def opened(app: Workbench, pilot: Pilot[None], until: Until, all_of_it: bool = True) -> None:
    await until(pilot, lambda: isinstance(app.screen, DataScreen) and table(app).row is not None)
    await pilot.press("C")
    await until(pilot, lambda: isinstance(app.screen, ChecksDialog))
    if all_of_it:
        await until(pilot, lambda: len(found(app)) == len(CHECKS))


async def go_to(pilot: Pilot[None], check: str) -> None:
    await pilot.press("home", *["j"] * [each.id for each in CHECKS].index(check))


@pytest.mark.parametrize("size", SIZES)
async def test_counts_bars_and_words_show(
    faulty: Workspace, until: Until, lines: Lines, size: tuple[int, int], tmp_path: Path
) -> None:
    faulty.update(model=str(word_model_folder(tmp_path / "words", 4)))
    app = Workbench(faulty)
    async with app.run_test(size=size) as pilot:
        await opened(app, pilot, until)
        assert {name: count for name, count in found(app).items() if count} == {
            "conflicts": 3, "leaks": 1, "empty": 1, "duplicates": 1, "rare": 2, "unmeasured": 2, "too_long": 2,
        }  # fmt: skip
        shown = "\n".join(lines(app))
        assert all(check.title in shown for check in CHECKS)
        assert "3 ✗ same text, different labels" in shown and "1 ! exact duplicates" in shown
        assert "– ✓ near duplicates" in shown and "11 rows" in shown
        assert "Classes" in shown and "55 %" in shown and "45 %" in shown
        assert "4 are read, 20 % cut" in shown and "5–8" in shown
        assert "3 texts in 7 rows. A model can't learn" in shown
        assert "enter rows  m majority label  t leaks leave training  esc leave" in shown
        await go_to(pilot, "rare")
        await until(pilot, lambda: "2 classes: x 6, y 5. Too few rows to learn from" in "\n".join(lines(app)))


async def test_enter_shows_the_rows_of_a_check_group_by_group(faulty: Workspace, until: Until, lines: Lines) -> None:
    app = Workbench(faulty)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, until)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, DataScreen))
        assert list(table(app).view.rows) == [1, 9, 2, 3, 5, 7, 8]
        await until(pilot, lambda: "same text, different labels" in lines(app)[1])
        await pilot.press("escape")
        await until(pilot, lambda: len(table(app).view) == 11)
        await pilot.press("C")
        await go_to(pilot, "duplicates")
        await until(pilot, lambda: len(found(app)) == len(CHECKS))
        await pilot.press("enter", "C")
        assert app.screen.query_one(CheckList).cursor == [check.id for check in CHECKS].index("duplicates")
        await go_to(pilot, "tags")
        await until(pilot, lambda: len(found(app)) == len(CHECKS))
        await pilot.press("enter")
        await until(pilot, lambda: "there are no rows to show" in "\n".join(lines(app)))


async def test_the_majority_decides_after_a_question_and_undo_takes_it_back(
    faulty: Workspace, until: Until, lines: Lines
) -> None:
    app = Workbench(faulty)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, until)
        await pilot.press("m")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        shown = " ".join(" ".join(lines(app)).split())
        assert "Give 1 row the label most copies of their text have?" in shown
        assert "2 texts without a majority stay as they are" in shown
        await pilot.press("n")
        await until(pilot, lambda: isinstance(app.screen, ChecksDialog))
        await pilot.press("m")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        await pilot.press("y")
        await until(pilot, lambda: isinstance(app.screen, ChecksDialog) and found(app)["conflicts"] == 2)
        await until(pilot, lambda: "1 row from the majority of copies" in "\n".join(lines(app)))
        with faulty.journal() as journal:
            assert [(edit.means, edit.rows) for edit in journal.edits()] == [("check", 1)]
        await pilot.press("m")
        await until(pilot, lambda: "2 texts without a majority stay as they are" in "\n".join(lines(app)))
        await pilot.press("escape", "u")
        await until(pilot, lambda: isinstance(app.screen, DataScreen))
        with faulty.journal() as journal:
            await until(pilot, lambda: journal.edit_count == 0)


async def test_leaks_leave_training_after_a_question(faulty: Workspace, until: Until, lines: Lines) -> None:
    app = Workbench(faulty)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, until)
        await pilot.press("t")
        await until(pilot, lambda: "Take 1 row out of training?" in "\n".join(lines(app)))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, ChecksDialog) and found(app)["leaks"] == 0)
        await until(pilot, lambda: "11 rows · 1 excluded" in "\n".join(lines(app)))
        with faulty.journal() as journal:
            assert [(edit.means, edit.text) for edit in journal.edits()] == [("check", "1 row excluded")]
        await pilot.press("t")
        await until(pilot, lambda: "no training row stands in validation or test" in "\n".join(lines(app)))
        await go_to(pilot, "near_leaks")
        await pilot.press("t")
        await until(pilot, lambda: "not even nearly" in "\n".join(lines(app)))


async def test_keys_do_not_wait_and_leaving_ends_the_work(
    faulty: Workspace, until: Until, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(texts: Any, groups: Any, cancelled: Callable[[], bool]) -> Any:
        waiting.set()
        while not cancelled():
            never.wait(0.01)
        ended.set()
        raise near_duplicates.Cancelled

    waiting, ended, never = threading.Event(), threading.Event(), threading.Event()
    monkeypatch.setattr(subjects, "near_groups", slow)
    app = Workbench(faulty)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, until, all_of_it=False)
        await until(pilot, lambda: waiting.is_set() and len(found(app)) == len(CHECKS) - 4)
        await until(pilot, lambda: f"looking … {len(CHECKS) - 4} of {len(CHECKS)}" in "\n".join(lines(app)))
        await go_to(pilot, "near_duplicates")
        await pilot.press("enter")
        await until(pilot, lambda: "still looking …" in "\n".join(lines(app)))
        assert not ended.is_set()
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, DataScreen) and ended.is_set())


async def test_in_a_low_terminal_the_list_scrolls(faulty: Workspace, until: Until, lines: Lines) -> None:
    app = Workbench(faulty)
    async with app.run_test(size=(80, 16)) as pilot:
        await opened(app, pilot, until)
        assert "HTML entities" not in "\n".join(lines(app)) and "esc leave" in "\n".join(lines(app))
        await go_to(pilot, "entities")
        await until(pilot, lambda: "HTML entities" in "\n".join(lines(app)))


async def test_without_model_or_labels_it_says_so(
    make_rows: Callable[..., Workspace], until: Until, lines: Lines
) -> None:
    app = Workbench(make_rows(["one", "two"]))
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, until)
        shown = "\n".join(lines(app))
        assert "no labels yet: L adds some" in shown and "no model is chosen yet" in shown
        assert "? longer than the model reads" in " ".join(shown.split())
