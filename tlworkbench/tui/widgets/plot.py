"""The one place where plotext draws: curves in braille, as segments of a terminal line.

plotext keeps its figure in the module: call this on the screen's thread only.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from rich.segment import Segment
from rich.style import Style

DOTS_ACROSS, DOTS_UP = 2, 4
"""Braille dots of one cell."""
_SGR = re.compile(r"\x1b\[([\d;]*)m")


@dataclass(frozen=True)
class Curve:
    """Points in dots of the canvas: x from 0 at the left, y from 0 at the bottom."""

    x: Sequence[float]
    y: Sequence[float]
    colour: str
    """`#rrggbb`."""
    joined: bool = True
    """Whether a line leads from point to point."""
    mark: str = ""
    """Sign put on points, besides the line through all of them; one cell wide."""
    marked: Sequence[int] = ()
    """Places of the points that it is put on."""


def draw(curves: Sequence[Curve], width: int, height: int) -> list[list[Segment]]:
    """The curves on a canvas of `width` × `height` cells, a list of segments a line; a later curve covers an earlier
    one."""
    import plotext

    plotext.clear_figure()
    # Else plotext would cut the canvas to what it takes for the terminal's size.
    plotext.limit_size(False, False)
    plotext.plot_size(width, height)
    plotext.theme("clear")
    plotext.xaxes(False, False)
    plotext.yaxes(False, False)
    plotext.xticks([])
    plotext.yticks([])
    plotext.xlim(0, DOTS_ACROSS * width - 1)
    plotext.ylim(0, DOTS_UP * height - 1)
    for curve in curves:
        put = plotext.plot if curve.joined else plotext.scatter
        put(list(curve.x), list(curve.y), marker="braille", color=_rgb(curve.colour))
    for curve in curves:
        if curve.mark and curve.marked:
            # The middle of the cell: a sign has one place in it, not eight.
            x = [curve.x[place] - curve.x[place] % DOTS_ACROSS for place in curve.marked]
            y = [curve.y[place] - curve.y[place] % DOTS_UP + (DOTS_UP - 1) / 2 for place in curve.marked]
            plotext.scatter(x, y, marker=curve.mark, color=_rgb(curve.colour))
    return [segments(line) for line in str(plotext.build()).split("\n")[:height]]


def segments(line: str) -> list[Segment]:
    """A line with true-colour escape sequences as segments."""
    found: list[Segment] = []
    style = Style.null()
    end = 0
    for match in _SGR.finditer(line):
        if match.start() > end:
            found.append(Segment(line[end : match.start()], style))
        style = _style(match[1])
        end = match.end()
    if end < len(line):
        found.append(Segment(line[end:], style))
    return found


@lru_cache(maxsize=64)
def _style(codes: str) -> Style:
    if not codes.startswith("38;2;"):
        return Style.null()
    red, green, blue = codes.split(";")[2:5]
    return Style(color=f"rgb({red},{green},{blue})")


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
