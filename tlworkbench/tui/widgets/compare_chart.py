"""The curves of several runs on one another: by step, by epoch, or by the time they were at work."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, TypeAlias

from textual.binding import Binding, BindingType
from textual.content import Content

from tlworkbench.comparison.clock import at_work, pauses
from tlworkbench.jobs.run_state import RunState
from tlworkbench.tui.text import duration
from tlworkbench.tui.themes import Look
from tlworkbench.tui.widgets import figures
from tlworkbench.tui.widgets.axes import epoch_labels, place_of
from tlworkbench.tui.widgets.chart import Chart
from tlworkbench.tui.widgets.figure import Across, Figure, Series, Steps, series
from tlworkbench.tui.widgets.run_columns import Column
from tlworkbench.tui.widgets.run_curves import RunCurves
from tlworkbench.tui.widgets.thinning import Floats

By: TypeAlias = Literal["step", "epoch", "time"]
BYS: tuple[By, ...] = ("step", "epoch", "time")
_TICKS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 86400, 172800, 604800)
_LABEL = 12
"""Columns a time wants for itself."""


@dataclass(frozen=True)
class _Shown:
    """A figure that runs log."""

    name: str
    column: str
    """As the event calls it."""
    by_step: bool
    """Logged at steps; else at evaluations."""
    written: Callable[[float], str]
    empty: str


SHOWN = (
    _Shown("loss", "loss", True, figures.loss, "no step yet"),
    _Shown("validation loss", "loss", False, figures.loss, "no validation yet"),
    _Shown("macro-F1", "macro_f1", False, figures.score, "no validation yet"),
    _Shown("accuracy", "accuracy", False, figures.score, "no validation yet"),
)


@dataclass(frozen=True)
class Epochs:
    """x counts passes over the training rows."""

    finest: float = 0.05

    def labels(self, low: float, high: float, columns: int) -> list[tuple[int, str]]:
        """Both ends, and whole epochs between them."""
        return [(0, f"{low:.3g}"), (columns, f"epoch {high:.3g}"), *epoch_labels(low, high, 1.0, columns)]

    def said(self, x: float) -> str:
        """`epoch 1.25`."""
        return f"epoch {x:.3g}"


@dataclass(frozen=True)
class Clock:
    """x is seconds at work."""

    finest: float = 1.0

    def labels(self, low: float, high: float, columns: int) -> list[tuple[int, str]]:
        """Both ends, and round times between them."""
        ends = [(0, duration(low)), (columns, f"{duration(high)} at work")]
        each = next((tick for tick in _TICKS if (high - low) / tick * _LABEL <= columns), _TICKS[-1])
        between = range(int(low // each + 1) * each, int(high) + 1, each)
        return [*ends, *((round(place_of(tick, low, high, columns)), duration(tick)) for tick in between[:columns])]

    def said(self, x: float) -> str:
        """`after 1:52`."""
        return f"after {duration(x)}"


_ACROSS: dict[By, Across] = {"step": Steps(), "epoch": Epochs(), "time": Clock()}


def read_curves(states: Sequence[RunState]) -> list[RunCurves]:
    """Read what runs have logged, as far as a comparison draws it; for any thread."""
    found = []
    for state in states:
        curves = RunCurves()
        curves.follow(state)
        for column in (*BYS[:2], "at", *(shown.column for shown in SHOWN if shown.by_step)):
            curves.of_steps(column)
        found.append(curves)
    return found


class CompareChart(Chart):
    """Draws a figure of each run with its sign and colour; a tall one draws the next figure below it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("home", "first", "first", show=False)]

    def __init__(self, look: Look, id: str | None = None) -> None:
        super().__init__(look, id)
        self.by: By = "step"
        self._place_shown = 0
        self._columns: tuple[Column, ...] = ()
        self._states: tuple[RunState, ...] = ()
        self.curves: list[RunCurves] = []
        """Of each run; none until they were read, see `read_curves`."""

    @property
    def name_shown(self) -> str:
        """The figure that shows, or shows above."""
        return SHOWN[self._place_shown].name

    def follow(self, columns: tuple[Column, ...], states: Sequence[RunState]) -> None:
        """Take over the runs' states; the columns say their signs, numbers and colours."""
        if not self.curves:
            self.plot((), Content.styled("reading the curves …", "$muted"))
            return
        changed = [curves.follow(state) for curves, state in zip(self.curves, states, strict=True)]
        self._states = tuple(states)
        if any(changed) or columns != self._columns or not self.figures:
            self._columns = columns
            self._plot()

    def next_figure(self) -> None:
        """Show the next figure; after the last, the first."""
        self._place_shown = (self._place_shown + 1) % len(SHOWN)
        self._anew()

    def next_axis(self) -> None:
        """Lay the curves beside one another by the next of step, epoch, time."""
        self.by = BYS[(BYS.index(self.by) + 1) % len(BYS)]
        self.forget_cursor()
        self._anew()

    def _anew(self) -> None:
        self.figures = ()
        self._plot()

    def _plot(self) -> None:
        if not any(map(len, self.curves)):
            self.plot((), Content.styled("none of these runs has logged anything yet", "$muted"))
            return
        until = max(1e-9, *(self._until(place) for place in range(len(self.curves))))
        shown = (SHOWN[(self._place_shown + further) % len(SHOWN)] for further in (0, 1))
        self.plot([self._figure(one, until) for one in shown])

    def _figure(self, shown: _Shown, until: float) -> Figure:
        across = _ACROSS[self.by]
        drawn = [self._series(place, shown) for place in range(len(self.curves))]
        return Figure(shown.name, drawn, 0.0, until, across=across, written=shown.written, empty=shown.empty)

    def _series(self, place: int, shown: _Shown) -> Series:
        curves, column = self.curves[place], self._columns[place]
        of = curves.of_steps if shown.by_step else curves.of_evaluations
        x = self._across(place, of)
        return series(column.name, x, of(shown.column), column.colour, column.sign, smooth=shown.by_step)

    def _across(self, place: int, of: Callable[[str], Floats]) -> Floats:
        if self.by != "time":
            return of(self.by)
        state = self._states[place]
        stood_still = pauses(self.curves[place].of_steps("at"), state.begun_at)
        return at_work(of("at"), state.started_at, stood_still)

    def _until(self, place: int) -> float:
        curves = self.curves[place]
        ends = [x[-1] for of in (curves.of_steps, curves.of_evaluations) if len(x := self._across(place, of))]
        return float(max(ends, default=0.0))

    def action_first(self) -> None:
        """Put the cursor on the first point."""
        self.point_at(0.0)
