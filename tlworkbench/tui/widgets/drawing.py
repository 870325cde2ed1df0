"""The inside of a chart: one or two figures above one another, drawn into lines over one x axis."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tlworkbench.tui.themes import Colours
from tlworkbench.tui.widgets import panel, plot
from tlworkbench.tui.widgets.axes import Axis, label_line
from tlworkbench.tui.widgets.figure import Figure
from tlworkbench.tui.widgets.panel import Sight
from tlworkbench.tui.widgets.view import View

_TWO = 20
"""Lines from which two figures stand one above the other."""
_UPPER = 0.6
MOST_DOTS = 2400
"""Dots that all curves of a drawing go up and down in all: they are what plotext takes its time for."""


@dataclass(frozen=True, eq=False)
class Drawing:
    """Figures as lines."""

    lines: Sequence[list[Segment] | None]
    """None for the edge between two figures; the last one holds the labels of the x axis."""
    margin: int
    """Cells at the left that the labels of the y axes take."""
    across: Axis
    """The x axis in dots."""
    sights: Sequence[Sight]
    """What shows of the figures that found room."""

    @property
    def pointed(self) -> range:
        """Lines on which a cursor shows."""
        return range(len(self.lines) - 1)


def draw(figures: Sequence[Figure], view: View, width: int, height: int, colours: Colours) -> Drawing:
    """The first figure in `width` x `height` cells, and where there is room the second one below it."""
    upper = round((height - 2) * _UPPER)
    heights = [upper, height - 2 - upper] if height >= _TWO and len(figures) > 1 else [height - 1]
    ends = view.ends(figures[0].first, figures[0].until)
    sights = [panel.look_at(figure, view, ends, colours.dim) for figure, _ in zip(figures, heights, strict=False)]
    scales = [sight.scale(rows, view.window is None) for sight, rows in zip(sights, heights, strict=True)]
    margin = max((len(label) for scale in scales for label in scale.labels.values()), default=0) + 2
    columns = width - margin
    across = Axis(*ends, columns * plot.DOTS_ACROSS)
    lines: list[list[Segment] | None] = []
    for sight, scale in zip(sights, scales, strict=True):
        if lines:
            lines.append(None)
        if sight.empty:
            lines += _words(_nothing(sight), width, scale.rows, Style(color=colours.muted))
        else:
            dots = MOST_DOTS * scale.rows / sum(heights)
            lines += panel.draw(sight, scale, across, margin, colours, dots)
    below = label_line(figures[0].across.labels(*ends, columns), columns)
    lines.append([Segment(" " * margin + below, Style(color=colours.muted))])
    return Drawing(lines, margin, across, sights)


def coloured(strip: Strip, at: int, style: Style) -> Strip:
    """The strip with cell `at` in another style; each of its characters takes one cell."""
    segments: list[Segment] = []
    end = 0
    for segment in strip:
        text, own, _ = segment
        begin, end = end, end + len(text)
        if begin <= at < end:
            before, cell, after = text[: at - begin], text[at - begin], text[at - begin + 1 :]
            pieces = ((before, own), (cell, (own or Style.null()) + style), (after, own))
            segments += [Segment(piece, ink) for piece, ink in pieces if piece]
        else:
            segments.append(segment)
    return Strip(segments, strip.cell_length)


def _nothing(sight: Sight) -> str:
    if not sight.figure.points:
        return sight.figure.empty
    return "nothing above 0 to draw on a logarithmic scale" if sight.unplaced else "nothing was logged in this part"


def _words(text: str, width: int, rows: int, style: Style) -> list[list[Segment]]:
    return [[Segment((text if row == rows // 2 else "").center(width)[:width], style)] for row in range(rows)]
