"""Lines of which some stand for rows that can be looked at."""

from dataclasses import dataclass

from textual.content import Content

from tlworkbench.comparison.row_sets import Keys
from tlworkbench.tui.widgets.line_list import LineList


@dataclass(frozen=True, eq=False)
class ToldLine:
    """One line, and which rows it is about."""

    content: Content
    keys: Keys | None = None
    """None where it is about no rows."""
    title: str = ""
    """Says which they are, where they are shown by themselves."""


class ToldLines(LineList):
    """Shows `ToldLine`s; the cursor begins on the first that is about rows."""

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self._lines: tuple[ToldLine, ...] = ()

    @property
    def lines(self) -> tuple[ToldLine, ...]:
        """What it shows."""
        return self._lines

    @property
    def chosen(self) -> ToldLine | None:
        """The line that the cursor is on."""
        return self._lines[self.cursor] if self._lines else None

    def show_lines(self, lines: tuple[ToldLine, ...]) -> None:
        """Draw these; the cursor stays on its rows where they are still told of, else goes to the first of any."""
        before = self.chosen.keys if self.chosen is not None else None
        about = [place for place, line in enumerate(lines) if line.keys is not None]
        same = [place for place in about if lines[place].keys is before]
        place = (same or about or [0])[0]
        self._lines = lines
        self.show(len(lines), place)

    def line(self, place: int, width: int) -> Content:
        """One line, cut to the width."""
        return self._lines[place].content.truncate(width, ellipsis=True)
