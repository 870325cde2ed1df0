"""The frame of what opens over a screen."""

from typing import Generic, TypeVar

from textual.screen import ModalScreen

from tlworkbench.tui import actions

T = TypeVar("T")


class Dialog(ModalScreen[T | None], Generic[T]):
    """A modal screen that esc closes with None. A subclass composes one container with the id `dialog`."""

    BINDINGS = [*actions.bindings("dialog")]  # noqa: RUF012

    def action_close(self) -> None:
        """Close without doing anything."""
        self.dismiss(None)
