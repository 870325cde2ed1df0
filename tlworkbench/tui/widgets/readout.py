"""What a chart's frame says of the cursor: the value of each series there, as it was logged."""

from dataclasses import dataclass

import numpy as np
from textual.content import Content

from tlworkbench.tui.widgets.figure import Figure, Series
from tlworkbench.tui.widgets.thinning import Floats


@dataclass(frozen=True)
class Reading:
    """A logged point."""

    name: str
    """Of the series."""
    x: float
    value: float


def stops(figure: Figure) -> Floats:
    """Where any series of a figure has a point, ascending."""
    longest = max((one.x for one in figure.series), key=len, default=np.zeros(0))
    others = [_beside(longest, one.x) for one in figure.series if one.x is not longest]
    found = np.concatenate([longest, *others]) if any(map(len, others)) else longest
    return found if found is longest else np.unique(found)


def readings(figure: Figure, at: float) -> list[Reading]:
    """The last point of each series at a place of the x axis or before it."""
    return [reading for one in figure.series if (reading := _reading(one, at))]


def said(figure: Figure, at: float, chosen: bool, place_too: bool, width: int) -> Content:
    """The readings in at most `width` cells: a series' sign and name, its value, and where that is from elsewhere.

    chosen: whether a cursor was put there. place_too: begin with the place itself.
    """
    here = [(figure.across.said(at), "$foreground" if chosen else "$muted")] if place_too else []
    found = [(one, reading) for one in figure.series if (reading := _reading(one, at))]
    for elsewhere, gap in ((True, "   "), (False, "   "), (False, "  ")):
        parts = [Content.assemble(*here)] if here else []
        for one, reading in found:
            text = f"{one.name} {figure.written(reading.value)}"
            where = f" at {figure.across.said(reading.x)}" if elsewhere and reading.x != at else ""
            sign = (f"{one.sign} ", f"bold {one.colour}")
            parts.append(Content.assemble(sign, (text, one.colour), (where, "$muted")))
        content = Content(gap).join(parts)
        if content.cell_length <= width:
            return content
    # A value whose name is left out would be told by its colour alone.
    while len(parts) > 1 and content.cell_length > width:
        parts.pop()
        content = Content(gap).join([*parts, Content.styled("…", "$muted")])
    return content.truncate(width, ellipsis=True)


def _reading(one: Series, at: float) -> Reading | None:
    place = int(np.searchsorted(one.x, at, side="right")) - 1
    return Reading(one.name, float(one.x[place]), float(one.values[place])) if place >= 0 else None


def _beside(x: Floats, other: Floats) -> Floats:
    # Those of `other` that are not in `x`.
    if not len(x):
        return other
    places = np.minimum(np.searchsorted(x, other), len(x) - 1)
    beside: Floats = other[x[places] != other]
    return beside
