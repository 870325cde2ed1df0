"""Setting what a pane says only where it differs: whatever is set is painted again, the same or not."""

from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static


class Said:
    """Remembers what was last said where."""

    def __init__(self) -> None:
        self._last: dict[tuple[Widget, str], Content] = {}

    def text(self, static: Static, content: Content, layout: bool = False) -> None:
        """Set a Static's text; `layout` where its height follows from it."""
        if self._new(static, "text", content):
            static.update(content, layout=layout)

    def title(self, pane: Widget, content: Content) -> None:
        """Set what stands in a pane's upper edge."""
        if self._new(pane, "title", content):
            pane.border_title = content

    def edge(self, pane: Widget, content: Content) -> None:
        """Set what stands in a pane's lower edge."""
        if self._new(pane, "edge", content):
            pane.border_subtitle = content

    def _new(self, widget: Widget, where: str, content: Content) -> bool:
        last = self._last.get((widget, where))
        if last is not None and content.is_same(last):
            return False
        self._last[widget, where] = content
        return True
