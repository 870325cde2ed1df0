"""A chart of any series by step: curves under a frame, with a cursor whose values the frame tells."""

import time
from collections.abc import Sequence
from typing import Literal

import numpy as np
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.content import Content
from textual.geometry import Region
from textual.strip import Strip
from textual.timer import Timer
from textual.visual import Visual
from textual.widget import Widget

from tlworkbench.tui.text import counted
from tlworkbench.tui.themes import Look
from tlworkbench.tui.widgets import drawing, plot, readout
from tlworkbench.tui.widgets.drawing import Drawing
from tlworkbench.tui.widgets.figure import Figure
from tlworkbench.tui.widgets.frame import Place, edge
from tlworkbench.tui.widgets.panel import columns_of
from tlworkbench.tui.widgets.readout import Reading
from tlworkbench.tui.widgets.smoothing import reach
from tlworkbench.tui.widgets.thinning import Floats
from tlworkbench.tui.widgets.view import View

REST = 40
"""After a drawing the screen's thread is left alone for so many times as long as it took."""
LONGEST_REST = 2.0
"""Seconds; on a machine that is busy a drawing takes long because it has to wait."""
_SMALLEST = (20, 6)
"""Columns and lines below which nothing can be read off."""
_SIDES = 4
"""Cells of a line that the frame and the room beside it take."""


class Chart(Widget, can_focus=True):
    """Draws the figures that `plot` was given: the first, and where the chart is tall the second below it.

    The cursor is a place on the x axis, so it stays where it is while the run goes on; without one the frame tells of
    the last point. All figures have the same x axis; it stops where a series of the first one has a point.
    """

    DEFAULT_CSS = """
    Chart { text-align: center; text-wrap: nowrap; background: $background; }
    """

    def __init__(self, look: Look, id: str | None = None) -> None:
        super().__init__(id=id)
        self.figures: tuple[Figure, ...] = ()
        self.view = View()
        self.message = Content("")
        """Stands in the middle while there are no figures."""
        self._look = look
        self._title = Content("")
        self._beside = Content("")
        self._cursor: float | None = None
        self._stops: Floats = np.zeros(0)
        self._drawing: Drawing | None = None
        self._strips: list[Strip] | None = None
        self._rest_until = 0.0
        self._later: Timer | None = None

    def plot(self, figures: Sequence[Figure], message: Content | None = None) -> None:
        """Draw these: at once if it is something else than before, soon if it is more of the same."""
        first = not self.figures or not figures
        self.figures = tuple(figures)
        self.message = message or Content("")
        if first:
            # The panes may still be finding their sizes: once more when they have.
            self.call_after_refresh(self.refresh)
        wait = self._rest_until - time.monotonic()
        if first or wait <= 0:
            self.redraw()
        elif self._later is None:
            self._later = self.set_timer(wait, self.redraw)

    def say(self, title: Content, beside: Content | None = None) -> None:
        """Change what stands in the upper edge, and paint nothing but that. beside: at its right, after the figure."""
        beside = beside or Content("")
        if not title.is_same(self._title) or not beside.is_same(self._beside):
            self._title, self._beside = title, beside
            self._strips = None
            self.refresh(Region(0, 0, self.size.width, 1))

    @property
    def title_room(self) -> int:
        """Cells there are for a title."""
        return max(0, self.size.width - 9 - self._heading(0).cell_length)

    def take_look(self, look: Look) -> None:
        """Other colours from now on; the figures are shown anew by who made them."""
        self._look = look
        self.redraw()

    def look_at(self, view: View) -> None:
        """Zoom, pan, smooth or scale."""
        if view != self.view:
            self.view = view
            self.redraw()

    def zoom(self, factor: float) -> None:
        """So many times nearer to the cursor, or farther from it below 1."""
        if self.figures:
            figure = self.figures[0]
            at = self._pointed()
            around = figure.until if at is None else at
            view = self.view if at is None else self.view.with_sight_of(at, *self._whole)
            self.look_at(view.zoomed(factor, around, *self._whole, figure.across.finest))

    def pan(self, pages: float) -> None:
        """So many quarters of what shows to the right, or to the left below 0."""
        if self.figures:
            self.look_at(self.view.panned(pages, *self._whole))

    def turn_scale(self) -> None:
        """The first figure on a logarithmic scale, or on a linear one again."""
        if self.figures:
            self.look_at(self.view.with_scale_turned(self.figures[0].name))

    def move(self, by: int) -> None:
        """Move the cursor by so many columns, to a point that was logged; past the last one it lets go."""
        if self._drawing is None or not len(self._stops):
            return
        columns = np.round(self._drawing.across.place_all(self._stops)) // plot.DOTS_ACROSS
        place = self._place()
        for _ in range(abs(by)):
            side: Literal["left", "right"] = "left" if by < 0 else "right"
            place = max(0, int(np.searchsorted(columns, columns[place], side=side)) - (by < 0))
            if place >= len(columns):
                break
        self.point_at(float(self._stops[place]) if place < len(columns) else None)

    def point_at(self, x: float | None) -> None:
        """Put the cursor on a place of the x axis, or let it go so that the frame follows the last point."""
        before, self._cursor = self._pointed_column(), x
        at = self._pointed()
        view = self.view if at is None or not self.figures else self.view.with_sight_of(at, *self._whole)
        if view != self.view:
            self.look_at(view)
            return
        self._strips = None
        # Only two columns and the edges below change.
        width, height = self.size
        regions = [Region(at, 1, 1, height - 2) for at in (before, self._pointed_column()) if at is not None]
        below = [n for n, line in enumerate(self._drawing.lines, 1) if line is None] if self._drawing else []
        self.refresh(*regions, *(Region(0, y, width, 1) for y in (*below, height - 1)))

    def forget_cursor(self) -> None:
        """What comes is something else: no cursor, and the whole of it."""
        self._cursor = None
        self.view = self.view.whole()

    @property
    def cursor(self) -> float | None:
        """Where the cursor was put; None while it follows the last point."""
        return self._cursor

    def readings(self, place: int = 0) -> list[Reading]:
        """What was logged at the cursor, or last before it, by each series of a figure."""
        at = self._pointed()
        return [] if at is None or place >= len(self.figures) else readout.readings(self.figures[place], at)

    def said(self, place: int = 0, width: int = 200) -> Content:
        """The same in words of at most `width` cells, as the frame says it."""
        at = self._pointed()
        if at is None or place >= len(self.figures):
            return Content("")
        return readout.said(self.figures[place], at, self._cursor is not None, place == 0, width)

    def redraw(self) -> None:
        """Draw all of it anew, now."""
        if self._later is not None:
            self._later.stop()
            self._later = None
        self._strips = None
        self._drawing = None
        self._stops = readout.stops(self.figures[0]) if self.figures else np.zeros(0)
        # Drawn now rather than at the next paint: moving the cursor needs to know which column a point stands in.
        if self.figures:
            began = time.monotonic()
            if self.size.width >= _SMALLEST[0] and self.size.height >= _SMALLEST[1]:
                inside = self.size.width - _SIDES, self.size.height - 2
                self._drawing = drawing.draw(self.figures, self.view, *inside, self._look.colours)
            self._rest_until = time.monotonic() + min(LONGEST_REST, REST * (time.monotonic() - began))
        self.refresh()

    def on_resize(self, event: events.Resize) -> None:
        """Another size is another picture."""
        self.redraw()

    def watch_has_focus(self, has_focus: bool) -> None:
        """The frame tells where the keys go."""
        super().watch_has_focus(has_focus)
        self._strips = None
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """One line of the picture."""
        if self._strips is None:
            self._strips = self._painted()
        return self._strips[y] if y < len(self._strips) else Strip.blank(self.size.width, self.rich_style)

    @property
    def _whole(self) -> tuple[float, float]:
        return self.figures[0].first, self.figures[0].until

    def _place(self) -> int:
        # Index of the stop that the cursor stands on: at or before where it was put.
        last = len(self._stops) - 1
        return last if self._cursor is None else max(0, int(np.searchsorted(self._stops, self._cursor, "right")) - 1)

    def _pointed(self) -> float | None:
        return float(self._stops[self._place()]) if len(self._stops) else None

    def _pointed_column(self) -> int | None:
        at = self._pointed()
        if self._cursor is None or self._drawing is None or at is None:
            return None
        across = self._drawing.across
        if not across.low <= at <= across.high:
            return None
        return _SIDES // 2 + self._drawing.margin + int(columns_of(np.array([at]), across)[0])

    def _painted(self) -> list[Strip]:
        width = self.size.width
        ground = self.rich_style
        drawn = self._drawing
        if drawn is None:
            return self._around(self._message())
        frame = Style(color=self._look.colours.primary if self.has_focus else self._look.colours.frame)
        at = self._pointed_column()
        pointed = Style(bgcolor=self._look.colours.frame)
        strips = []
        for number, line in enumerate(drawn.lines):
            if line is None:
                strips.append(self._edge("middle", self._heading(1), self.said(0, width - 8)))
                continue
            strip = Strip([Segment("│ ", frame), *line]).adjust_cell_length(width - 2)
            strip = Strip([*strip, Segment(" │", frame)], width).apply_style(ground)
            strips.append(strip if at is None or number not in drawn.pointed else drawing.coloured(strip, at, pointed))
        return self._around(strips)

    def _around(self, strips: list[Strip]) -> list[Strip]:
        width = self.size.width
        last = len(self._drawing.sights) - 1 if self._drawing else 0
        said = self.said(last, width - 8) if self._drawing else Content("")
        notes = self._notes(width - 10 - said.cell_length)
        return [
            self._edge("top", self._title, Content("").join([self._heading(0), self._beside])),
            *strips,
            self._edge("bottom", notes, said),
        ]

    def _edge(self, place: Place, left: Content, right: Content) -> Strip:
        content = edge(place, self.size.width, left, right, self.has_focus)
        return Visual.to_strips(self, content, self.size.width, 1, self.visual_style, apply_selection=False)[0]

    def _heading(self, place: int) -> Content:
        # Which figure it is, and how it is looked at.
        if place >= len(self.figures):
            return Content("")
        figure = self.figures[place]
        over = max([reach(self.view.smoothing, len(one.x)) for one in figure.series if one.smooth], default=1)
        words = [f"smoothed over {over}"] if over > 1 else []
        words += ["log"] if figure.name in self.view.logarithmic else []
        return Content.assemble((figure.name, "bold $foreground"), ("".join(f" · {word}" for word in words), "$muted"))

    def _notes(self, width: int) -> Content:
        # What was logged and isn't drawn.
        sights = self._drawing.sights if self._drawing else ()
        unplaced = sum(sight.unplaced for sight in sights)
        left_out = sum(one.left_out for sight in sights for one in sight.figure.series)
        words = [f"{counted(unplaced, 'value')} not above 0"] if unplaced else []
        words += [f"{counted(left_out, 'value')} no number"] if left_out else []
        content = Content.styled(" · ".join(words), "$warning")
        return content if content.cell_length <= width else Content("")

    def _message(self) -> list[Strip]:
        width, height = self.size.width, max(0, self.size.height - 2)
        inner = max(1, width - _SIDES)
        said = Visual.to_strips(self, self.message, inner, None, self.visual_style, apply_selection=False)[:height]
        frame = Style(color=self._look.colours.primary if self.has_focus else self._look.colours.frame)
        above = (height - len(said)) // 2
        blank = Strip([Segment(" " * inner)])
        lines = [blank] * above + said + [blank] * (height - len(said) - above)
        ground = self.rich_style
        return [
            Strip([Segment("│ ", frame), *line.adjust_cell_length(inner), Segment(" │", frame)]).apply_style(ground)
            for line in lines
        ]
