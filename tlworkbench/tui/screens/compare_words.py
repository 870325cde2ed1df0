"""What the comparison says: its tables of figures and settings, and the lines about rows."""

from collections.abc import Mapping, Sequence

from textual.content import Content

from tlworkbench.comparison.compare import Comparison
from tlworkbench.comparison.results import FIGURES, Figure, RunResult, best, change, class_figures
from tlworkbench.comparison.settings import Setting
from tlworkbench.comparison.words import Told, pair_lines
from tlworkbench.tui.run_signs import SIGNS, sign_colour
from tlworkbench.tui.screens import train_words
from tlworkbench.tui.text import clean, duration, size, thousands
from tlworkbench.tui.themes import Look
from tlworkbench.tui.widgets import figures
from tlworkbench.tui.widgets.facts import folded
from tlworkbench.tui.widgets.run_columns import Cell, Column, ColumnRow
from tlworkbench.tui.widgets.told_lines import ToldLine

_COUNT = 7
_LINES = 4
"""Of a sentence, at most."""


def columns(runs: Sequence[str], look: Look) -> tuple[Column, ...]:
    """Headings of the runs' columns."""
    return tuple(Column(SIGNS[place], run, sign_colour(look, place)) for place, run in enumerate(runs))


def result_rows(results: Sequence[RunResult], comparable: bool, look: Look) -> tuple[ColumnRow, ...]:
    """The table of results; the first run is the reference."""
    quality = [_figure_row(figure, results, comparable) for figure in FIGURES if figure.quality]
    classes = [
        _figure_row(figure, results, comparable, look.label(place))
        for place, figure in enumerate(class_figures(results))
    ]
    rest = [
        _row("best epoch", [_number(f"{run.best_epoch:.4g}" if run.best_epoch else "") for run in results]),
        _row("training rows", [_count(run.train_rows) for run in results]),
        _row("validation rows", [_count(run.validation_rows) for run in results]),
        _row("epochs", [_so_far(run.epochs, run.planned_epochs) for run in results]),
        _row("steps", [_so_far(run.steps, run.planned_steps) for run in results]),
        *(_figure_row(figure, results, comparable) for figure in FIGURES if not figure.quality),
    ]
    if any(run.int8 is not None for run in results):
        small = [run.int8 for run in results]
        rest.append(_row("int8 size", [_number(size(one.bytes) if one else "") for one in small]))
        rest.append(_row("int8 macro-F1", [_number(figures.score(one.macro_f1) if one else "") for one in small]))
    return (
        _row("model", [Cell(train_words.model_name(run.model)) for run in results]),
        _row("strategy", [Cell(run.strategy) for run in results]),
        _row("state", [_state(run) for run in results]),
        *quality,
        *classes,
        *rest,
    )


def differences(row: ColumnRow, runs: Sequence[Column]) -> Content:
    """A row of figures in words, for where its columns have no room for the differences."""
    parts = [(row.name, "")]
    for run, cell in zip(runs, row.cells, strict=False):
        parts += [(f"  {run.sign} ", run.colour), (cell.text, "$foreground"), (f" {cell.change}".rstrip(), "")]
    return Content.assemble(*parts)


def setting_rows(comparison: Comparison) -> tuple[ColumnRow, ...]:
    """Settings that differ, defaults in the last column, then what the runs ran on."""
    rows = [_setting_row(setting) for setting in comparison.settings]
    if not rows:
        rows.append(ColumnRow("the settings are the same"))
    if comparison.machines:
        rows.append(ColumnRow("ran on", style="bold"))
        rows += [_setting_row(setting) for setting in comparison.machines]
    return tuple(rows)


def row_lines(comparison: Comparison, signs: Mapping[str, Column], width: int) -> tuple[ToldLine, ...]:
    """What there is to say of the rows of each run beside the reference, sentences broken at `width` cells."""
    lines: list[ToldLine] = []
    for number, pair in enumerate(comparison.pairs):
        if number:
            lines.append(ToldLine(Content("")))
        for told in pair_lines(pair):
            lines += _lines(told, signs, width)
    return tuple(lines)


def problems(results: Sequence[RunResult]) -> list[str]:
    """What of the runs' folders could not be read."""
    return [f"{run.run}: {clean(problem)}" for run in results for problem in run.problems]


def _lines(told: Told, signs: Mapping[str, Column], width: int) -> list[ToldLine]:
    words = clean(told.words)
    match told.kind:
        case "heading":
            return [ToldLine(_with_signs(words, signs))]
        case "rows":
            count = f"{thousands(len(told.keys)):>{_COUNT}}  "
            content = Content.assemble((count, "bold"), _with_signs(words, signs, "$foreground"))
            return [ToldLine(content, told.keys, clean(told.title))]
        case "doubt":
            parts = folded(words, max(10, width - 2), _LINES)
            return [
                ToldLine(Content.assemble(("  " if number else "⚠ ", "$warning"), part))
                for number, part in enumerate(parts)
            ]
        case _:
            return [ToldLine(Content.styled(part, "$muted")) for part in folded(words, max(10, width), _LINES)]


def _with_signs(words: str, signs: Mapping[str, Column], style: str = "bold") -> Content:
    # A run's sign goes before its number, wherever that is said.
    parts: list[tuple[str, str]] = []
    for word in words.split(" "):
        number = word.rstrip(",")
        if number in signs:
            parts.append((f"{signs[number].sign} ", signs[number].colour))
        parts.append((f"{word} ", style))
    return Content.assemble(*parts)


def _row(name: str, cells: Sequence[Cell]) -> ColumnRow:
    return ColumnRow(name, tuple(cells))


def _state(run: RunResult) -> Cell:
    return Cell(f"{train_words.glyph(run.status)} {run.status}", train_words.colour(run.status))


def _figure_row(figure: Figure, results: Sequence[RunResult], comparable: bool, colour: str = "") -> ColumnRow:
    tops = best(results, figure, comparable)
    cells = []
    for place, run in enumerate(results):
        above = change(run, results[0], figure.of) if place and figure.quality else None
        style = "bold $success" if run.run in tops else ""
        cells.append(_figure_cell(figure, figure.of(run), above, style, comparable))
    return ColumnRow(figure.title, tuple(cells), colour or "$muted")


def _figure_cell(figure: Figure, value: float | None, above: float | None, style: str, comparable: bool) -> Cell:
    if value is None:
        return Cell("", number=True)
    told = figures.change(above).replace(" ", "") if above is not None else ""
    # What can't be compared is neither better nor worse.
    differs = comparable and above is not None and round(above * 1000) != 0
    better = differs and above is not None and (above > 0) == figure.higher_is_better
    return Cell(
        _written(figure, value),
        style,
        number=True,
        change=told,
        change_style="$success" if better else "$error" if differs else "$muted",
        best=bool(style),
    )


def _written(figure: Figure, value: float) -> str:
    match figure.name:
        case "seconds":
            return duration(value)
        case "examples_per_second":
            return figures.short(value)
        case "loss":
            return f"{value:.3f}" if 0.0005 <= value < 99 else figures.loss(value)
        case _:
            return figures.score(value)


def _number(text: str) -> Cell:
    return Cell(text, number=True)


def _count(count: int | None) -> Cell:
    return _number(thousands(count) if count is not None else "")


def _so_far(done: float | None, planned: float | None) -> Cell:
    if done is None:
        return _number("")
    whole = planned is None or round(done, 2) >= planned
    return _number(_short(done) if whole else f"{_short(done)}/{_short(planned or 0)}")


def _short(number: float) -> str:
    return thousands(round(number)) if number >= 100 or number == round(number) else f"{number:.3g}"


def _setting_row(setting: Setting) -> ColumnRow:
    cells = [
        Cell("?", "$muted")
        if value is None
        else Cell(value or "none", "$muted" if value == setting.default else "bold")
        for value in setting.values
    ]
    return ColumnRow(setting.name, (*cells, Cell(setting.default, "$dim")), "")
