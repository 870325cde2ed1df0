"""Picking one of many labels by its two letters."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from tlworkbench.tui.screens.dialog import Dialog
from tlworkbench.tui.text import clean, counted, cut, fit

SEARCH = "\0search"
"""What the dialog closes with when the user would rather type a name; no label can be called so."""
_CELL = 26
"""Cells of one label: code, name, space."""


@dataclass(frozen=True)
class CodedLabel:
    """One label as the grid draws it."""

    code: str
    name: str
    colour: str


class CodePicker(Dialog[str]):
    """All labels with their letters; the second letter closes it with the label's name, or `SEARCH`."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "search", "by name"),
        Binding("backspace", "erase", "erase"),
    ]

    def __init__(self, title: str, labels: Sequence[CodedLabel]) -> None:
        super().__init__()
        self._title = title
        self._labels = tuple(labels)
        self._typed = ""

    def compose(self) -> ComposeResult:
        """The grid, and what may be typed."""
        with Vertical(id="dialog", classes="codes") as frame:
            frame.border_title = self._title
            yield Static(id="grid")
            yield Static(
                Content.assemble(
                    ("a-z", "bold $accent"),
                    (" two letters take a label   ", "$muted"),
                    ("/", "bold $accent"),
                    (" by name   ", "$muted"),
                    ("esc", "bold $accent"),
                    (" leave", "$muted"),
                ),
                classes="keys",
            )

    def on_resize(self) -> None:
        """As many columns as fit."""
        self._draw()

    def on_key(self, event: events.Key) -> None:
        """A letter narrows, or decides."""
        letter = (event.character or "").lower()
        if len(letter) != 1 or not letter.isalpha():
            return
        event.stop()
        typed = self._typed + letter
        fitting = [label for label in self._labels if label.code.startswith(typed)]
        if not fitting:
            self.query_one("#dialog").border_subtitle = f"no label has {typed}"
            return
        if typed == fitting[0].code:
            self.dismiss(fitting[0].name)
            return
        self._typed = typed
        self._draw()

    def action_search(self) -> None:
        self.dismiss(SEARCH)

    def action_erase(self) -> None:
        self._typed = ""
        self._draw()

    def _draw(self) -> None:
        width, height = max(_CELL, self.app.size.width - 12), max(3, self.app.size.height - 9)
        labels = [label for label in self._labels if label.code.startswith(self._typed)]
        columns = max(1, min(width // _CELL, -(-len(labels) // height)))
        lines = min(height, -(-len(labels) // columns))
        shown = labels[: lines * columns]
        rows = [
            Content.assemble(*(self._cell(shown[at]) for at in range(line, len(shown), lines))) for line in range(lines)
        ]
        grid = self.query_one("#grid", Static)
        grid.styles.width = columns * _CELL
        grid.update(Content("\n").join(rows))
        more = f" · {counted(len(labels) - len(shown), 'more')} begin otherwise" if len(shown) < len(labels) else ""
        self.query_one("#dialog").border_subtitle = f"{self._typed}… {len(labels)} of {len(self._labels)}{more}"

    def _cell(self, label: CodedLabel) -> Content:
        return Content.assemble(
            (fit(label.code or "/", 3), "bold $accent"),
            (fit(cut(clean(label.name), _CELL - 5), _CELL - 3), label.colour),
        )
