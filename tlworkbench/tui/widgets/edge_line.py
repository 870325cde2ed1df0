"""An edge of a frame as a line of its own: what it says can change without painting the pane anew."""

from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

from tlworkbench.tui.text import cut


class EdgeLine(Widget):
    """Stands above or below a pane whose border it completes (`border: round; border-bottom: none`).

    top: the upper edge, which says its text at the left in bold; else the lower one, at the right.
    """

    DEFAULT_CSS = """
    EdgeLine { height: 1; width: 1fr; text-wrap: nowrap; }
    """

    def __init__(self, id: str | None = None, top: bool = False) -> None:
        super().__init__(id=id)
        self._top = top
        self._text = ""
        self._lit = False

    def say(self, text: str) -> None:
        """Change the text; already clean."""
        if text != self._text:
            self._text = text
            self.refresh()

    def light(self, lit: bool) -> None:
        """Take the colour of a pane that has the focus, or lose it."""
        if lit != self._lit:
            self._lit = lit
            self.refresh()

    def get_content_width(self, container: Size, viewport: Size) -> int:
        """As wide as there is room."""
        return container.width

    def render(self) -> Content:
        """Corner, line, text, corner."""
        frame = "$primary" if self._lit else "$frame"
        text = cut(self._text, self.size.width - 6)
        said = f" {text} " if text else ""
        line = max(0, self.size.width - 3 - Content(said).cell_length)
        if self._top:
            return Content.assemble(("╭─", frame), (said, "bold $foreground"), (f"{'─' * line}╮", frame))
        return Content.assemble((f"╰{'─' * line}", frame), (said, "$muted"), ("─╯", frame))
