"""Baselines in a line: `majority .210 · as it is – (no head) · head .548`."""

from collections.abc import Iterable

from tlworkbench.jobs.events import Baseline

ORDER = ("majority", "as it is", "head")
"""In which they are told."""


def in_order(lines: Iterable[Baseline]) -> list[Baseline]:
    """Those that this program knows first, in their order."""
    return sorted(lines, key=lambda line: ORDER.index(line.name) if line.name in ORDER else len(ORDER))


def figure(line: Baseline, metric: str = "macro_f1") -> str:
    """`.548`; a dash where it has none."""
    value = line.figure(metric)
    return "–" if value is None else f"{value:.3f}".removeprefix("0")


def said(lines: Iterable[Baseline]) -> str:
    """All of them by macro-F1; why one has none stands in brackets."""
    words = [
        f"{line.name} {figure(line)}" + (f" ({line.words})" if line.macro_f1 is None and line.words else "")
        for line in in_order(lines)
    ]
    return " · ".join(words)
