"""The whole of one row, of whatever length: its text, labels, notes, columns and history; scrolled by lines."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, cast

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from tlworkbench.tui.widgets.detail_lines import Detail, DetailLines, Line, Passage, lines_in_words

if TYPE_CHECKING:
    from tlworkbench.tui.app import Workbench

_WHEEL = 3
_PINNED_SHARE = 2
"""What stays in sight of a long row takes one part in so many of the pane at most."""

Place = tuple[int, int]
"""A passage and a line in it."""


class RowDetail(Widget, can_focus=True):
    """Shows a `Detail`. Of a row that is longer than the pane what decides its label stays in sight.

    Only the lines in sight are made, and only those that changed are painted; nothing costs a layout. Posts `Told`.
    """

    DEFAULT_CSS = """
    RowDetail { height: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "scroll(1)", "down", show=False),
        Binding("up,k", "scroll(-1)", "up", show=False),
        Binding("pagedown", "page(1)", "page down", show=False),
        Binding("pageup", "page(-1)", "page up", show=False),
        Binding("home", "top", "top", show=False),
        Binding("end", "bottom", "bottom", show=False),
        Binding("escape", "leave", "leave", show=False),
    ]

    @dataclass
    class Told(Message):
        """How much more there is, and how to get there, has changed."""

        text: str

    def __init__(self, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._shown: tuple[Detail, bool] | None = None
        self._passages: list[Passage] = []
        self._above: list[Line] = []
        self._below: list[Passage] = []
        self._rule: Line | None = None
        self._top: Place = (0, 0)
        self._window: list[Strip] = []
        self._pending = False
        self._told = ""

    def show(self, detail: Detail, short: bool) -> None:
        """Draw a row; `short` puts what decides its label on one line above the text."""
        if (detail, short) == self._shown:
            return
        if self._shown is None or self._shown[0].number != detail.number:
            self._top = (0, 0)
        self._shown = detail, short
        self._soon()

    def forget(self) -> None:
        """Draw anew at the next `show`: the colours have changed."""
        self._shown = None

    def on_resize(self) -> None:
        """The text is wrapped to the width."""
        self._soon()

    def watch_has_focus(self, has_focus: bool) -> None:
        """Say how to scroll, or how to get here."""
        super().watch_has_focus(has_focus)
        self._draw()

    def render_line(self, y: int) -> Strip:
        """One line of the part in sight."""
        return self._window[y] if y < len(self._window) else Strip.blank(self.size.width, self._ground)

    def action_scroll(self, by: int) -> None:
        self._go(self._moved(self._top, by))

    def action_page(self, by: int) -> None:
        self._go(self._moved(self._top, by * max(1, self._room - 1)))

    def action_top(self) -> None:
        self._go((0, 0))

    def action_bottom(self) -> None:
        self._go((len(self._passages), 0))

    def action_leave(self) -> None:
        self.screen.set_focus(self.screen.query_one("RowTable"))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """The wheel scrolls."""
        event.stop()
        self.action_scroll(_WHEEL)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """The wheel scrolls."""
        event.stop()
        self.action_scroll(-_WHEEL)

    @property
    def _width(self) -> int:
        # The last cell is the scroll bar's.
        return max(4, self.size.width - 1)

    @property
    def _room(self) -> int:
        """Lines for what scrolls."""
        rule = 1 if self._rule is not None else 0
        return max(1, self.size.height - len(self._above) - rule - _count(self._below, self._width))

    @property
    def _ground(self) -> Style:
        return Style(bgcolor=cast("Workbench", self.app).look.colours.background)

    def _soon(self) -> None:
        """Draw once, however much is shown before the screen is painted."""
        if not self._pending:
            self._pending = True
            self.call_next(self._arrange)

    def _arrange(self) -> None:
        self._pending = False
        if self._shown is None or not self.size.height:
            return
        detail, short = self._shown
        width, height = self._width, self.size.height
        lines = DetailLines(detail, cast("Workbench", self.app).look)
        text = lines.text()
        blank = Passage(lambda width: [[]])
        if short:
            line, all_said = lines.short(width)
            below = lines.beside_short(all_said)
            self._above, self._below, self._rule = [line], [], None
            self._passages = [*text, blank, *below] if below else text
        else:
            facts, rest = lines.facts(), [*lines.names(), *lines.rest()]
            whole = [*text, blank, *facts, *rest]
            self._above, self._below, self._rule, self._passages = [], [], None, whole
            pinned = _count(facts, width) + 1
            if not _fits(whole, width, height) and pinned <= height // _PINNED_SHARE:
                self._below, self._rule = facts, lines.rule(width)
                self._passages = [*text, blank, *rest]
        self._go(self._top)

    def _go(self, place: Place) -> None:
        """Scroll to a place, or as far down as there is something to show."""
        last = self._moved((len(self._passages), 0), -self._room) if self._below_is_short(place) else place
        self._top = min(place, last)
        self._draw()

    def _below_is_short(self, place: Place) -> bool:
        """Whether fewer lines follow a place than the pane has room for."""
        left = self._room
        for number in range(place[0], len(self._passages)):
            left -= len(self._passages[number].lines(self._width)) - (place[1] if number == place[0] else 0)
            if left <= 0:
                return False
        return True

    def _moved(self, place: Place, by: int) -> Place:
        """The place so many lines on, or back."""
        number, line = place[0], place[1] + by
        while line < 0 and number > 0:
            number -= 1
            line += len(self._passages[number].lines(self._width))
        while number < len(self._passages) and line >= (count := len(self._passages[number].lines(self._width))):
            line -= count
            number += 1
        return (number, max(0, line)) if number < len(self._passages) else (len(self._passages), 0)

    def _draw(self) -> None:
        if self._shown is None:
            return
        width, room = self._width, self._room
        seen = self._in_sight(room)
        below = [line for passage in self._below for line in passage.lines(width)]
        lines = [*self._above, *seen, *([] if self._rule is None else [self._rule]), *below]
        bar = self._bar(room)
        strips = [self._strip(line, bar.get(y - len(self._above), " ")) for y, line in enumerate(lines)]
        before, self._window = self._window, strips
        changed = [y for y in range(max(len(before), len(strips))) if before[y : y + 1] != strips[y : y + 1]]
        if changed:
            self.refresh(Region(0, changed[0], self.size.width, changed[-1] + 1 - changed[0]))
        told = self._in_words(len(seen), room)
        if told != self._told:
            self._told = told
            self.post_message(self.Told(told))

    def _in_sight(self, room: int) -> list[Line]:
        seen: list[Line] = []
        number, line = self._top
        while len(seen) < room and number < len(self._passages):
            seen += self._passages[number].lines(self._width)[line : line + room - len(seen)]
            number, line = number + 1, 0
        return seen

    def _strip(self, line: Line, thumb: str) -> Strip:
        colours = cast("Workbench", self.app).look.colours
        strip = Strip(line).adjust_cell_length(self._width, self._ground)
        end = Segment(thumb, Style(color=colours.frame, bgcolor=colours.background))
        return Strip([*strip, end])

    def _estimate(self) -> tuple[int, int, bool]:
        """Lines above the top, lines in all, and whether that is exact."""
        counts = [passage.count(self._width) for passage in self._passages]
        lines = [count for count, _ in counts]
        return sum(lines[: self._top[0]]) + self._top[1], sum(lines), all(exact for _, exact in counts)

    def _bar(self, room: int) -> dict[int, str]:
        above, whole, _ = self._estimate()
        if whole <= room:
            return {}
        length = max(1, room * room // whole)
        top = round(above / max(1, whole - room) * (room - length))
        return dict.fromkeys(range(top, top + length), "┃")

    def _in_words(self, seen: int, room: int) -> str:
        above, whole, exactly = self._estimate()
        if whole <= room:
            return ""
        left = whole - above - seen
        more = f"↓ {lines_in_words(left, exactly)} more" if left > 0 else f"end of {lines_in_words(whole, exactly)}"
        return f"{more} · esc back" if self.has_focus else f"{more} · tab"


def _count(passages: Sequence[Passage], width: int) -> int:
    return sum(len(passage.lines(width)) for passage in passages)


def _fits(passages: Sequence[Passage], width: int, height: int) -> bool:
    count = 0
    for passage in passages:
        count += len(passage.lines(width))
        if count > height:
            return False
    return True
