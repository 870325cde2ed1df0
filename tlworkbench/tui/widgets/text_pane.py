"""Lines of text that may be long: what a run printed, or its job.toml. Broken to the width, scrolled by key."""

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip


def broken(line: str, width: int) -> list[str]:
    """A line in pieces of at most `width` cells, broken after a space where one is near the end."""
    pieces: list[str] = []
    while cell_len(line) > width > 0:
        used = taken = 0
        for character in line:
            cells = cell_len(character)
            if used + cells > width:
                break
            used += cells
            taken += 1
        space = line.rfind(" ", taken // 2, taken + 1)
        taken = space + 1 if space > 0 else max(1, taken)
        pieces.append(line[:taken].rstrip())
        line = line[taken:]
    return [*pieces, line]


class TextPane(ScrollView, can_focus=True):
    """Shows lines without control characters. It stays at the end while more come, unless it was scrolled up."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "scroll_up", "up", show=False),
        Binding("down,j", "scroll_down", "down", show=False),
        Binding("pageup", "page_up", "page up", show=False),
        Binding("pagedown,space", "page_down", "page down", show=False),
        Binding("home", "scroll_home", "first", show=False),
        Binding("end", "scroll_end", "last", show=False),
    ]
    DEFAULT_CSS = """
    TextPane { overflow-x: hidden; overflow-y: auto; scrollbar-size-vertical: 1; }
    """

    def __init__(self, id: str | None = None, at_end: bool = False) -> None:
        """at_end: what is last matters most."""
        super().__init__(id=id, classes="pane")
        self._lines: tuple[str, ...] = ()
        self._broken: list[str] = []
        self._at_end = at_end

    @property
    def lines(self) -> tuple[str, ...]:
        """What it shows."""
        return self._lines

    def show(self, lines: Sequence[str], anew: bool = False) -> None:
        """Draw these; `anew` when they are of something else than before."""
        if tuple(lines) == self._lines and not anew:
            return
        follow = anew or self.scroll_offset.y >= self.max_scroll_y
        self._lines = tuple(lines)
        self._break()
        if follow and self._at_end:
            self.call_after_refresh(self.scroll_end, animate=False, immediate=True)
        elif anew:
            self.scroll_home(animate=False, immediate=True)

    def render_line(self, y: int) -> Strip:
        """One line of the screen."""
        width = self.scrollable_content_region.width
        place = y + self.scroll_offset.y
        text = self._broken[place] if place < len(self._broken) else ""
        return Strip([Segment(text, self.rich_style)]).adjust_cell_length(width, self.rich_style)

    def on_resize(self, event: events.Resize) -> None:
        """Another width breaks other lines."""
        self._break()

    def _break(self) -> None:
        width = self.scrollable_content_region.width
        self._broken = [piece for line in self._lines for piece in broken(line, width)]
        self.virtual_size = Size(0, len(self._broken))
        self.refresh()
