"""Axes of a chart: which values stand beside it, and where."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from tlworkbench.tui.widgets.thinning import Floats

_SMALLEST = 1e-290
_FACTORS: tuple[tuple[int, ...], ...] = ((1, 2, 3, 4, 5, 6, 7, 8, 9), (1, 2, 5), (1, 3), (1,))


@dataclass(frozen=True)
class Axis:
    """A linear axis of `dots` places from `low` to `high`."""

    low: float
    high: float
    dots: int

    def place(self, value: float) -> float:
        """Dot of a value, 0 at `low`; may lie off the axis."""
        return (value - self.low) / (self.high - self.low) * (self.dots - 1)

    def place_all(self, values: Floats) -> Floats:
        """`place` of many values."""
        return (values - self.low) / (self.high - self.low) * (self.dots - 1)


def place_of(value: float, low: float, high: float, places: int) -> float:
    """Which of so many places from `low` to `high` a value has, 0 at `low`."""
    return Axis(low, high, places).place(value)


def spanning(values: Sequence[float], dots: int) -> Axis:
    """An axis on which all the values find a place, with a little room above and below."""
    low, high = min(values), max(values)
    room = (high - low) * 0.03
    size = max(abs(low), abs(high))
    if room <= size * 1e-12:
        # One value, or what rounding made of it.
        room = size * 0.05 if size > _SMALLEST else 0.5
    return Axis(low - room, high + room, dots)


def ticks(axis: Axis, most: int) -> list[tuple[float, str]]:
    """Round values on the axis with their labels, ascending, at most `most` of them and never none."""
    span = axis.high - axis.low
    step = 10.0 ** math.floor(math.log10(span / max(1, most)))
    for factor in (1, 2, 2.5, 5, 10, 20, 25, 50, 100):
        first, last = math.ceil(axis.low / (step * factor)), math.floor(axis.high / (step * factor))
        if 0 < last - first + 1 <= most:
            return [(n * step * factor, _label(n * step * factor, step * factor)) for n in range(first, last + 1)]
    middle = (axis.low + axis.high) / 2
    return [(middle, f"{middle:.3g}")]


def log_ticks(low: float, high: float, most: int) -> list[tuple[float, str]]:
    """Round values on an axis of decimal logarithms as (logarithm, label), ascending, at most `most`, never none."""
    if high - low < 0.5:
        # So near that round steps tell more than powers do.
        return [(math.log10(value), label) for value, label in ticks(Axis(10.0**low, 10.0**high, 2), most)]
    decades = range(math.floor(low), math.ceil(high) + 1)
    for factors in _FACTORS:
        found = [
            (place, _label(factor * 10.0**decade, 10.0**decade))
            for decade in decades
            for factor in factors
            if low <= (place := decade + math.log10(factor)) <= high
        ]
        if 0 < len(found) <= most:
            return found
    for every in (2, 3, 5, 10, 20, 50, 100, 200):
        found = [(float(n), _label(10.0**n, 10.0**n)) for n in decades if n % every == 0 and low <= n <= high]
        if 0 < len(found) <= most:
            return found
    middle = (low + high) / 2
    return [(middle, f"{10.0**middle:.1e}")]


def _label(value: float, step: float) -> str:
    # As many digits as tell a value from its neighbours; a step of 2.5 has one more than its power of ten says.
    finest = math.floor(math.log10(step) + 1e-9)
    finest -= round(step / 10.0**finest, 6) % 1 > 0
    if abs(value) < step / 2:
        return "0"
    if 0.001 <= abs(value) < 10_000:
        return f"{value:.{max(0, -finest)}f}"
    digits, _, exponent = f"{value:.{max(0, math.floor(math.log10(abs(value))) - finest)}e}".partition("e")
    return f"{digits}e{int(exponent)}"


def label_line(labels: Sequence[tuple[int, str]], width: int) -> str:
    """Labels centred on their columns on one line; of two that would touch, the earlier in the list stands."""
    line = [" "] * width
    for column, text in labels:
        start = min(max(0, column - len(text) // 2), width - len(text))
        around = line[max(0, start - 2) : start + len(text) + 2]
        if start >= 0 and all(cell == " " for cell in around):
            line[start : start + len(text)] = text
    return "".join(line)


def epoch_labels(low: float, high: float, per_epoch: float, columns: int) -> list[tuple[int, str]]:
    """`epoch 1` and so on at their ends, as many as there is room for at even distances.

    low, high: the steps at both ends of `columns` columns; per_epoch: steps of an epoch.
    """
    last = math.floor(high / per_epoch + 1e-9)
    columns_each = per_epoch / (high - low) * (columns - 1)
    for every in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000):
        if every * columns_each >= len(f"epoch {last}") + 3:
            first = max(1, math.ceil(low / per_epoch - 1e-9))
            numbers = range(-(-first // every) * every, last + 1, every)
            return [(round(place_of(number * per_epoch, low, high, columns)), f"epoch {number}") for number in numbers]
    return []
