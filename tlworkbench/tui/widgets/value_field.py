"""The field in which a setting is typed, laid over its line of the form."""

from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Input

from tlworkbench.jobs.spec_fields import SpecField

_DIGITS = frozenset("0123456789")


class ValueField(Input, inherit_bindings=False):
    """A line of text that takes what its setting may hold; other letters, and keys of the form, go to the form.

    Where one of the setting's choices stands, left, right and space are the form's too: they go through the choices.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "cursor_left", "left", show=False),
        Binding("right", "cursor_right", "right", show=False),
        Binding("home", "home", "start", show=False),
        Binding("end", "end", "end", show=False),
        Binding("backspace", "delete_left", "delete", show=False),
        Binding("delete", "delete_right", "delete", show=False),
        Binding("ctrl+w", "delete_left_word", "delete word", show=False),
        Binding("ctrl+u", "delete_left_all", "delete to start", show=False),
        Binding("ctrl+k", "delete_right_all", "delete to end", show=False),
        Binding("ctrl+v", "paste", "paste", show=False),
        Binding("enter", "submit", "submit", show=False),
    ]

    @dataclass
    class Turned(Message):
        """Another choice is wanted: the next one, or with -1 the one before."""

        by: int

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id, compact=True, select_on_focus=False)
        self.cursor_blink = False
        self._setting: SpecField | None = None

    def edit(self, setting: SpecField, text: str) -> None:
        """Be the field of a setting, all of it selected, so that typing replaces it."""
        self._setting = setting
        with self.prevent(Input.Changed):
            self.value = text
        self.action_select_all()

    def check_consume_key(self, key: str, character: str | None) -> bool:
        """What may be typed here."""
        return self._takes(character) and super().check_consume_key(key, character)

    async def _on_key(self, event: events.Key) -> None:
        # Input would take every letter; what it doesn't get goes on to the form.
        if event.is_printable and not self._takes(event.character):
            event.prevent_default()

    def action_cursor_left(self, select: bool = False) -> None:
        """Left in the text, or to the choice before."""
        if self._chosen:
            self.post_message(self.Turned(-1))
        else:
            super().action_cursor_left(select)

    def action_cursor_right(self, select: bool = False) -> None:
        """Right in the text, or to the next choice."""
        if self._chosen:
            self.post_message(self.Turned(1))
        else:
            super().action_cursor_right(select)

    def _takes(self, character: str | None) -> bool:
        setting = self._setting
        if not character or setting is None:
            return False
        if setting.free in ("text", "table"):
            return not (character == " " and self._chosen)
        anew = self.selected_text == self.value
        if setting.free == "number":
            # An e alone begins no number; someone looks for a name.
            return character in _DIGITS or character in ".-+" or (character in "eE" and not anew)
        return character in _DIGITS

    @property
    def _chosen(self) -> bool:
        return self._setting is not None and self.value.strip() in self._setting.choices
