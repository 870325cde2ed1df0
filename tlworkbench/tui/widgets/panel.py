"""A figure drawn into cells: its y axis at the left, its curves in braille, its levels and marks as thin lines."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from rich.segment import Segment
from rich.style import Style

from tlworkbench.tui.themes import Colours
from tlworkbench.tui.widgets import plot
from tlworkbench.tui.widgets.axes import Axis, log_ticks, spanning, ticks
from tlworkbench.tui.widgets.figure import LINE, Figure, Series
from tlworkbench.tui.widgets.smoothing import reach, smoothed
from tlworkbench.tui.widgets.thinning import Floats, Ints, thin
from tlworkbench.tui.widgets.view import View

_MOST_TICKS = 7
_APART, _ASIDE = 18, 7
"""Columns between the signs on a curve of many points, and from those of the curve before."""
_ALONE = "•"
_LEVEL, _UPRIGHT = "┄", "┊"


@dataclass(frozen=True, eq=False)
class Seen:
    """A series as far as it shows: logarithms of its values on a logarithmic scale."""

    series: Series
    x: Floats
    y: Floats
    colour: str
    faint: bool = False
    """Beneath what was made of it: points that no line joins."""


@dataclass(frozen=True)
class Scale:
    """The y axis of a figure."""

    axis: Axis
    """In dots."""
    rows: int
    labels: dict[int, str]
    """What stands beside which row."""


@dataclass(frozen=True, eq=False)
class Sight:
    """The part of a figure that shows, and its scale."""

    figure: Figure
    logarithmic: bool
    seen: Sequence[Seen]
    unplaced: int
    """Points that have no place on a logarithmic scale, being 0 or less."""

    @property
    def empty(self) -> bool:
        """Whether there is nothing to draw."""
        return not self.seen

    def scale(self, rows: int, whole: bool) -> "Scale":
        """The y axis on so many rows; on a whole figure the levels have their place on it too."""
        ends = [float(end) for seen in self.seen for end in (seen.y.min(), seen.y.max())]
        if not ends:
            return Scale(spanning((0.0, 1.0), rows), rows, {})
        if whole:
            ends += [place for _, place in self.levels()]
        axis = spanning(ends, rows * plot.DOTS_UP)
        most = max(2, min(_MOST_TICKS, rows // 2))
        found = log_ticks(axis.low, axis.high, most) if self.logarithmic else ticks(axis, most)
        return Scale(axis, rows, {_row(axis, value, rows): label for value, label in found})

    def levels(self) -> list[tuple[str, float]]:
        """Levels that have a place on the scale."""
        return [
            (level.name, float(np.log10(level.value)) if self.logarithmic else level.value)
            for level in self.figure.levels
            if level.value > 0 or not self.logarithmic
        ]


def look_at(figure: Figure, view: View, ends: tuple[float, float], faint: str) -> Sight:
    """What shows of a figure between two ends. faint: colour of what was logged beneath what is smoothed."""
    logarithmic = figure.name in view.logarithmic
    seen: list[Seen] = []
    over: list[Seen] = []
    unplaced = 0
    for one in figure.series:
        count = reach(view.smoothing, len(one.x)) if one.smooth else 1
        drawn = [(one.values, one.colour)]
        if count > 1:
            drawn = [(one.values, faint), (smoothed(one.values, count), one.colour)]
        for place, (values, colour) in enumerate(drawn):
            x, y = one.x, values
            if logarithmic:
                good = y > 0
                unplaced += 0 if place else len(y) - int(np.count_nonzero(good))
                x, y = x[good], np.log10(y[good])
            x, y = between(x, y, *ends)
            if len(x):
                # All that is faint lies beneath all that is not.
                beneath = place == 0 and count > 1
                (seen if beneath else over).append(Seen(one, x, y, colour, beneath))
    return Sight(figure, logarithmic, [*seen, *over], unplaced)


def between(x: Floats, y: Floats, low: float, high: float) -> tuple[Floats, Floats]:
    """The points from `low` to `high`, and where the line to the nearest point outside crosses either end."""
    first, last = int(np.searchsorted(x, low, "left")), int(np.searchsorted(x, high, "right"))
    inner_x, inner_y = x[first:last], y[first:last]
    before = _crossing(x, y, first, low) if 0 < first < len(x) else None
    after = _crossing(x, y, last, high) if 0 < last < len(x) else None
    parts = [
        ([before[0]], [before[1]]) if before else ([], []),
        (inner_x, inner_y),
        ([after[0]], [after[1]]) if after else ([], []),
    ]
    if before is None and after is None:
        return inner_x, inner_y
    return np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])


def draw(
    sight: Sight, scale: Scale, across: Axis, margin: int, colours: Colours, most_dots: float
) -> list[list[Segment]]:
    """The lines of a figure: labels in `margin` cells, then its curves.

    across: the x axis in dots. most_dots: how many the curves go up and down in all, where wider columns can help it.
    """
    axis, rows = scale.axis, scale.rows
    columns = across.dots // plot.DOTS_ACROSS
    canvas = plot.draw(_curves(sight, across, axis, most_dots), columns, rows)
    named: dict[int, list[str]] = {}
    for name, place in sight.levels():
        if axis.low <= place <= axis.high:
            named.setdefault(_row(axis, place, rows), []).append(name)
    for row, names in named.items():
        canvas[row] = _levelled(canvas[row], " · ".join(names), colours)
    for upright in sight.figure.uprights:
        if across.low <= upright.x <= across.high:
            _put_upright(canvas, round(across.place(upright.x)) // plot.DOTS_ACROSS, upright.name, colours)
    edge, words = Style(color=colours.frame), Style(color=colours.muted)
    return [
        [
            Segment(scale.labels.get(row, "").rjust(margin - 2), words),
            Segment(" ┤" if row in scale.labels else " │", edge),
            *line,
        ]
        for row, line in enumerate(canvas)
    ]


def dots(x: Floats, across: Axis) -> Ints:
    """Dots of places on the x axis."""
    return np.clip(np.round(across.place_all(x)), 0, across.dots - 1).astype(np.int64)


def columns_of(x: Floats, across: Axis) -> Ints:
    """Columns of places on the x axis."""
    return dots(x, across) // plot.DOTS_ACROSS


def _curves(sight: Sight, across: Axis, axis: Axis, most_dots: float) -> list[plot.Curve]:
    placed = [(dots(seen.x, across), np.round(axis.place_all(seen.y))) for seen in sight.seen]
    places = [thin(x // plot.DOTS_ACROSS, y) for x, y in placed]
    budget = _budget(
        [_travel(y[kept]) for seen, (_, y), kept in zip(sight.seen, placed, places, strict=True) if not seen.faint],
        most_dots,
    )
    curves = []
    for seen, (x, y), kept in zip(sight.seen, placed, places, strict=True):
        if seen.faint:
            kept = thin(x, y)
            curves.append(plot.Curve(x[kept].tolist(), y[kept].tolist(), seen.colour, joined=False))
            continue
        # Dots are what drawing costs, and where noise would fill the chart with them, wider columns show it as well.
        for cells in (2, 3, 4, 6, 8):
            if _travel(y[kept]) <= budget:
                break
            kept = thin(x // (cells * plot.DOTS_ACROSS), y)
        # One dot alone is overlooked.
        sign = seen.series.sign if _marks(seen) else _ALONE if len(seen.x) == 1 else ""
        # Signs that touch one another say nothing any more: then they only tell whose curve it is.
        if sign and len(seen.x) * 3 <= across.dots / plot.DOTS_ACROSS:
            logged = np.flatnonzero(np.isin(seen.x, seen.series.x))
            curves.append(plot.Curve(x.tolist(), y.tolist(), seen.colour, mark=sign, marked=list(logged)))
        else:
            marked = _apart(x[kept] // plot.DOTS_ACROSS, len(curves)) if sign else ()
            curves.append(plot.Curve(x[kept].tolist(), y[kept].tolist(), seen.colour, mark=sign, marked=marked))
    return curves


def _apart(columns: Ints, number: int) -> list[int]:
    # Places of a few points, elsewhere for each curve, so that signs of curves that lie on one another show.
    wanted = np.arange(_APART // 2 + number * _ASIDE % _APART, int(columns.max(initial=0)) + 1, _APART)
    return [int(place) for place in np.unique(np.searchsorted(columns, wanted)) if place < len(columns)]


def _marks(seen: Seen) -> bool:
    return seen.series.sign != LINE


def _travel(y: Floats) -> float:
    return float(np.abs(np.diff(y)).sum())


def _budget(travels: Sequence[float], most: float) -> float:
    # Dots for each curve: what one that needs few leaves over is for the others.
    left, share = most, 0.0
    for done, travel in enumerate(sorted(travels)):
        share = left / (len(travels) - done)
        if travel > share:
            return share
        left -= travel
    return max(share, max(travels, default=0.0))


def _crossing(x: Floats, y: Floats, place: int, end: float) -> tuple[float, float] | None:
    # Where the line from the point before `place` to the one at it has the x of `end`; None where a point is there.
    left, right = float(x[place - 1]), float(x[place])
    if end in (left, right):
        return None
    return end, float(y[place - 1] + (y[place] - y[place - 1]) * (end - left) / (right - left))


def _row(axis: Axis, value: float, rows: int) -> int:
    return rows - 1 - round(axis.place(value)) // plot.DOTS_UP


def _cells(line: Sequence[Segment]) -> list[tuple[str, Style | None]]:
    return [(character, segment.style) for segment in line for character in segment.text]


def _joined(cells: Sequence[tuple[str, Style | None]]) -> list[Segment]:
    return list(Segment.simplify(Segment(character, style) for character, style in cells))


def _levelled(line: Sequence[Segment], name: str, colours: Colours) -> list[Segment]:
    cells = _cells(line)
    dashes = Style(color=colours.dim)
    free = [character == " " for character, _ in cells]
    cells = [(_LEVEL, dashes) if empty else cell for cell, empty in zip(cells, free, strict=True)]
    # The name where the curves leave room for it, as far to the right as they do.
    text = f" {name} "
    for begin in range(len(cells) - len(text), -1, -1):
        if all(free[begin : begin + len(text)]):
            cells[begin : begin + len(text)] = [(character, Style(color=colours.muted)) for character in text]
            break
    return _joined(cells)


def _put_upright(canvas: list[list[Segment]], column: int, name: str, colours: Colours) -> None:
    ink = Style(color=colours.accent)
    named = False
    for row, line in enumerate(canvas):
        cells = _cells(line)
        if column >= len(cells):
            return
        if cells[column][0] in (" ", _LEVEL):
            cells[column] = (_UPRIGHT, ink)
        # Its name beside it, on the first line that has room.
        for begin in (column + 2, column - len(name) - 1):
            room = cells[max(0, begin) : begin + len(name)]
            if not named and begin >= 0 and len(room) == len(name) and all(cell[0] == " " for cell in room):
                cells[begin : begin + len(name)] = [(character, ink) for character in name]
                named = True
        canvas[row] = _joined(cells)
