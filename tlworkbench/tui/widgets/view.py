"""Which part of a chart is looked at, and how: zoom, smoothing, scale. Values; a chart draws by them."""

from dataclasses import dataclass, replace

from tlworkbench.tui.widgets.smoothing import CYCLE, Smoothing

_PAN = 0.25


@dataclass(frozen=True)
class View:
    """How a figure is looked at."""

    window: tuple[float, float] | None = None
    """Ends of the part of the x axis that shows; None for the whole, which grows as the run goes on."""
    smoothing: Smoothing = "off"
    logarithmic: frozenset[str] = frozenset()
    """Names of the figures with a logarithmic y axis."""

    def ends(self, first: float, until: float) -> tuple[float, float]:
        """Left and right end on a figure that reaches from `first` to `until`."""
        if self.window is None:
            return first, until
        low, high = max(first, self.window[0]), min(until, self.window[1])
        return (low, high) if low < high else (first, until)

    def zoomed(self, factor: float, around: float, first: float, until: float, finest: float) -> "View":
        """So many times nearer, or farther below 1; `around` stays in its column as far as the ends allow."""
        low, high = self.ends(first, until)
        width = max(min(finest, high - low), (high - low) / factor)
        if width >= until - first:
            return replace(self, window=None)
        share = (around - low) / (high - low)
        return self._at(around - share * width, width, first, until)

    def panned(self, pages: float, first: float, until: float) -> "View":
        """So many quarters of what shows to the right, or to the left below 0."""
        if self.window is None:
            return self
        low, high = self.ends(first, until)
        return self._at(low + pages * _PAN * (high - low), high - low, first, until)

    def with_sight_of(self, x: float, first: float, until: float) -> "View":
        """Moved as little as may be so that x is in it."""
        low, high = self.ends(first, until)
        if self.window is None or low <= x <= high:
            return self
        return self._at(x if x < low else x - (high - low), high - low, first, until)

    def whole(self) -> "View":
        """All of it."""
        return replace(self, window=None)

    def smoother(self) -> "View":
        """The next degree of smoothing; after the last, none."""
        return replace(self, smoothing=CYCLE[(CYCLE.index(self.smoothing) + 1) % len(CYCLE)])

    def with_scale_turned(self, figure: str) -> "View":
        """That figure on a logarithmic scale, or on a linear one again."""
        return replace(self, logarithmic=self.logarithmic ^ {figure})

    def _at(self, low: float, width: float, first: float, until: float) -> "View":
        low = min(max(first, low), until - width)
        return replace(self, window=(low, low + width))
