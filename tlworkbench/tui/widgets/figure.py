"""What a chart shows, as values: named series with their colours, levels to compare with, and the axis below them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from tlworkbench.tui.text import thousands
from tlworkbench.tui.widgets import figures
from tlworkbench.tui.widgets.axes import epoch_labels, log_ticks, place_of
from tlworkbench.tui.widgets.thinning import Floats

LINE, MARK, RING = "─", "●", "○"
"""Signs of series: a line through many points, or a mark on each of a few."""
_LARGEST = 1e100
"""Beyond what any precision holds that is trained in: as good as infinite."""


@dataclass(frozen=True, eq=False)
class Series:
    """Points of one curve, by ascending x. Those whose value is no finite number are left out by `series`."""

    name: str
    x: Floats
    values: Floats
    colour: str
    """`#rrggbb`."""
    sign: str = LINE
    """Stands beside its name; any but `LINE` is also put on each point, as far as there is room."""
    smooth: bool = False
    """Whether smoothing says anything of it: many points with noise."""
    left_out: int = 0
    """Points that were no finite number."""


def series(name: str, x: Floats, values: Floats, colour: str, sign: str = LINE, smooth: bool = False) -> Series:
    """A series of the points whose value can be drawn."""
    good = np.abs(values) <= _LARGEST
    left_out = len(values) - int(np.count_nonzero(good))
    if left_out:
        x, values = x[good], values[good]
    return Series(name, x, values, colour, sign, smooth, left_out)


@dataclass(frozen=True)
class Level:
    """A value to compare with: a thin line across, named on it."""

    name: str
    value: float


@dataclass(frozen=True)
class Upright:
    """A place on the x axis that is marked: a thin line upwards, named on it."""

    name: str
    x: float


class Across(Protocol):
    """How an x axis is written."""

    @property
    def finest(self) -> float:
        """Units of x below which zooming in shows nothing more."""

    def labels(self, low: float, high: float, columns: int) -> list[tuple[int, str]]:
        """(column, text) pairs, what matters most first."""

    def said(self, x: float) -> str:
        """A place in words: `step 410`."""


@dataclass(frozen=True)
class Steps:
    """x counts optimizer steps."""

    per_epoch: float = 0.0
    """0 where epochs are not told."""
    finest: float = 8.0

    def labels(self, low: float, high: float, columns: int) -> list[tuple[int, str]]:
        """First and last step, and the ends of epochs between them."""
        first, last = thousands(round(low)), f"step {thousands(round(high))}"
        found = [(0, first), (columns, last)]
        if self.per_epoch:
            found += epoch_labels(low, high, self.per_epoch, columns)
        return found

    def said(self, x: float) -> str:
        """`step 410`."""
        return f"step {thousands(round(x))}"


@dataclass(frozen=True)
class Powers:
    """x is the decimal logarithm of a figure."""

    name: str
    finest: float = 0.1

    def labels(self, low: float, high: float, columns: int) -> list[tuple[int, str]]:
        """Round figures."""
        found = [(place_of(u, low, high, columns), label) for u, label in log_ticks(low, high, max(2, columns // 12))]
        return [(round(column), label) for column, label in found]

    def said(self, x: float) -> str:
        """`rate 3.1e-5`."""
        return f"{self.name} {figures.power(10.0**x)}"


@dataclass(frozen=True, eq=False)
class Figure:
    """One picture: series over one x axis and one y axis. A later series covers an earlier one."""

    name: str
    """One or two words."""
    series: Sequence[Series]
    first: float = 0.0
    until: float = 1.0
    """Left and right end of the whole."""
    levels: Sequence[Level] = ()
    uprights: Sequence[Upright] = ()
    across: Across = field(default_factory=Steps)
    written: Callable[[float], str] = figures.loss
    """A value as the frame writes it."""
    empty: str = "nothing logged"
    """Stands there while there are no points."""

    @property
    def points(self) -> int:
        """Points of all series."""
        return sum(len(one.x) for one in self.series)
