"""The detail pane: a row of any length and any characters, through the real widget."""

import time
from collections.abc import Awaitable, Callable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.app import App

from tlworkbench.tui.app import Workbench
from tlworkbench.tui.screens.data import DataScreen
from tlworkbench.tui.text import whole
from tlworkbench.tui.widgets.row_detail import RowDetail
from tlworkbench.tui.widgets.row_table import RowTable
from tlworkbench.tui.widgets.wrapping import PIECE, pieces, wrap
from tlworkbench.workspace import Workspace

Until = Callable[..., Awaitable[None]]
Lines = Callable[[App[Any]], list[str]]
MakeRows = Callable[..., Workspace]
SIZES = [(80, 24), (140, 45)]
NASTY = (
    "👨\u200d👩\u200d👧 family, 🇩🇪🇫🇷 flags, 👍\U0001f3fd skin, ❤\ufe0f heart",
    "日本語のテキストはスペースなしで続きますのでどこでも折り返しできます。" * 9,
    "שלום עולם " * 12 + "العربية \u202eevil\u202c \u2066x\u2069",
    "tabs\tand \x1b[31mred\x1b[0m \x07bell \x00nul\r\ncr lf\u2028sep \x9b5n \x7f",
    "Z" + "\u0351\u036b\u0343\u036a\u0302\u036b\u033d" * 5 + " e\u0301",
    "x" * 3000,
    "",
    "  \n ",
)


def pane(app: Workbench) -> RowDetail:
    return app.screen.query_one(RowDetail)


def beside(lines: Lines, app: Workbench) -> str:
    """The pane alone, where it stands beside the rows."""
    return "\n".join(line[88:] for line in lines(app))


async def opened(app: Workbench, pilot: Any, until: Until) -> None:
    await until(pilot, lambda: isinstance(app.screen, DataScreen) and app.screen.query_one(RowTable).row is not None)


@pytest.mark.parametrize("size", SIZES)
async def test_whatever_stands_in_a_text_the_frame_stays_whole(
    make_rows: MakeRows, until: Until, lines: Lines, size: tuple[int, int]
) -> None:
    app = Workbench(make_rows(NASTY, ["a", "b"] * 4, nested=[{"k": ["1", "ö\x1b[2J"]}] * 8, link=["y/" * 400] * 8))
    async with app.run_test(size=size) as pilot:
        await opened(app, pilot, until)
        for row in range(len(NASTY)):
            await until(pilot, lambda row=row: f"Row {row + 1} " in "\n".join(lines(app)))
            shown = lines(app)
            at = next(number for number, line in enumerate(shown) if f"Row {row + 1} " in line)
            end = next(n for n in range(at + 1, len(shown)) if shown[n].endswith("╯"))
            assert all(line.endswith("│") and cell_len(line) == size[0] for line in shown[at + 1 : end])
            assert not set("".join(shown)) & set("\x1b\x07\x00\u202e\u202c\u2066\x9b\x7f\u200d")
            if row == 3:
                assert "␛[31mred␛[0m ␇bell ␀nul" in "\n".join(shown)
            await pilot.press("down")


async def test_a_long_row_is_scrolled_and_what_decides_its_label_stays(
    make_rows: MakeRows, until: Until, lines: Lines
) -> None:
    words = " ".join(f"word{n}" for n in range(3000))
    app = Workbench(make_rows([words, "short"], ["a", "b"], stars=["five", "one"]))
    async with app.run_test(size=(140, 45)) as pilot:
        await opened(app, pilot, until)
        await until(pilot, lambda: "lines more · tab" in "\n".join(lines(app)))
        assert "now      a" in "\n".join(lines(app)) and "word0 " in "\n".join(lines(app))
        await pilot.press("tab")
        await until(pilot, lambda: "esc back" in "\n".join(lines(app)))
        await pilot.press("down", "pagedown", "j")
        await until(pilot, lambda: "word0 " not in beside(lines, app))
        await pilot.press("end")
        await until(pilot, lambda: "word2999" in "\n".join(lines(app)) and "end of" in "\n".join(lines(app)))
        shown = "\n".join(lines(app))
        assert "now      a" in shown and "stars    five" in shown and "row 1 of 2" in shown
        await pilot.press("pageup", "home")
        await until(pilot, lambda: "word0 word1" in beside(lines, app))
        # Keys of the screen work here too; esc goes back to the rows.
        await pilot.press("2")
        await until(pilot, lambda: "row 2 of 2" in "\n".join(lines(app)))
        await pilot.press("escape", "up")
        await until(pilot, lambda: "now      b" in "\n".join(lines(app)) and "lines more" in "\n".join(lines(app)))


async def test_a_row_of_a_megabyte_costs_a_key_no_more(make_rows: MakeRows, until: Until, lines: Lines) -> None:
    def counted(text: str, width: int) -> list[str]:
        made.append(text)
        return wrap(text, width)

    app = Workbench(make_rows(["x日é " * 250_000, "short"] * 2, ["a", "b"] * 2))
    async with app.run_test(size=(140, 45)) as pilot:
        await opened(app, pilot, until)
        await until(pilot, lambda: "x日é" in "\n".join(lines(app)))
        made: list[str] = []
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("tlworkbench.tui.widgets.detail_lines.wrap", counted)
            await pilot.press("down", "down", "tab", "end", "up", "home", "escape")
            await pilot.pause()
        assert 0 < sum(map(len, made)) < 20 * PIECE


async def test_all_that_is_known_of_a_row_is_told(make_rows: MakeRows, until: Until, lines: Lines) -> None:
    workspace = make_rows(["first", "second"], ["a", "b"], meta=[{"k": [1]}, None])
    rows = workspace.rows()
    with workspace.journal(rows) as journal:
        journal.set_label([int(rows.keys[0])], 1)
        journal.set_note(int(rows.keys[0]), "ask Ann")
    app = Workbench(workspace)
    async with app.run_test(size=(140, 45)) as pilot:
        await opened(app, pilot, until)
        await until(pilot, lambda: '{"k": [1]}' in "\n".join(lines(app)))
        shown = "\n".join(lines(app))
        assert "note     ask Ann" in shown and "2 edits" in shown
        assert "a → b" in shown and "key, " in shown and "\x1b" not in shown


async def test_what_one_line_holds_is_not_said_twice(make_rows: MakeRows, until: Until, lines: Lines) -> None:
    workspace = make_rows(["first", "second"], ["a", "b"])
    rows = workspace.rows()
    app = Workbench(workspace)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, until)
        await until(pilot, lambda: "a  train  key" in "\n".join(lines(app)))
        assert "tab" not in "\n".join(lines(app)) and "now      a" not in "\n".join(lines(app))
        with workspace.journal(rows) as journal:
            journal.set_note(int(rows.keys[0]), "a note that is far too long for the line above the text " * 2)
        await until(pilot, lambda: "more · tab" in "\n".join(lines(app)), seconds=5)
        await pilot.press("tab", "end")
        await until(pilot, lambda: "note: a note" in "\n".join(lines(app)))


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=300), st.integers(2, 40))
def test_lines_fit_and_lose_nothing_but_blanks(text: str, width: int) -> None:
    wrapped = wrap(text, width)
    assert all(cell_len(line) <= width for line in wrapped)
    assert "".join("".join(wrapped).split()) == "".join(whole(text).split())


@given(st.text("ab \n\u0301🇩", max_size=200))
def test_pieces_are_the_text(text: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tlworkbench.tui.widgets.wrapping.PIECE", 20)
        found = pieces(text)
    assert found[0][0] == 0 and found[-1][1] == len(text)
    for (_, end), (begin, _) in pairwise(found):
        assert begin == end or (begin == end + 1 and text[end] in " \n")


def test_a_flag_is_never_cut() -> None:
    assert wrap("🇩🇪🇫🇷🇮🇹", 3) == ["🇩🇪", "🇫🇷", "🇮🇹"]
    assert wrap("👍 日本", 4) == ["👍", "日本"]


def test_a_piece_is_wrapped_in_no_time() -> None:
    text = "déjà vu 日本 " * (PIECE // 10)
    began = time.perf_counter()
    wrap(text[:PIECE], 56)
    assert time.perf_counter() - began < 0.2
