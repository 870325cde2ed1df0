"""The chart of one run: its losses, metrics, learning rate, gradient norm and throughput, one or two at a time."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from textual.content import Content

from tlworkbench.jobs.run_state import RunState
from tlworkbench.tui.themes import Look
from tlworkbench.tui.widgets.chart import Chart
from tlworkbench.tui.widgets.figure import Figure
from tlworkbench.tui.widgets.run_curves import RunCurves
from tlworkbench.tui.widgets.run_figures import LOSS, METRIC, NAMES, figure_of
from tlworkbench.tui.widgets.smoothing import CYCLE

_HINT_FROM = 83
"""Cells from which the upper edge has room for the name of the next figure."""


class RunChart(Chart):
    """Follows a run's state; `m` leads through its figures, of which a tall chart shows a second one below."""

    def __init__(self, look: Look, id: str | None = None) -> None:
        super().__init__(look, id)
        self.curves = RunCurves()
        self.name_shown = LOSS
        self._waiting = ""

    def follow(self, state: RunState | None, message: Content, waiting: str = "") -> None:
        """Take over a run's state; None for no run.

        message: stands there while nothing was logged. waiting: the same for metrics, before the first validation.
        """
        if state is None:
            before = len(self.curves)
            self.curves.clear()
            changed = before > 0
        else:
            changed = self.curves.follow(state)
        if not len(self.curves):
            if changed or self.figures or not message.is_same(self.message):
                self.plot((), message)
        elif changed or waiting != self._waiting or not self.figures:
            self._waiting = waiting
            self.plot(self._made(), message)

    def begin(self) -> None:
        """What comes is another run: forget the cursor and the zoom."""
        self.forget_cursor()
        self.curves.clear()
        self.figures = ()

    def take_look(self, look: Look) -> None:
        """Other colours from now on."""
        self._look = look
        if self.figures:
            self.figures = self._made()
        super().take_look(look)

    def next_figure(self) -> None:
        """Show the next one in their order; after the last, the first."""
        self.show_figure(NAMES[(NAMES.index(self.name_shown) + 1) % len(NAMES)])

    def show_figure(self, name: str) -> None:
        """Show the figure of that name."""
        self.name_shown = name
        if self.figures:
            self.figures = self._made()
            self.redraw()

    def entitle(self, title: Content) -> None:
        """Change the title; beside it stands which figure `m` leads to, where there is room."""
        self.say(title, self.hint)

    @property
    def title_room(self) -> int:
        """Cells there are for a title."""
        return super().title_room - self.hint.cell_length

    @property
    def hint(self) -> Content:
        """Which figure `m` leads to."""
        if self.size.width < _HINT_FROM:
            return Content("")
        following = NAMES[(NAMES.index(self.name_shown) + 1) % len(NAMES)]
        return Content.assemble(("  m", "$accent"), (f" {following}", "$muted"))

    def place(self) -> dict[str, Any]:
        """What is shown and how, to be remembered; see `take_place`."""
        return {
            "figure": self.name_shown,
            "window": list(self.view.window or ()),
            "smoothing": self.view.smoothing,
            "logarithmic": sorted(self.view.logarithmic),
        }

    def take_place(self, kept: Mapping[str, Any]) -> None:
        """Show what was remembered; what of it is nothing that `place` gives is left as it is."""
        view = self.view
        window, smoothing, scales = kept.get("window"), kept.get("smoothing"), kept.get("logarithmic")
        if isinstance(window, list) and len(window) == 2 and all(isinstance(end, int | float) for end in window):
            low, high = map(float, window)
            view = replace(view, window=(low, high) if 0 <= low < high < float("inf") else None)
        view = replace(view, smoothing=next((one for one in CYCLE if one == smoothing), view.smoothing))
        if isinstance(scales, list):
            view = replace(view, logarithmic=frozenset(name for name in NAMES if name in scales))
        self.look_at(view)
        if (name := kept.get("figure")) in NAMES:
            self.show_figure(name)

    def _made(self) -> tuple[Figure, Figure]:
        # Beside anything else the losses, beside these the metrics.
        names = (self.name_shown, METRIC if self.name_shown == LOSS else LOSS)
        one, other = (figure_of(name, self.curves, self._look.colours, self._waiting) for name in names)
        return one, other
