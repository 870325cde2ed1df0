"""The line in which one types what is to be predicted: it remembers, and takes pasted lines apart."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Input

from tlworkbench.tui.text import clean

LONGEST = 10_000
"""Characters taken of one pasted line; no model reads that far."""


class SayField(Input):
    """A field whose up and down go through `remembered`, newest first; several pasted lines are posted at once."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "recall(1)", "older", show=False),
        Binding("down", "recall(-1)", "newer", show=False),
    ]

    @dataclass
    class LinesPasted(Message):
        """More than one line was pasted."""

        lines: tuple[str, ...]

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id, compact=True, select_on_focus=False)
        self.cursor_blink = False
        self.remembered: Sequence[str] = ()
        self.passed_by = False
        """Set where the screen has just opened with the focus here: until the first other key, the keys that step
        through the screens still do. Whoever walks by is not caught; whoever types gets what he types."""
        self._place = -1
        self._recalled = ""
        self._draft = ""

    def check_consume_key(self, key: str, character: str | None) -> bool:
        """All that can be typed, but the keys that step through the screens where one walks by."""
        return not self._steps(character) and super().check_consume_key(key, character)

    async def _on_key(self, event: events.Key) -> None:
        if self._steps(event.character):
            event.prevent_default()
        else:
            self.passed_by = False

    def _steps(self, character: str | None) -> bool:
        return self.passed_by and not self.value and character in ("[", "]")

    def _on_paste(self, event: events.Paste) -> None:
        self.passed_by = False
        lines = tuple(line for line in map(_one_line, event.text.splitlines()) if line)
        event.stop()
        event.prevent_default()
        if len(lines) > 1:
            self.post_message(self.LinesPasted(lines))
        elif lines:
            start, end = self.selection
            self.replace(lines[0], *sorted((start, end)))

    def action_recall(self, by: int) -> None:
        """Put an older or newer text into the field; before the newest comes what was being typed."""
        texts = list(dict.fromkeys(self.remembered))
        if self._place < 0 or self.value != self._recalled:
            self._place, self._draft = -1, self.value
        place = min(self._place + by, len(texts) - 1)
        if place == self._place or place < -1:
            return
        self._place = place
        self._recalled = self._draft if place < 0 else texts[place]
        self.value = self._recalled
        self.cursor_position = len(self.value)


def _one_line(line: str) -> str:
    return clean(line[:LONGEST]).strip()
