"""The answer in its frame: the label on top, a bar for each label, below what answered and how fast."""

from dataclasses import dataclass

from textual.app import ComposeResult
from textual.containers import Container
from textual.content import Content
from textual.widgets import Static

from tlworkbench.tui.widgets.score_bars import Score, ScoreBars


@dataclass(frozen=True)
class AnswerView:
    """All that the pane draws."""

    title: Content
    scores: tuple[Score, ...] = ()
    note: Content | None = None
    """Stands in the place of the bars where there are none."""
    below: str = ""
    """What the lower edge of the frame says; safe to draw."""


class AnswerPane(Container):
    """Draws the view it is given."""

    DEFAULT_CSS = """
    AnswerPane { height: auto; }
    AnswerPane > Static { height: auto; }
    """

    def compose(self) -> ComposeResult:
        """Bars, or words."""
        yield ScoreBars()
        yield Static()

    def show(self, view: AnswerView) -> None:
        """Draw a view."""
        bars, note = self.query_one(ScoreBars), self.query_one(Static)
        bars.display, note.display = view.note is None, view.note is not None
        bars.scores = view.scores
        if view.note is not None:
            note.update(view.note)
        self.border_title = view.title
        self.border_subtitle = Content(view.below)
