"""The whole of one row: its text, labels, split, key and other columns."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, cast

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.visual import Visual

from tlworkbench.tui.text import clean, thousands

if TYPE_CHECKING:
    from tlworkbench.tui.app import Workbench

_LONGEST = 20_000
"""Characters shown of a text."""


@dataclass(frozen=True)
class Detail:
    """One row as the pane shows it. Labels are (name, place in the label set)."""

    number: int
    text: str
    now: tuple[str, int]
    source: tuple[str, int] | None = None
    marks: tuple[str, ...] = ()
    """In words: edited, flagged, excluded."""
    split: str = ""
    key: str = ""
    others: tuple[tuple[str, str], ...] = ()
    """The source's other columns."""


class RowDetail(ScrollView, can_focus=True):
    """Shows a `Detail`; scrolls when it is longer than the pane. Draws lines itself: a key costs no layout."""

    DEFAULT_CSS = """
    RowDetail { overflow-x: hidden; overflow-y: auto; scrollbar-size-vertical: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "scroll_down", "down", show=False),
        Binding("up,k", "scroll_up", "up", show=False),
    ]

    def __init__(self, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._shown: tuple[Detail, bool] | None = None
        self._lines: list[Strip] = []
        self._blank = Strip.blank(0)

    def show(self, detail: Detail, short: bool) -> None:
        """Draw a row; `short` puts its facts on the line above the text instead of a list below it."""
        if (detail, short) != self._shown:
            if self._shown is None or self._shown[0].number != detail.number:
                self.scroll_to(y=0, animate=False)
            self._shown = detail, short
            self._wrap()

    def forget(self) -> None:
        """Draw anew at the next `show`: the colours have changed."""
        self._shown = None
        self.refresh()

    def on_resize(self) -> None:
        """The text is wrapped to the width."""
        self._wrap()
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """One line of the part in sight."""
        place = y + self.scroll_offset.y
        return self._lines[place] if place < len(self._lines) else self._blank

    def _wrap(self) -> None:
        width, height = self.scrollable_content_region.width, self.scrollable_content_region.height
        if self._shown is None or not width:
            return
        detail, short = self._shown
        content = self._short(detail) if short else self._long(detail)
        before = len(self._lines)
        self._lines = Visual.to_strips(self, content, width, None, self.visual_style, pad=True)
        self._blank = Strip.blank(width, self.rich_style)
        # The size changes, which costs a layout, only for rows that are longer than the pane.
        size = Size(0, max(height, len(self._lines)))
        if size != self.virtual_size:
            self.virtual_size = size
        # Only what has changed is painted: below the text there is nothing.
        self.refresh(Region(0, 0, width, max(before, len(self._lines), 1)))

    def _label(self, label: tuple[str, int]) -> tuple[str, str]:
        name, place = label
        return (clean(name), cast("Workbench", self.app).look.label(place)) if name else ("no label", "$muted")

    def _body(self, detail: Detail) -> Content:
        if not detail.text.strip():
            return Content.styled("empty text", "$muted italic")
        text = clean(detail.text[:_LONGEST], lines=True).strip("\n")
        if len(detail.text) > _LONGEST:
            return Content.assemble(text, (f"… {thousands(len(detail.text))} characters in all", "$muted"))
        return Content(text)

    def _short(self, detail: Detail) -> Content:
        pieces: list[str | Content | tuple[str, str]] = [self._label(detail.now)]
        if detail.source is not None and detail.source != detail.now:
            pieces += [("  source ", "$muted"), self._label(detail.source)]
        pieces += [(f"  {word}", "$muted") for word in (*detail.marks, detail.split) if word]
        if detail.key:
            pieces.append((f"  key {detail.key[:8]}", "$dim"))
        return Content.assemble(*pieces, "\n", self._body(detail))

    def _long(self, detail: Detail) -> Content:
        facts: list[tuple[str, tuple[str, str]]] = []
        if detail.source is not None:
            facts.append(("source", self._label(detail.source)))
        facts.append(("now", self._label(detail.now)))
        if detail.marks:
            facts.append(("marks", (", ".join(detail.marks), "$foreground")))
        facts += [
            (name, (value, "$foreground")) for name, value in (("split", detail.split), ("key", detail.key)) if value
        ]
        lines = [Content.assemble((f"{name:<8} ", "$muted"), value) for name, value in facts]
        lines += [Content.assemble((f"{clean(name)}  ", "$muted"), clean(value[:200])) for name, value in detail.others]
        return Content("\n").join([self._body(detail), Content(""), *lines])
