"""A field above a list: what is typed narrows the list, down goes into it."""

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Input


class FilterField(Input):
    """Posts `Left` when the list is to have the keys."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("down,up", "leave", "to the list", show=False)]

    class Left(Message):
        """The list is to have the keys; the filter stays."""

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id, placeholder="type to filter", compact=True, select_on_focus=False)
        self.cursor_blink = False

    def check_consume_key(self, key: str, character: str | None) -> bool:
        """All that can be typed; Textual 8.2 has no character for `slash`."""
        return key == "slash" or super().check_consume_key(key, character)

    def action_leave(self) -> None:
        """Let the list have the keys."""
        self.post_message(self.Left())
