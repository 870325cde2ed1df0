"""Which exported run answers."""

from dataclasses import dataclass

from textual.message import Message

from tlworkbench.errors import UserError
from tlworkbench.inference.report import BundleReport
from tlworkbench.tui.screens.choose import Choose, Entry
from tlworkbench.tui.screens.predict_loading import Exported
from tlworkbench.tui.widgets.variant_table import share

LATEST = ""
"""Value of the choice that always takes the latest run."""


@dataclass
class RunsFound(Message):
    """Exported runs were looked for; latest first."""

    runs: tuple[tuple[Exported, BundleReport | None], ...]


def choose_run(runs: tuple[tuple[Exported, BundleReport | None], ...], now: str) -> Choose:
    """The dialog; it closes with a run's number, or LATEST. Raises UserError where there is none."""
    if not runs:
        raise UserError("no run is exported yet", "Train one (g t, then s) and export it there (e).")
    latest = Entry(LATEST, "latest", help=_beside("always the newest export", now == LATEST))
    entries = [
        Entry(exported.run, exported.run, help=_beside(_words(report), exported.run == now))
        for exported, report in runs
    ]
    return Choose("Run that answers", [latest, *entries], "no run by that number")


def _words(report: BundleReport | None) -> str:
    if report is None:
        return "its report is damaged"
    figures = f"macro-F1 {share(report.metrics['macro_f1'])} · " if "macro_f1" in report.metrics else ""
    return f"{figures}{report.model} · {report.created[:10]}"


def _beside(words: str, chosen: bool) -> str:
    return f"● {words}" if chosen else words
