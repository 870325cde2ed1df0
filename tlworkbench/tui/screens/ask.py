"""A question answered by a line of text."""

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.suggester import Suggester
from textual.widgets import Input, Static

from tlworkbench.tui.screens.dialog import Dialog


class Ask(Dialog[str]):
    """Closes with the line typed, without white space around; esc closes with None, an empty line does nothing."""

    def __init__(
        self, title: str, placeholder: str = "", detail: str = "", value: str = "", suggester: Suggester | None = None
    ) -> None:
        super().__init__()
        self._title, self._placeholder, self._detail, self._value = title, placeholder, detail, value
        self._suggester = suggester

    def compose(self) -> ComposeResult:
        """The line, with what may be typed below it."""
        with Vertical(id="dialog", classes="ask") as frame:
            frame.border_title = self._title
            frame.border_subtitle = "enter · esc"
            yield Input(self._value, placeholder=self._placeholder, suggester=self._suggester, compact=True)
            if self._detail:
                yield Static(self._detail, classes="muted", markup=False)

    def on_mount(self) -> None:
        """The field has the focus from the first moment, so that keys typed ahead are not lost."""
        self.set_focus(self.query_one(Input))

    @on(Input.Submitted)
    def _answered(self, event: Input.Submitted) -> None:
        if event.value.strip():
            self.dismiss(event.value.strip())
