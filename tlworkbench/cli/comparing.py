"""`runs --compare`: several runs beside one another, as JSON or as tables."""

import time
from collections.abc import Sequence
from typing import Any

from tlworkbench.cli.output import table
from tlworkbench.comparison.compare import Comparer, Comparison, chosen_runs
from tlworkbench.comparison.document import document
from tlworkbench.comparison.results import FIGURES, Figure, RunResult, best, change, class_figures, result_of
from tlworkbench.comparison.settings import Setting
from tlworkbench.comparison.words import Told, pair_lines
from tlworkbench.jobs.follow import read_run
from tlworkbench.workspace import Workspace

_MOST_KINDS = 12
"""Lines of rows told of a pair; the JSON has them all."""


def compared(workspace: Workspace, runs: Sequence[str]) -> tuple[dict[str, Any], list[str]]:
    """The comparison as a JSON object and as lines; the first run is the reference. Raises UserError."""
    comparison = Comparer(workspace).compare(chosen_runs(workspace.jobs_dir, runs))
    now = time.time()
    results = [result_of(files, read_run(files.job), now) for files in comparison.files]
    return document(comparison, results), _lines(comparison, results)


def _lines(comparison: Comparison, results: Sequence[RunResult]) -> list[str]:
    head = ("", *(run.run for run in results))
    lines = table(head, _result_rows(comparison, results))
    for title, settings in (("settings", comparison.settings), ("machine", comparison.machines)):
        if settings:
            lines += ["", *table((title, *head[1:], "default"), list(map(_setting_row, settings)))]
    if not comparison.settings:
        lines += ["", "the settings are the same"]
    for pair in comparison.pairs:
        told = pair_lines(pair)
        lines += ["", *map(_told, told[:_MOST_KINDS])]
        if rest := len(told) - _MOST_KINDS:
            lines += [f"  and {rest} more; --json has them all"] if rest > 0 else []
    return lines + [f"warning: {run.run}: {problem}" for run in results for problem in run.problems]


def _result_rows(comparison: Comparison, results: Sequence[RunResult]) -> list[tuple[str, ...]]:
    rows = [
        ("model", *(run.model for run in results)),
        ("strategy", *(run.strategy for run in results)),
        ("state", *(run.status for run in results)),
        ("training rows", *(_whole(run.train_rows) for run in results)),
        ("validation rows", *(_whole(run.validation_rows) for run in results)),
        ("epochs", *(_of(run.epochs, run.planned_epochs) for run in results)),
        ("steps", *(_of(run.steps, run.planned_steps) for run in results)),
    ]
    rows += [_figure_row(figure, results, comparison.comparable) for figure in (*FIGURES, *class_figures(results))]
    if any(run.int8 for run in results):
        rows.append(("int8", *(_int8(run) for run in results)))
    return rows


def _figure_row(figure: Figure, results: Sequence[RunResult], comparable: bool) -> tuple[str, ...]:
    top = best(results, figure, comparable)
    cells = []
    for number, run in enumerate(results):
        value, above = figure.of(run), change(run, results[0], figure.of)
        digits = 1 if figure.name in ("seconds", "examples_per_second") else 3
        told = "" if value is None else f"{value:.{digits}f}"
        cells.append(told + (f" {above:+.{digits}f}" if number and above is not None else "") + " *" * (run.run in top))
    return (figure.title, *cells)


def _setting_row(setting: Setting) -> tuple[str, ...]:
    return (setting.name, *("?" if value is None else value for value in setting.values), setting.default)


def _told(line: Told) -> str:
    match line.kind:
        case "heading":
            return line.words
        case "rows":
            return f"  {len(line.keys):7}  {line.words}"
        case "doubt":
            return f"  warning: {line.words}"
        case _:
            return f"  {line.words}"


def _int8(run: RunResult) -> str:
    return f"{run.int8.bytes / 1e6:.0f} MB, macro-F1 {run.int8.macro_f1:.3f}" if run.int8 is not None else ""


def _whole(number: int | None) -> str:
    return "" if number is None else str(number)


def _of(done: float | None, planned: float | None) -> str:
    return "" if done is None else f"{done:g}" if planned in (None, done) else f"{done:.4g} of {planned:g}"
