"""One key a decision on the Data screen: marks, ranges, suggestions, notes, and the way back."""

from collections.abc import Awaitable, Callable
from typing import Any

import numpy as np
import pytest
from textual.app import App
from textual.pilot import Pilot

from tlworkbench import atomic
from tlworkbench.data.labelling import Labelling
from tlworkbench.data.suggestions import FILE_NAME, SuggestionColumns, SuggestionsMeta, write_suggestions
from tlworkbench.tui.app import Workbench
from tlworkbench.tui.screens.choose import Choose
from tlworkbench.tui.screens.code_picker import CodePicker
from tlworkbench.tui.screens.confirm import Confirm
from tlworkbench.tui.screens.data import DataScreen
from tlworkbench.tui.widgets.row_table import RowTable
from tlworkbench.workspace import Workspace

Until = Callable[..., Awaitable[None]]
Lines = Callable[[App[Any]], list[str]]
MakeRows = Callable[..., Workspace]
SIZES = [(80, 24), (140, 45)]


def table(app: Workbench) -> RowTable:
    return next(screen for screen in app.screen_stack if isinstance(screen, DataScreen)).query_one(RowTable)


async def opened(app: Workbench, pilot: Pilot[None], until: Until) -> None:
    await until(pilot, lambda: isinstance(app.screen, DataScreen) and table(app).row is not None)


def labels(workspace: Workspace) -> list[str]:
    """Label of every row, as the journal on disk has it."""
    labelling = workspace.labelling()
    with labelling.journal:
        shown = (labelling.label_set.get(label) for label in labelling.current.tolist())
        return [label.name if label else "" for label in shown]


def means(workspace: Workspace) -> list[tuple[str, int]]:
    with workspace.journal() as journal:
        return [(edit.means, edit.rows) for edit in journal.edits() if edit.state == "applied"]


def suggest(workspace: Workspace, wanted: dict[int, tuple[str, float, bool]]) -> None:
    """Leave a file of suggestions: label, probability and whether it is a suspect, by row."""
    rows = workspace.rows()
    labelling = Labelling(rows, workspace.journal(rows))
    count = len(rows)
    suggested, probability = np.full(count, -1, np.int16), np.full(count, np.nan, np.float32)
    suspect = np.zeros(count, np.bool_)
    for row, (name, chance, wrong) in wanted.items():
        suggested[row], probability[row], suspect[row] = labelling.label_set.index(name), chance, wrong
    columns = SuggestionColumns(labelling.current, suggested, probability, probability, probability, suspect)
    write_suggestions(workspace.root / FILE_NAME, rows.keys, columns, {}, SuggestionsMeta())
    labelling.journal.close()


def text_of(lines: Lines, app: Workbench) -> str:
    return "\n".join(lines(app))


async def test_one_key_labels_all_marked_rows_in_one_edit(tweets: Workspace, until: Until, lines: Lines) -> None:
    before = labels(tweets)
    app = Workbench(tweets)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, until)
        await pilot.press("space", "down", "v", "down", "down")
        assert "4 marked (v ends the range)" in text_of(lines, app)
        assert lines(app)[-1].startswith(" 1-3 label all marked  a accept all")
        await pilot.press("3")
        assert labels(tweets) == ["positive", before[1], *["positive"] * 3, *before[5:]]
        assert means(tweets) == [("bulk", 4)] or means(tweets)[0][0] == "bulk"
        assert not len(table(app).marked()) and table(app).place == 4
        await pilot.press("u")
        assert labels(tweets) == before


async def test_a_range_is_ended_by_v_or_space_and_dropped_by_esc(tweets: Workspace, until: Until, lines: Lines) -> None:
    app = Workbench(tweets)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, until)
        await pilot.press("v", "down", "v", "end")
        assert table(app).marked().tolist() == [0, 1]
        await pilot.press("v", "up", "space")
        assert table(app).marked().tolist() == [0, 1, 6, 7]
        await pilot.press("x")
        labelling = tweets.labelling()
        with labelling.journal:
            assert np.flatnonzero(labelling.excluded).tolist() == [0, 1, 6, 7]
        await pilot.press("v", "up", "escape")
        assert table(app).marked().tolist() == [] and table(app).marks.anchor is None
        await until(pilot, lambda: "label + next" in lines(app)[-1])


async def test_b_asks_once_before_it_changes_all_that_is_shown(tweets: Workspace, until: Until, lines: Lines) -> None:
    before = labels(tweets)
    app = Workbench(tweets)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, until)
        await pilot.press("b")
        await until(pilot, lambda: isinstance(app.screen, Choose))
        assert "8 rows of the dataset" in text_of(lines, app)
        await pilot.press(*"neutr", "enter")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        assert "8 rows: label them neutral?" in text_of(lines, app)
        await pilot.press("escape")
        assert labels(tweets) == before
        await pilot.press("b", *"neutr", "enter", "enter")
        await until(pilot, lambda: labels(tweets) == ["neutral"] * 8)
        await pilot.press("u")
        await until(pilot, lambda: labels(tweets) == before)


@pytest.mark.parametrize("size", SIZES)
async def test_a_accepts_what_is_suggested(
    tweets: Workspace, until: Until, lines: Lines, size: tuple[int, int]
) -> None:
    suggest(tweets, {0: ("positive", 0.97, True), 1: ("positive", 0.9, False), 5: ("neutral", 0.8, True)})
    app = Workbench(tweets)
    async with app.run_test(size=size, notifications=True) as pilot:
        await opened(app, pilot, until)
        assert "⚠" in lines(app)[2]
        await pilot.press("a", "a")
        assert labels(tweets)[:2] == ["positive", "positive"] and table(app).place == 2
        assert means(tweets) == [("suggestion", 1)] * 2
        assert "⚠" not in lines(app)[2]
        await pilot.press("a")
        await until(pilot, lambda: "nothing is suggested for this row" in text_of(lines, app))
        await pilot.press("v", "end", "a")
        await until(pilot, lambda: labels(tweets)[5] == "neutral")
        assert means(tweets)[0] == ("suggestion", 1)


async def test_backspace_leads_back_through_the_decisions(tweets: Workspace, until: Until, lines: Lines) -> None:
    app = Workbench(tweets)
    async with app.run_test(size=(140, 45)) as pilot:
        await opened(app, pilot, until)
        await pilot.press("2", "3", "end", "1")
        assert "last  8→1  2→3" in text_of(lines, app)
        places = []
        for _ in range(4):
            await pilot.press("backspace")
            places.append(table(app).place)
        assert places == [7, 1, 0, 0]
        assert "no decision before this one" in text_of(lines, app)
        await pilot.press("end", "u")
        assert "last  2→3  1→2" in text_of(lines, app)
    app = Workbench(tweets)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, until)
        await pilot.press("end", "backspace")
        assert table(app).place == 1


async def test_a_note_is_kept_and_shows_in_the_line(tweets: Workspace, until: Until, lines: Lines) -> None:
    app = Workbench(tweets)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, until)
        await pilot.press("m", *"ask the shop", "enter")
        await until(pilot, lambda: "¶" in lines(app)[2])
        with tweets.journal() as journal:
            assert list(journal.notes().values()) == ["ask the shop"]
        await pilot.press("m")
        await until(pilot, lambda: "- takes the note away" in text_of(lines, app))
        await pilot.press("home", "shift+end", "-", "enter")
        await until(pilot, lambda: "¶" not in lines(app)[2])
        await pilot.press("u")
        await until(pilot, lambda: "¶" in lines(app)[2])


async def test_the_history_leads_to_the_row_of_an_edit(tweets: Workspace, until: Until, lines: Lines) -> None:
    app = Workbench(tweets)
    async with app.run_test(size=(140, 45)) as pilot:
        await opened(app, pilot, until)
        await pilot.press("2", "end", "3", "f", "u", "home", "h")
        await until(pilot, lambda: isinstance(app.screen, Choose))
        shown = text_of(lines, app)
        assert "row 8 → positive" in shown and "taken back" in shown and "key, " in shown
        await pilot.press("down", "enter")
        await until(pilot, lambda: isinstance(app.screen, DataScreen) and table(app).place == 7)


async def test_150_labels_are_three_keys_away(make_rows: MakeRows, until: Until, lines: Lines) -> None:
    names = [f"{word} {state}" for word in _WORDS for state in _STATES]
    workspace = make_rows([f"text {number}" for number in range(300)], names * 2)
    app = Workbench(workspace)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, until)
        await pilot.press("l")
        await until(pilot, lambda: isinstance(app.screen, CodePicker))
        shown = text_of(lines, app)
        assert "150 of 150" in shown and "ca" in shown
        await pilot.press("t")
        await until(pilot, lambda: "t… " in text_of(lines, app))
        picker = app.screen
        assert isinstance(picker, CodePicker)
        fitting = [label for label in picker._labels if label.code.startswith("t")]
        wanted = fitting[3]
        assert all(label.name in text_of(lines, app) for label in fitting)
        await pilot.press(wanted.code[1])
        await until(pilot, lambda: labels(workspace)[0] == wanted.name)
        await pilot.press("l", "slash")
        await until(pilot, lambda: isinstance(app.screen, Choose))
        await pilot.press(*"pin limit", "enter")
        await until(pilot, lambda: labels(workspace)[1] == "pin limit")


_WORDS = ("card", "cash", "top up", "transfer", "exchange", "refund", "fee", "account", "pin", "virtual card")
_STATES = (
    "arrival", "not working", "declined", "pending", "lost", "limit", "wrong amount", "charge", "activation",
    "delivery", "unrecognised", "reverted", "support", "verification", "time",
)  # fmt: skip


async def test_a_damaged_file_of_suggestions_is_told_and_stops_nothing(
    tweets: Workspace, until: Until, lines: Lines
) -> None:
    damaged = tweets.root / FILE_NAME
    app = Workbench(tweets)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await opened(app, pilot, until)
        atomic.write_bytes(damaged, b"rubbish")
        await until(pilot, lambda: "damaged" in text_of(lines, app))
        await pilot.press("3")
        assert labels(tweets)[0] == "positive"
