"""The list of rows: what one line shows, and that only lines in sight are drawn."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.app import App, ComposeResult

from tlworkbench.tui.dataset.advice import Suggested
from tlworkbench.tui.dataset.row_source import RowLook
from tlworkbench.tui.dataset.view import View, all_rows, next_place, only
from tlworkbench.tui.themes import FALLBACK, Look
from tlworkbench.tui.widgets.label_bar import LabelCount, label_line
from tlworkbench.tui.widgets.row_line import columns, pattern_of, row_line
from tlworkbench.tui.widgets.row_table import RowTable

Until = Callable[..., Awaitable[None]]
NAMES = ("negative", "neutral", "positive")


def _line(text: str, width: int = 60, row: RowLook | None = None, needle: str = "", **marks: bool) -> str:
    layout = columns(12284, NAMES, width)
    row = row or RowLook("neutral", 1)
    return row_line(455, row, text, width, layout, FALLBACK, pattern=pattern_of(needle), **marks).text


def test_a_line_holds_number_signs_label_and_text() -> None:
    assert _line("they moved the launch") == f"{'    455    neutral   they moved the launch':<60}"
    assert _line("x", row=RowLook("negative", 0, edited=True)).split() == ["455", "✎", "negative", "x"]
    assert _line("x", row=RowLook("negative", 0, edited=True, flagged=True)).split()[1] == "✎⚑"
    assert _line("x", row=RowLook("negative", 0, edited=True, noted=True)).split()[1] == "✎¶"
    assert _line("x", row=RowLook("negative", 0, excluded=True)).split()[1] == "∅"
    assert _line("x", row=RowLook("", -1)).split()[1] == "–"
    assert _line("x", cursor=True).startswith("▌ ") and _line("x", marked=True).startswith(" ●")


def test_a_column_tells_what_is_suggested() -> None:
    def line(suggested: Suggested | None, **marks: bool) -> list[str]:
        row = RowLook("neutral", 1, suggested=suggested, **marks)
        layout = columns(12284, NAMES, 80, suggesting=True)
        return row_line(455, row, "x", 80, layout, FALLBACK).text.split()

    wrong = Suggested("negative", 0, 0.974, agrees=False, suspect=True)
    assert line(wrong) == ["455", "⚠", "neutral", "→", "negative", ".97", "x"]
    assert line(replace(wrong, suspect=False)) == ["455", "neutral", "→", "negative", ".97", "x"]
    assert line(Suggested("neutral", 1, 0.5, agrees=True, suspect=False)) == ["455", "neutral", "=", "same", ".50", "x"]
    assert line(None) == ["455", "neutral", "x"]
    assert line(wrong, excluded=True)[1] == "∅"


@given(st.text(max_size=200), st.integers(1, 140), st.text(max_size=3), st.booleans())
def test_a_line_is_always_exactly_as_wide_as_the_pane(text: str, width: int, needle: str, suggesting: bool) -> None:
    layout = columns(10**6, NAMES, width, suggesting)
    row = RowLook("neutral", 1, suggested=Suggested("negative", 0, 0.9, agrees=False, suspect=True))
    strip = row_line(7, row, text, width, layout, FALLBACK, pattern=pattern_of(needle))
    assert strip.cell_length == width
    assert "\n" not in strip.text and "\x1b" not in strip.text


def test_what_was_found_shows_even_far_inside_a_long_text() -> None:
    line = _line("word " * 200 + "the refund came" + " later" * 200, needle="refund")
    assert "refund" in line and "…" in line
    line = _line("A Refund was due", needle="refund")
    assert "A Refund was due" in line


def test_what_stands_around_a_match_is_cleaned_too() -> None:
    line = _line("\x1b[31mbad\x07 refund\nand \x1b[0m\u202eworse", needle="refund")
    assert line.split("neutral")[1].strip() == "bad· refund and worse"


def test_capitals_count_only_where_the_search_has_one() -> None:
    def found(needle: str, text: str) -> bool:
        pattern = pattern_of(needle)
        return bool(pattern and pattern.span(text))

    assert found("refund", "REFUND") and not found("Refund", "REFUND")
    assert found("re:ref.nd", "REFUND") and not found("refund.", "refunds")
    assert pattern_of("re:(") is None and pattern_of("") is None


def test_views_find_their_rows() -> None:
    everything, some = all_rows(5), only([4, 0, 2], "these")
    assert (len(everything), everything.row(3), everything.place(3), everything.place(5)) == (5, 3, 3, None)
    assert (len(some), some.row(0), some.place(2), some.place(1)) == (3, 4, 2, None)
    assert everything.places(np.array([4, 1])).tolist() == [1, 4]
    assert some.places(np.array([0, 1, 4])).tolist() == [0, 1]
    assert some.narrowed and not everything.narrowed


@pytest.mark.parametrize(
    ("here", "step", "there"), [(0, 1, 3), (3, 1, 7), (7, 1, 3), (3, -1, 7), (8, -1, 7), (5, -1, 3)]
)
def test_the_next_match_goes_round(here: int, step: int, there: int) -> None:
    assert next_place(np.array([3, 7]), here, step) == there


def test_no_match_is_nowhere() -> None:
    assert next_place(np.zeros(0, np.int64), 0, 1) is None


class _Million:
    def __init__(self) -> None:
        self.read = 0

    def __len__(self) -> int:
        return 1_000_000

    def text(self, row: int) -> str:
        self.read += 1
        return f"text {row}"

    def look(self, row: int) -> RowLook:
        return RowLook("neutral", 1)

    def label_names(self) -> tuple[str, ...]:
        return NAMES


class _Table(App[None]):
    look: Look = FALLBACK

    def compose(self) -> ComposeResult:
        yield RowTable()


async def test_a_million_rows_cost_what_is_in_sight(until: Until) -> None:
    source, app = _Million(), _Table()
    async with app.run_test(size=(80, 24)) as pilot:
        table = app.query_one(RowTable)
        table.show(source, View(range(1_000_000)))
        await until(pilot, lambda: source.read)
        table.go(999_999)
        await until(pilot, lambda: table.scroll_offset.y == 1_000_000 - 24)
        read = source.read
        table.go(999_998)
        await pilot.pause()
        assert read < 200
        assert source.read - read <= 4


async def test_the_cursor_stays_in_sight_with_rows_around_it(until: Until) -> None:
    source, app = _Million(), _Table()
    async with app.run_test(size=(80, 24)) as pilot:
        table = app.query_one(RowTable)
        table.show(source, View(range(1_000)))
        await pilot.pause()
        for place in (30, 29, 5, 500, 0, 999, 998):
            table.go(place)
            await pilot.pause()
            top = table.scroll_offset.y
            assert top <= place < top + 24
            assert place in (0, 999, 998) or top + 2 <= place < top + 22
        assert not table.go(998) and table.go(10**9) and table.place == 999


async def test_rows_stand_still_until_the_cursor_nears_the_edge(until: Until) -> None:
    source, app = _Million(), _Table()
    async with app.run_test(size=(80, 24)) as pilot:
        table = app.query_one(RowTable)
        table.show(source, View(range(1_000)))
        await pilot.pause()
        tops = []
        for place in range(1, 100):
            table.go(place)
            await pilot.pause()
            tops.append(table.scroll_offset.y)
        assert len(set(tops)) < 8 and sorted(tops) == tops
        assert all(top + 2 <= place or top == 0 for place, top in enumerate(tops, 1))
        for place in range(98, 0, -1):
            table.go(place)
            await pilot.pause()
            tops.append(table.scroll_offset.y)
            assert table.scroll_offset.y <= place < table.scroll_offset.y + 24
        assert len(set(tops)) < 16


def _labels(*rows: int) -> list[LabelCount]:
    return [LabelCount(str(n + 1) if n < 9 else "", f"label number {n}", count) for n, count in enumerate(rows)]


def test_labels_show_keys_shares_and_thin_bars() -> None:
    counts = [LabelCount("1", "negative", 31), LabelCount("2", "neutral", 45), LabelCount("3", "positive", 24)]
    line = label_line(counts, 0, FALLBACK, 100).plain
    assert line.startswith("1 negative 31 % ▅▅▅▅▁▁▁▁▁▁▁▁   2 neutral 45 % ▅▅▅▅▅▁▁▁▁▁▁▁   3 positive")
    assert label_line(counts, 7, FALLBACK, 140).plain.endswith("7 without a label")
    assert label_line(counts, 0, FALLBACK, 52).plain == "1 negative 31 %   2 neutral 45 %   3 positive 24 %"


@pytest.mark.parametrize("labels", [1, 3, 10, 77, 1000])
@pytest.mark.parametrize("width", [30, 78, 138])
def test_the_labels_stay_on_one_line(labels: int, width: int) -> None:
    line = label_line(_labels(*range(labels)), 3, FALLBACK, width)
    assert line.cell_length <= width
    if labels >= 77:
        assert line.plain.endswith("more l")
