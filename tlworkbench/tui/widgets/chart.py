"""The loss chart: training and validation loss by step, with a cursor whose value stands in the frame."""

import time
from typing import Literal

import numpy as np
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.content import Content
from textual.geometry import Region
from textual.strip import Strip
from textual.timer import Timer
from textual.widget import Widget

from tlworkbench.jobs.run_state import RunState
from tlworkbench.tui.text import thousands
from tlworkbench.tui.themes import Look
from tlworkbench.tui.widgets import figures, plot
from tlworkbench.tui.widgets.axes import Axis, epoch_labels, label_line, spanning, ticks
from tlworkbench.tui.widgets.loss_curve import LossCurve
from tlworkbench.tui.widgets.thinning import Floats, Ints, thin

MARK = "●"
"""Stands on each validation, so that the two curves differ by more than their colour."""
LINE = "─"
REST = 40
"""After a drawing the screen's thread is left alone for so many times as long as it took."""
LONGEST_REST = 2.0
"""Seconds; on a machine that is busy a drawing takes long because it has to wait."""
_MOST_TICKS = 7
_MOST_DOTS = 2000
"""Dots that a curve goes up and down in all, where wider columns can help it."""
_SMALLEST = (16, 4)
"""Columns and lines below which nothing can be read off."""


class LossChart(Widget, can_focus=True):
    """Draws what `show` was given; anew only when that, the size, the colours or the cursor changed.

    The cursor is a step, so it stays where it is while the run goes on; without one the frame tells of the last step.
    """

    DEFAULT_CSS = """
    LossChart { content-align: center middle; text-align: center; }
    """

    def __init__(self, look: Look, id: str | None = None) -> None:
        super().__init__(id=id, classes="pane")
        self.curve = LossCurve()
        self.message = Content("")
        """Stands in the middle while there is nothing to draw."""
        self._look = look
        self._cursor: int | None = None
        self._canvas: list[Strip] | None = None
        self._steps_axis: Axis | None = None
        self._strips: list[Strip] | None = None
        self._margin = 0
        self._rest_until = 0.0
        self._later: Timer | None = None

    def show(self, state: RunState | None, message: Content) -> None:
        """Take over a run's state; None for no run. `message` stands there while it has no losses."""
        before = len(self.curve)
        if state is None:
            self.curve.clear()
        changed = self.curve.follow(state) if state is not None else before > 0
        if changed or (not len(self.curve) and message != self.message):
            self.message = message
            if not before and len(self.curve):
                # The panes may still be finding their sizes: once more when they have.
                self.call_after_refresh(self.refresh)
            wait = self._rest_until - time.monotonic()
            if wait <= 0 or not before or not len(self.curve):
                self._redraw()
            elif self._later is None:
                self._later = self.set_timer(wait, self._redraw)

    def say(self, title: Content) -> None:
        """Change what stands in the upper edge, and paint nothing but that."""
        if self._border_title is None or not title.is_same(self._border_title):
            # Setting `border_title` would have all of the chart painted.
            self._border_title = title
            self.refresh(Region(-1, -1, self.outer_size.width, 1))

    def begin(self) -> None:
        """What comes is another run: forget the cursor."""
        self._cursor = None
        self.curve.clear()

    def take_look(self, look: Look) -> None:
        """Other colours from now on."""
        self._look = look
        self._redraw()

    def move(self, by: int) -> None:
        """Move the cursor by so many columns, to a step that was logged; past the last one it lets go."""
        if self._steps_axis is None or not len(self.curve.steps):
            return
        columns = _columns(self.curve.steps, self._steps_axis)
        place = self._place()
        for _ in range(abs(by)):
            side: Literal["left", "right"] = "left" if by < 0 else "right"
            place = max(0, int(np.searchsorted(columns, columns[place], side=side)) - (by < 0))
            if place >= len(columns):
                break
        self._point_at(int(self.curve.steps[place]) if place < len(columns) else None)

    def move_to_end(self, first: bool) -> None:
        """Put the cursor on the first step, or let it go so that the frame follows the last."""
        self._point_at(int(self.curve.steps[0]) if first and len(self.curve.steps) else None)

    @property
    def readout(self) -> Content:
        """What the frame's lower edge says: the figures at the cursor, and by their signs which curve is which."""
        if not len(self.curve.steps):
            return Content("")
        step, loss = self.curve.loss_at(self._place())
        parts: list[tuple[str, str]] = [
            (f"step {thousands(step)}", "$foreground" if self._cursor is not None else "$muted"),
            (f"   {LINE} ", "bold $primary"),
            (f"train {figures.loss(loss)}", "$primary"),
        ]
        at = step if self._cursor is not None else self.curve.last
        if (validated := self.curve.validated_by(at)) is not None:
            parts += [(f"   {MARK} ", "$accent"), (f"validation {figures.loss(validated[1])}", "$accent")]
        return Content.assemble(*parts)

    def on_resize(self, event: events.Resize) -> None:
        """Another size is another picture."""
        self._redraw()

    def render(self) -> Content:
        """What stands there instead of a curve."""
        return self.message

    def render_line(self, y: int) -> Strip:
        """One line of the picture."""
        if not len(self.curve) or self.content_size.width < _SMALLEST[0] or self.content_size.height < _SMALLEST[1]:
            return super().render_line(y)
        if self._strips is None:
            self._strips = self._with_cursor()
        return self._strips[y] if y < len(self._strips) else Strip.blank(self.content_size.width)

    def _redraw(self) -> None:
        if self._later is not None:
            self._later.stop()
            self._later = None
        self._canvas = None
        self._recolour()

    def _recolour(self) -> None:
        self._strips = None
        # Drawn now rather than at the next paint: moving the cursor needs to know which column a step stands in.
        if self._canvas is None and len(self.curve):
            began = time.monotonic()
            self._draw()
            self._rest_until = time.monotonic() + min(LONGEST_REST, REST * (time.monotonic() - began))
        self.border_subtitle = self.readout
        self.refresh()

    def _point_at(self, step: int | None) -> None:
        before, self._cursor = self._pointed_column(), step
        self._strips = None
        # Only two columns and the lower edge change. Setting `border_subtitle` would have all of the chart painted.
        self._border_subtitle = self.readout
        width, height = self.content_size
        columns = [Region(at, 0, 1, height) for at in (before, self._pointed_column()) if at is not None]
        self.refresh(*columns, Region(0, height, width, 1))

    def _pointed_column(self) -> int | None:
        if self._cursor is None or self._steps_axis is None:
            return None
        place = self._place()
        return self._margin + int(_columns(self.curve.steps[place : place + 1], self._steps_axis)[0])

    def _place(self) -> int:
        # Index of the cursor's step.
        last = len(self.curve.steps) - 1
        return last if self._cursor is None else min(last, int(np.searchsorted(self.curve.steps, self._cursor)))

    def _draw(self) -> None:
        width, height = self.content_size
        if width < _SMALLEST[0] or height < _SMALLEST[1]:
            return
        rows = height - 1
        # Validation last: few points that must not vanish behind many.
        losses = np.concatenate((self.curve.losses, self.curve.eval_losses))
        y_axis = spanning((float(losses.min()), float(losses.max())), rows * plot.DOTS_UP)
        labelled = {
            rows - 1 - round(y_axis.place(value)) // plot.DOTS_UP: label
            for value, label in ticks(y_axis, max(2, min(_MOST_TICKS, rows // 2)))
        }
        margin = max(map(len, labelled.values())) + 2
        across = width - margin
        x_axis = Axis(0.0, self.curve.until, across * plot.DOTS_ACROSS)
        canvas = plot.draw(self._curves(x_axis, y_axis), across, rows)
        edge = Style(color=self._look.colours.frame)
        words = Style(color=self._look.colours.muted)
        lines = [
            [
                Segment(labelled.get(row, "").rjust(margin - 2), words),
                Segment(" ┤" if row in labelled else " │", edge),
                *line,
            ]
            for row, line in enumerate(canvas)
        ]
        lines.append([Segment(" " * margin + self._step_line(across), words)])
        ground = self.rich_style
        self._canvas = [Strip(line).adjust_cell_length(width).apply_style(ground) for line in lines]
        self._margin, self._steps_axis = margin, x_axis

    def _curves(self, x_axis: Axis, y_axis: Axis) -> list[plot.Curve]:
        colours = self._look.colours
        curves = []
        for steps, losses, colour in (
            (self.curve.steps, self.curve.losses, colours.primary),
            (self.curve.eval_steps, self.curve.eval_losses, colours.accent),
        ):
            if len(steps):
                x, y = _thinned(_dots(steps, x_axis), np.round(y_axis.place_all(losses)))
                # Signs that touch one another say nothing any more.
                apart = x_axis.dots / plot.DOTS_ACROSS / len(steps) >= 3
                mark = MARK if colour == colours.accent and apart else ""
                curves.append(plot.Curve(x.tolist(), y.tolist(), colour, mark))
        return curves

    def _step_line(self, across: int) -> str:
        until = self.curve.until
        labels: list[tuple[int, str]] = [(0, "0"), (across, f"step {thousands(round(until))}")]
        if self.curve.steps_per_epoch:
            epochs = int(until / self.curve.steps_per_epoch + 1e-9)
            labels += epoch_labels(1, epochs, self.curve.steps_per_epoch / until * (across - 1), across)
        return label_line(labels, across)

    def _with_cursor(self) -> list[Strip]:
        strips, at = self._canvas or [], self._pointed_column()
        if at is None:
            return strips
        pointed = Style(bgcolor=self._look.colours.frame)
        return [_coloured(strip, at, pointed) for strip in strips[:-1]] + strips[-1:]


def _coloured(strip: Strip, at: int, style: Style) -> Strip:
    # Cell `at` in another style. Every cell of the chart is one character, so nothing has to be measured.
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


def _thinned(x: Ints, y: Floats) -> tuple[Ints, Floats]:
    # Dots are what drawing costs, and where noise would fill the chart with them, wider columns show it as well.
    for cells in (1, 2, 3, 4, 6, 8):
        kept = thin(x // (cells * plot.DOTS_ACROSS), y)
        if np.abs(np.diff(y[kept])).sum() <= _MOST_DOTS:
            break
    return x[kept], y[kept]


def _dots(steps: Floats, axis: Axis) -> Ints:
    return np.clip(np.round(axis.place_all(steps)), 0, axis.dots - 1).astype(np.int64)


def _columns(steps: Floats, axis: Axis) -> Ints:
    return _dots(steps, axis) // plot.DOTS_ACROSS
