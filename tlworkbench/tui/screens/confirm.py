"""A question with two answers."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from tlworkbench.tui.screens.dialog import Dialog


class Confirm(Dialog[bool]):
    """Asks; True for y or enter, False for n, None for esc. `yes` and `no` are the words beside the keys."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y,enter", "answer(True)", "yes"),
        Binding("n", "answer(False)", "no"),
    ]

    def __init__(self, question: str, detail: str = "", yes: str = "yes", no: str = "no") -> None:
        super().__init__()
        self._question, self._detail, self._yes, self._no = question, detail, yes, no

    def compose(self) -> ComposeResult:
        """Question, what follows from it, keys."""
        with Vertical(id="dialog", classes="question"):
            yield Static(Content.styled(self._question, "bold"))
            if self._detail:
                yield Static(Content(self._detail), classes="muted")
            yield Static(
                Content.assemble(
                    ("enter", "bold $accent"),
                    (f" {self._yes}   ", "$muted"),
                    ("esc", "bold $accent"),
                    (f" {self._no}", "$muted"),
                ),
                classes="keys",
            )

    def action_answer(self, answer: bool) -> None:
        """Close with the answer."""
        self.dismiss(answer)
