"""The chart of a learning-rate finder: the loss at each rate that was tried, and the rate it suggests."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from textual.binding import Binding, BindingType
from textual.content import Content

from tlworkbench.tui.themes import Look
from tlworkbench.tui.widgets import figures
from tlworkbench.tui.widgets.chart import Chart
from tlworkbench.tui.widgets.figure import Figure, Powers, Upright, series
from tlworkbench.tui.widgets.thinning import Floats
from tlworkbench.tui.widgets.view import View

_NAME = "loss by learning rate"


class LrChart(Chart):
    """Loss over learning rate on a logarithmic axis; left and right move the cursor, which begins at the suggestion."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "move(-1)", "lower rate", show=False),
        Binding("right", "move(1)", "higher rate", show=False),
        Binding("home", "suggested", "suggested rate", show=False),
    ]

    def __init__(self, look: Look, id: str | None = None) -> None:
        super().__init__(look, id)
        # At the end the loss flies off; what matters is the valley before.
        self.view = View(logarithmic=frozenset({_NAME}))
        self.rates: Floats = np.zeros(0)
        self._losses: Floats = np.zeros(0)
        self._suggested: float | None = None
        self._shown: tuple[tuple[float, ...], tuple[float, ...], float | None] | None = None

    def show(
        self, rates: Sequence[float], losses: Sequence[float], suggested: float | None, message: Content | None = None
    ) -> None:
        """Draw the loss at each rate, in the order they were tried: ascending, above 0.

        suggested: None while there is no suggestion. message: stands there while nothing was tried.
        """
        shown = (tuple(rates), tuple(losses), suggested)
        if shown == self._shown:
            return
        self._shown = shown
        self.rates, self._losses = np.asarray(shown[0], np.float64), np.asarray(shown[1], np.float64)
        new, self._suggested = suggested != self._suggested, suggested
        if not len(self.rates):
            self.plot((), message or Content.styled("no rate tried yet", "$muted"))
            return
        self.plot([self._figure()])
        if new and suggested is not None:
            self.action_suggested()

    def take_look(self, look: Look) -> None:
        """Other colours from now on."""
        self._look = look
        if self.figures:
            self.figures = (self._figure(),)
        super().take_look(look)

    @property
    def rate(self) -> float | None:
        """The rate at the cursor, exactly as it was tried; None where there is none."""
        if not len(self.rates) or (at := self._pointed()) is None:
            return None
        return float(self.rates[int(np.argmin(np.abs(np.log10(self.rates) - at)))])

    def action_move(self, by: int) -> None:
        """Move the cursor."""
        self.move(by)

    def action_suggested(self) -> None:
        """Put the cursor on the rate that is suggested."""
        if self._suggested is not None and self._suggested > 0:
            place = int(np.argmin(np.abs(np.log(self.rates / self._suggested))))
            self.point_at(float(np.log10(self.rates[place])))

    def _figure(self) -> Figure:
        x = np.log10(self.rates)
        first, last = float(x[0]), float(x[-1])
        if last - first < 0.1:
            first, last = first - 0.5, last + 0.5
        marks = []
        if self._suggested is not None and self._suggested > 0:
            marks = [Upright(f"suggested {figures.power(self._suggested)}", float(np.log10(self._suggested)))]
        drawn = [series("loss", x, self._losses, self._look.colours.primary)]
        return Figure(_NAME, drawn, first, last, (), marks, Powers("rate"))
