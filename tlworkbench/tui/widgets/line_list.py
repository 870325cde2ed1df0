"""A list that paints only the lines that show: one entry a line, a cursor, an optional head."""

from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.visual import Visual


class LineList(ScrollView, can_focus=True):
    """Shows `count` entries, each drawn by `line` when it is in sight. A subclass overrides `line` and may `head`."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "move(1)", "down", show=False),
        Binding("up,k", "move(-1)", "up", show=False),
        Binding("pagedown", "page(1)", "page down", show=False),
        Binding("pageup", "page(-1)", "page up", show=False),
        Binding("home", "move(-1000000000)", "first", show=False),
        Binding("end", "move(1000000000)", "last", show=False),
    ]
    DEFAULT_CSS = """
    LineList { height: 1fr; overflow-x: hidden; overflow-y: auto; scrollbar-size-vertical: 1; text-wrap: nowrap; }
    """

    cursor: reactive[int] = reactive(0)
    """Place of the entry the cursor is on."""

    @dataclass
    class Moved(Message):
        """The cursor went to another entry, by key or mouse."""

        list: "LineList"
        place: int

    def __init__(self, id: str | None = None, cursor_without_focus: bool = False) -> None:
        """cursor_without_focus: the cursor's line stands out also while the focus is elsewhere."""
        super().__init__(id=id)
        self._count = 0
        self._cursor_without_focus = cursor_without_focus

    @property
    def count(self) -> int:
        """How many entries there are."""
        return self._count

    def show(self, count: int, cursor: int = 0) -> None:
        """Draw anew, with so many entries and the cursor on one of them."""
        self._count = count
        self._measure()
        self.set_reactive(LineList.cursor, max(0, min(cursor, count - 1)))
        self._bring_into_sight()
        self.refresh()

    def head(self, width: int) -> Content | None:
        """The line above the entries that never scrolls; None for none."""
        return None

    def line(self, place: int, width: int) -> Content:
        """One entry in at most `width` cells."""
        raise NotImplementedError

    def validate_cursor(self, cursor: int) -> int:
        """Within the entries."""
        return max(0, min(cursor, self._count - 1))

    def watch_cursor(self, old: int, new: int) -> None:
        """Bring it into sight, and tell."""
        if old != new and self._count:
            self._bring_into_sight()
            self.refresh()
            self.post_message(self.Moved(self, new))

    def render_line(self, y: int) -> Strip:
        """One line of the screen."""
        width = self.scrollable_content_region.width
        head = self.head(width)
        if head is not None and y == 0:
            return self._strip(head, width)
        place = y - (head is not None) + self.scroll_offset.y
        if not 0 <= place < self._count:
            return Strip.blank(width, self.visual_style.rich_style)
        line = self.line(place, width)
        if place == self.cursor and (self.has_focus or self._cursor_without_focus):
            line = line.pad_right(max(0, width - line.cell_length)).stylize("on $cursor")
        return self._strip(line, width)

    def on_mount(self) -> None:
        """Know how tall the list is."""
        self._measure()

    def on_resize(self, event: events.Resize) -> None:
        """Keep the cursor in sight."""
        self._measure()
        self._bring_into_sight()

    def on_click(self, event: events.Click) -> None:
        """Go to the entry under the mouse."""
        place = event.y - self._head_lines() + self.scroll_offset.y
        if event.y >= self._head_lines() and place < self._count:
            self.cursor = place

    def watch_has_focus(self, has_focus: bool) -> None:
        """The cursor shows where the focus is."""
        super().watch_has_focus(has_focus)
        self.refresh()

    def action_move(self, by: int) -> None:
        """Move the cursor."""
        self.cursor += by

    def action_page(self, pages: int) -> None:
        """Move the cursor by what shows at once."""
        self.cursor += pages * max(1, self._entries_in_sight() - 1)

    def _strip(self, line: Content, width: int) -> Strip:
        strips = Visual.to_strips(self, line, width, 1, self.visual_style, apply_selection=False, pad=True)
        return strips[0] if strips else Strip.blank(width, self.visual_style.rich_style)

    def _measure(self) -> None:
        self.virtual_size = Size(0, self._count + self._head_lines())

    def _head_lines(self) -> int:
        return int(self.head(1) is not None)

    def _entries_in_sight(self) -> int:
        return self.scrollable_content_region.height - self._head_lines()

    def _bring_into_sight(self) -> None:
        rows = self._entries_in_sight()
        if rows <= 0:
            return
        first = self.scroll_offset.y
        if self.cursor < first:
            self.scroll_to(y=self.cursor, animate=False, immediate=True)
        elif self.cursor >= first + rows:
            self.scroll_to(y=self.cursor - rows + 1, animate=False, immediate=True)
