"""How far an import is, on one line."""

from textual.content import Content

from tlworkbench.jobs.events import Progress
from tlworkbench.jobs.run_state import RunState
from tlworkbench.tui.text import bar, clean, cut, duration, percent, size, thousands

_BAR = 16
_NAME = 12
"""Cells kept for what is being done, at least."""


def import_line(state: RunState, width: int) -> Content:
    """A bar with rows, bytes, share and time left, as far as they are known, in at most `width` cells."""
    progress = state.progress
    if state.status == "stopping" or progress is None:
        return Content.styled(f"▶ {'stopping' if state.status == 'stopping' else 'starting'}", "$primary")
    figures = _figures(progress)
    room = width - 2
    bar_cells = _BAR if progress.share else 0
    told = " · ".join(figures)
    # What is least missed goes first: the bar's length, then the figures from the end.
    while len(told) + bar_cells + _NAME + 4 > room and (bar_cells > 6 or len(figures) > 2):
        if bar_cells > 6:
            bar_cells = 6
        else:
            figures.pop()
        told = " · ".join(figures)
    filled, empty = bar(progress.share, bar_cells)
    what = cut(clean(progress.what), max(_NAME, room - len(told) - bar_cells - 4))
    gap = "  " if bar_cells else ""
    return Content.assemble(
        ("▶ ", "$primary"), (f"{what}  ", "$foreground"), (filled, "$primary"), (empty, "$frame"), gap, (told, "$muted")
    )


def _figures(progress: Progress) -> list[str]:
    unit = clean(progress.unit)
    if unit == "bytes":
        done = size(progress.done)
    else:
        of = f" of {thousands(progress.total)}" if progress.total else ""
        done = f"{thousands(progress.done)}{of} {unit}"
    figures = [percent(progress.share)] if progress.share else []
    if progress.seconds_left >= 0 and progress.share < 1:
        figures.append(f"{duration(progress.seconds_left)} left")
    figures.append(done)
    if progress.bytes_total:
        figures.append(f"{size(progress.bytes_done)} of {size(progress.bytes_total)}")
    return figures
