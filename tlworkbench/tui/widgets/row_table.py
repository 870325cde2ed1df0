"""The rows as a list that paints only what is in sight, whatever their number."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tlworkbench.tui.dataset.marks import Marks
from tlworkbench.tui.dataset.nothing_shown import Line
from tlworkbench.tui.dataset.row_source import RowSource
from tlworkbench.tui.dataset.view import Indices, View, all_rows
from tlworkbench.tui.text import cut
from tlworkbench.tui.widgets.row_line import Columns, columns, pattern_of, row_line

if TYPE_CHECKING:
    from tlworkbench.tui.app import Workbench

_MARGIN = 2
"""Rows kept in sight above and below the cursor."""
_STILL = 4
"""One part in so many of the pane shows the same rows after a step at its edge."""
_FEW = 64
"""More changed rows than these are not looked up one by one."""


class RowTable(ScrollView, can_focus=True, inherit_bindings=False):
    """Shows a view of rows with a cursor. Posts `RowClicked`."""

    DEFAULT_CSS = """
    RowTable { overflow-x: hidden; overflow-y: auto; scrollbar-size-vertical: 0; }
    """

    @dataclass
    class RowClicked(Message):
        """The mouse chose a row."""

        place: int

    def __init__(self, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.view: View = all_rows(0)
        self.place = 0
        """Place of the cursor in the view."""
        self.marks = Marks()
        self.nothing: tuple[Line, ...] = ()
        """What stands there while no rows are left."""
        self._source: RowSource | None = None
        self._needle = ""

    @property
    def row(self) -> int | None:
        """The row under the cursor; None where there are no rows."""
        return self.view.row(self.place) if self.place < len(self.view) else None

    def show(self, source: RowSource, view: View, place: int = 0) -> None:
        """Draw these rows, with the cursor at a place. Marks stay with their rows, but not among other rows."""
        if source is not self._source:
            self.marks = Marks(len(source))
        else:
            self.marks.end_range(self.view, self.place)
        self._source = source
        self.view = view
        self.virtual_size = Size(0, len(view))
        self.place = max(0, min(place, len(view) - 1))
        self._keep_in_sight()
        self.refresh()

    def grow(self, source: RowSource, view: View) -> bool:
        """Take more rows after those that are there, painting nothing that stays; False where it would change."""
        width = self.scrollable_content_region.width - 1
        before = self._source
        if before is None or len(self.view) < self.size.height or len(view) < len(self.view):
            return False
        if columns(len(source), source.label_names(), width) != columns(len(before), before.label_names(), width):
            return False
        if source.label_names() != before.label_names():
            return False
        self._source, self.view = source, view
        self.virtual_size = Size(0, len(view))
        return True

    def highlight(self, needle: str) -> None:
        """Let what was searched for stand out."""
        if needle != self._needle:
            self._needle = needle
            self.refresh()

    def go(self, place: int) -> bool:
        """Put the cursor at a place, or at the nearest end; whether it moved."""
        place = max(0, min(place, len(self.view) - 1))
        if place == self.place or not len(self.view):
            return False
        before, self.place = self.place, place
        if self.marks.anchor is not None:
            self._keep_in_sight(before)
            self.refresh()
        elif not self._keep_in_sight(before):
            self.refresh_line(before)
            self.refresh_line(place)
        return True

    def peek(self, place: int | None) -> None:
        """Bring a place into sight and leave the cursor where it is; None shows the cursor again."""
        height = self.scrollable_content_region.height
        if place is None:
            self._keep_in_sight()
        elif not self.scroll_offset.y <= place < self.scroll_offset.y + height:
            self.scroll_to(y=max(0, place - height // 2), animate=False, force=True)

    def refresh_rows(self, rows: Indices) -> None:
        """Draw these rows anew where they are in sight."""
        if len(rows) > _FEW:
            self.refresh()
            return
        top, height = self.scroll_offset.y, self.size.height
        wanted = set(rows.tolist())
        for place in range(top, min(top + height, len(self.view))):
            if self.view.row(place) in wanted:
                self.refresh_line(place)

    def marked(self) -> Indices:
        """All marked rows, ascending."""
        return self.marks.rows(self.view, self.place)

    def page(self) -> int:
        """Rows that a page key moves by."""
        return max(1, self.scrollable_content_region.height - 1)

    def render_line(self, y: int) -> Strip:
        """One line of the part in sight; its last cell is the scroll bar, which so needs no painting of its own."""
        width = self.scrollable_content_region.width - 1
        place = y + self.scroll_offset.y
        colours = cast("Workbench", self.app).look.colours
        if self._source is not None and not len(self.view):
            return self._nothing_line(y, width + 1)
        if self._source is None or place >= len(self.view):
            return Strip.blank(width + 1, Style(bgcolor=colours.background))
        row = self.view.row(place)
        line = row_line(
            row + 1,
            self._source.look(row),
            self._source.text(row),
            width,
            self._columns(width),
            cast("Workbench", self.app).look,
            cursor=place == self.place,
            marked=row in self.marks or self.marks.in_range(place, self.place),
            pattern=pattern_of(self._needle),
        )
        thumb = "┃" if self._in_thumb(y) else " "
        return Strip([*line, Segment(thumb, Style(color=colours.frame, bgcolor=colours.background))], width + 1)

    def _nothing_line(self, y: int, width: int) -> Strip:
        colours = cast("Workbench", self.app).look.colours
        ground = Style(bgcolor=colours.background)
        number = y - max(0, (self.size.height - len(self.nothing)) // 2)
        words = self.nothing[number] if 0 <= number < len(self.nothing) else ()
        room = max(0, width - sum(cell_len(word) for word, _ in words)) // 2
        line = [Segment(" " * room, ground)] + [
            Segment(cut(word, width), Style(color=colours.accent if key else colours.muted, bgcolor=colours.background))
            for word, key in words
        ]
        return Strip(line).adjust_cell_length(width, ground)

    def _in_thumb(self, y: int) -> bool:
        height, rows = self.size.height, len(self.view)
        if rows <= height:
            return False
        length = max(1, height * height // rows)
        top = round(self.scroll_offset.y / (rows - height) * (height - length))
        return top <= y < top + length

    def on_resize(self) -> None:
        """The cursor stays in sight."""
        self._keep_in_sight()

    def on_click(self, event: events.Click) -> None:
        """A click puts the cursor there."""
        offset = event.get_content_offset(self)
        if offset is not None:
            self.post_message(self.RowClicked(offset.y + self.scroll_offset.y))

    def _columns(self, width: int) -> Columns:
        assert self._source is not None
        return columns(len(self._source), self._source.label_names(), width, self.view.suggests)

    def _keep_in_sight(self, before: int | None = None) -> bool:
        """Scroll where the cursor would leave the pane; a far jump brings its row to the middle.

        A step at the edge scrolls by most of a page: the rows then stand still under the next ones, and a key that is
        pressed again and again seldom costs the whole list.
        """
        height = self.scrollable_content_region.height
        top = self.scroll_offset.y
        if not height:
            return False
        margin = min(_MARGIN, (height - 1) // 2)
        wanted = min(max(top, self.place + margin - height + 1), max(0, self.place - margin))
        if wanted != top and before is not None and abs(self.place - before) >= height:
            wanted = self.place - height // 2
        elif wanted != top and before is not None and abs(self.place - before) == 1:
            kept = max(margin, height // _STILL)
            wanted = self.place - kept if self.place > before else self.place - height + 1 + kept
        wanted = max(0, min(wanted, len(self.view) - height))
        if wanted == top:
            return False
        self.scroll_to(y=wanted, animate=False, force=True)
        return True
