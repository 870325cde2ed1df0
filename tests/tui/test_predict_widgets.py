"""What Predict's widgets draw, in any width: nothing wider than its place, nothing read as markup."""

import msgspec
import pytest
from rich.cells import cell_len

from tests.tui.predict_bundles import report
from tlworkbench.tui.asked import Asked
from tlworkbench.tui.themes import FALLBACK
from tlworkbench.tui.widgets.facts import facts, folded
from tlworkbench.tui.widgets.history_list import history_line
from tlworkbench.tui.widgets.score_bars import Score, bar_line, names_width
from tlworkbench.tui.widgets.variant_table import Variants, columns, details, figure, share, table, verdict

SCORES = (Score("positive", 0.71, "#87d787"), Score("so so", 0.22, "#d7af87"), Score("非常に悪い", 0.07, "#ff875f"))


def test_a_bar_has_its_label_its_probability_and_its_length() -> None:
    line = bar_line(SCORES[0], 8, 8 + 7 + 50).plain
    assert line.startswith("positive  .71  ▅")
    assert line.count("▅") == 36 and line.count("▁") == 14


def test_a_label_nobody_asked_yet_has_no_probability() -> None:
    line = bar_line(Score("good", None, "#87d787"), 8, 60).plain
    assert line.split() == ["good", "·"]


@pytest.mark.parametrize("width", [24, 40, 76, 136])
def test_bars_stand_below_one_another_and_never_leave_their_place(width: int) -> None:
    names = names_width(SCORES, width)
    lines = [bar_line(score, names, width).plain for score in SCORES]
    assert {cell_len(line) for line in lines} == {min(width, names + 7 + 80)}
    assert len({cell_len(line[: line.index(".")]) for line in lines}) == 1


def test_a_long_label_is_cut_to_a_third_of_the_line() -> None:
    scores = (Score("x" * 90, 0.5, "#87d787"),)
    line = bar_line(scores[0], names_width(scores, 60), 60).plain
    assert line.startswith("x" * 19 + "…  .50") and cell_len(line) == 60


@pytest.mark.parametrize("width", [20, 40, 76])
def test_a_line_of_the_history_is_cut_by_cell_width_and_drawn_as_it_is(width: int) -> None:
    asked = Asked(text="[red]非常に[/red]\x1b[2J " + "長い" * 60, label="so so", score=0.98)
    line = history_line(asked, 8, "#d7af87", width).plain
    assert line.startswith("so so    .98  [red]") and cell_len(line) in (width, width - 1) and line.endswith("…")


def test_the_table_of_variants_says_what_each_costs_and_is_worth() -> None:
    lines = [line.plain for line in table(Variants(report(), "fp32"), 76)]
    assert lines[0].split() == ["size", "p50", "F1", "acc.", "differs"]
    assert lines[1].split() == ["fp32", "●", "91", "MB", "5.6", "ms", ".681", ".702", "0", "of", "256"]
    assert lines[2].split() == ["int8", "23", "MB", "3.1", "ms", ".679", ".702", "9", "of", "512", "default"]
    assert lines[3] == "✓ proved on 256 rows, largest difference 3e-6"


def test_columns_go_in_a_sensible_order() -> None:
    names = [[name for name, _ in columns(width)] for width in (76, 46, 40, 30, 20)]
    assert names == [
        ["size", "p50", "F1", "acc.", "differs"],
        ["size", "p50", "F1", "differs"],
        ["size", "F1", "differs"],
        ["size", "F1"],
        ["size"],
    ]


@pytest.mark.parametrize("width", range(20, 100, 3))
def test_nothing_of_the_variants_leaves_its_place(width: int) -> None:
    described = msgspec.structs.replace(
        report(labels=tuple(f"label {number}" for number in range(150))), model="m" * 90
    )
    lines = [*table(Variants(described, "int8"), width), *details(described, width)]
    assert max(line.cell_length for line in lines) <= width


def test_a_failed_proof_is_told_with_its_figures() -> None:
    line = verdict(report(verdict="failed", why="logits differ by up to 0.3 (allowed: 1e-04)"), 76)
    assert line.plain == "✗ failed: logits differ by up to 0.3 (allowed: 1e-04)"


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0"), (3.2e-6, "3e-6"), (0.00045, "4e-4"), (0.0213, "0.021"), (1.5, "1.5")]
)
def test_small_numbers_are_written_short(value: float, text: str) -> None:
    assert figure(value) == text


@pytest.mark.parametrize(("value", "text"), [(0.6812, ".681"), (0, ".000"), (0.9999, "1.00"), (0.9994, ".999")])
def test_scores_take_four_cells(value: float, text: str) -> None:
    assert share(value) == text


@pytest.mark.parametrize("width", [12, 30, 76])
def test_facts_go_on_below_themselves_and_empty_ones_are_left_out(width: int) -> None:
    lines = facts([("path", "/a/very/long/path" * 8), ("note", ""), ("head", "ham, spam")], width)
    assert max(line.cell_length for line in lines) <= max(width, 14)
    text = [line.plain for line in lines]
    assert text[0].startswith("path  /a/") and not any("note" in line for line in text)
    assert any(line.startswith("head  ham") for line in text)


def test_folding_breaks_at_spaces_and_cuts_the_last_line() -> None:
    assert folded("one two three four", 9, 5) == ["one two", "three", "four"]
    assert folded("one two three four", 9, 2) == ["one two", "three fo…"]
    assert folded("abcdefghij", 4, 5) == ["abcd", "efgh", "ij"]
    assert folded("", 4, 5) == []


def test_the_plain_theme_has_colours_for_ten_labels() -> None:
    assert len({FALLBACK.label(place) for place in range(10)}) == 10
