"""What was asked before, newest first: label, score, text."""

from collections.abc import Mapping, Sequence

from rich.cells import cell_len
from textual.content import Content

from tlworkbench.tui.asked import Asked
from tlworkbench.tui.text import clean, fit, one_line, probability
from tlworkbench.tui.widgets.line_list import LineList

_LONGEST_NAME = 18


def history_line(asked: Asked, names: int, colour: str, width: int) -> Content:
    """`positive .98  thank you for the quick help!` in at most `width` cells; `names` cells are the label's."""
    text = one_line(asked.text, max(0, width - names - 6))
    return Content.assemble(
        (fit(clean(asked.label), names), colour), (f" {probability(asked.score)}  ", "$muted"), (text, "$foreground")
    )


class HistoryList(LineList):
    """Draws entries as they are given; `colours` holds the colour of each label the model knows."""

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self._entries: Sequence[Asked] = ()
        self._colours: Mapping[str, str] = {}
        self._names = 0

    def show_entries(self, entries: Sequence[Asked], colours: Mapping[str, str]) -> None:
        """Draw these, the first on top; the cursor stays on its entry when others come before it."""
        come = len(entries) - len(self._entries)
        stay = self.has_focus and come > 0 and self._entries[:1] == entries[come : come + 1]
        self._entries, self._colours = entries, colours
        longest = max((cell_len(clean(asked.label)) for asked in entries), default=0)
        self._names = min(longest, _LONGEST_NAME)
        self.show(len(entries), self.cursor + come if stay else min(self.cursor, max(0, len(entries) - 1)))

    @property
    def current(self) -> Asked | None:
        """The entry the cursor is on."""
        return self._entries[self.cursor] if self._entries else None

    def line(self, place: int, width: int) -> Content:
        """One entry."""
        asked = self._entries[place]
        names = min(self._names, max(4, width // 3))
        return history_line(asked, names, self._colours.get(asked.label, "$muted"), width)
