"""Labels with their probabilities as thin bars, the most probable first."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Size
from textual.reactive import reactive
from textual.widget import Widget

from tlworkbench.tui.text import bar, counted, fit, probability

_LONGEST_NAME = 32
_LONGEST_BAR = 80


@dataclass(frozen=True)
class Score:
    """One bar."""

    label: str
    """Safe to draw; see `tui.text.clean`."""
    share: float | None
    """Probability, 0 to 1; None while nothing was asked."""
    colour: str
    """`#rrggbb`."""


def names_width(scores: Sequence[Score], width: int) -> int:
    """Cells for the labels: the longest one, but never more than a third of the line."""
    return min(max((cell_len(score.label) for score in scores), default=0), _LONGEST_NAME, max(6, width // 3))


def bar_line(score: Score, names: int, width: int) -> Content:
    """`label  .71  ▅▅▅▅▁▁` in at most `width` cells; a label alone where there is no answer yet."""
    if score.share is None:
        return Content.assemble((fit(score.label, names), score.colour), ("   ·", "$dim"))
    filled, rest = bar(score.share, max(0, min(_LONGEST_BAR, width - names - 7)))
    return Content.assemble(
        (fit(score.label, names), score.colour),
        (f"  {probability(score.share)}  ", "bold"),
        (filled, score.colour),
        (rest, "$frame"),
    )


class ScoreBars(Widget):
    """Draws `scores` as they are given, as many as fit; with the focus, the arrows show the others."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "scroll_by(1)", "down", show=False),
        Binding("up,k", "scroll_by(-1)", "up", show=False),
        Binding("pagedown", "scroll_by(10)", "page down", show=False),
        Binding("pageup", "scroll_by(-10)", "page up", show=False),
        Binding("home", "scroll_by(-1000000)", "first", show=False),
        Binding("end", "scroll_by(1000000)", "last", show=False),
    ]
    DEFAULT_CSS = """
    ScoreBars { height: auto; width: 1fr; text-wrap: nowrap; }
    """

    scores: reactive[tuple[Score, ...]] = reactive((), layout=True)
    first: reactive[int] = reactive(0)
    """Place of the first label that shows."""

    def allow_focus(self) -> bool:
        """Only where there is more than shows."""
        return len(self.scores) > self.size.height

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """A line a label."""
        return len(self.scores)

    def validate_first(self, first: int) -> int:
        """The last page ends with the last label."""
        return max(0, min(first, len(self.scores) - self.size.height))

    def watch_scores(self) -> None:
        """A new answer shows from its best label on."""
        self.first = 0

    def action_scroll_by(self, lines: int) -> None:
        """Show labels further down or up."""
        self.first += lines

    def render(self) -> Content:
        """The bars."""
        width, height = self.size
        names = names_width(self.scores, width)
        shown = self.scores[self.first : self.first + height]
        after = len(self.scores) - self.first - len(shown)
        lines = [bar_line(score, names, width) for score in shown]
        if after and lines:
            lines[-1] = Content.styled(f"… {counted(after + 1, 'more', 'more')}", "$muted")
        return Content("\n").join(lines)
