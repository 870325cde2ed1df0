"""Untrusted text on a grid of cells."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tlworkbench.tui.text import bar, clean, cut, duration, fit, one_line, probability, size, thousands


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("plain", "plain"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07after", "after"),
        ("bell\x07", "bell·"),
        ("two\nlines\tand tab", "two lines and tab"),
        ("\u202egnal\u202c", "gnal"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("👨\u200d👩\u200d👧", "👨👩👧"),
        ("❤\ufe0f", "❤"),
        ("e\u0301", "é"),
        ("Z" + "\u0300\u0301\u0302\u0303\u0304\u0305", "Z\u0300\u0301\u0302"),
        ("\ue000private", "·private"),
        ("thin\u2009space", "thin space"),
    ],
)
def test_what_could_spoil_the_screen_is_taken_out_or_made_visible(raw: str, shown: str) -> None:
    assert clean(raw) == shown


def test_lines_stay_where_they_are_wanted() -> None:
    assert clean("a\r\nb\tc\x00", lines=True) == "a\nb    c·"


@given(st.text(max_size=60), st.integers(1, 40))
def test_a_cut_line_fits_and_holds_nothing_that_moves_the_cursor(text: str, cells: int) -> None:
    line = one_line(text, cells)
    assert cell_len(line) <= cells
    assert all(character == " " or character.isprintable() for character in line)


def test_wide_characters_are_cut_by_cells() -> None:
    assert cut("日本語テキスト", 7) == "日本語…"
    assert cut("日本語テキスト", 6) == "日本…"
    assert cut("short", 5) == "short"
    assert cut("anything", 0) == ""
    assert fit("日本", 5) == "日本 "
    assert fit("7", 3, right=True) == "  7"


def test_only_the_beginning_of_a_huge_text_is_looked_at() -> None:
    assert one_line("x" * 10_000_000, 5) == "xxxx…"
    assert one_line(" " * 10_000 + "late", 5) == "…"


def test_numbers_read_as_a_person_writes_them() -> None:
    assert [thousands(number) for number in (7, 12284, 1_000_000)] == ["7", "12 284", "1 000 000"]
    assert [probability(value) for value in (0.944, 0.0, 0.999, 1.0)] == [".94", ".00", "1.0", "1.0"]
    assert [duration(seconds) for seconds in (9, 112, 7390)] == ["0:09", "1:52", "2:03:10"]
    assert [size(count) for count in (12, 91_000_000, 1.23e9)] == ["12 B", "91 MB", "1.2 GB"]


def test_a_small_share_still_shows() -> None:
    assert bar(0.001, 8) == ("▅", "▁▁▁▁▁▁▁")
    assert bar(0, 4) == ("", "▁▁▁▁")
    assert bar(1, 4) == ("▅▅▅▅", "")
