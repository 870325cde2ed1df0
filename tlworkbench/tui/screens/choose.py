"""Choosing one of many by typing: the list behind `?`, the palette and the label picker."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from tlworkbench.tui.screens.dialog import Dialog
from tlworkbench.tui.text import clean, cut, fit


@dataclass(frozen=True)
class Entry:
    """One line: what choosing it gives, a key, a name and a few words."""

    value: str
    name: str
    key: str = ""
    help: str = ""
    colour: str = ""
    """Colour of the name, `#rrggbb`."""


def matching(entries: Sequence[Entry], typed: str) -> list[Entry]:
    """Entries that what was typed can mean, best first: its key, a name that begins so, then one that holds it."""
    typed = typed.strip()
    if not typed:
        return list(entries)
    ranked = [(rank, place, entry) for place, entry in enumerate(entries) if (rank := _rank(entry, typed)) is not None]
    return [entry for _, _, entry in sorted(ranked, key=lambda ranked: ranked[:2])]


def _rank(entry: Entry, typed: str) -> int | None:
    name, low = entry.name.lower(), typed.lower()
    if typed in entry.key.split():
        return 0
    if name.startswith(low):
        return 1
    if any(word.startswith(low) for word in name.split()):
        return 2
    if low in name:
        return 3
    if all(word in f"{name} {entry.help.lower()}" for word in low.split()):
        return 4
    letters = iter(name)
    return 5 if all(letter in letters for letter in low) else None


class Choose(Dialog[str]):
    """A field and a list; closes with the value of the entry chosen."""

    KEYS = "enter takes one · esc"
    """What the frame says about its keys."""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "move('down')", "down"),
        Binding("up", "move('up')", "up"),
        Binding("pagedown", "move('page_down')", "page down"),
        Binding("pageup", "move('page_up')", "page up"),
    ]

    def __init__(self, title: str, entries: Sequence[Entry], empty: str = "nothing by that name") -> None:
        super().__init__()
        self._title = title
        self._entries = tuple(entries)
        self._shown: list[Entry] = list(entries)
        self._empty = empty

    def compose(self) -> ComposeResult:
        """The field above the list."""
        with Vertical(id="dialog", classes="choose") as frame:
            frame.border_title = self._title
            yield Input(placeholder="type to find", compact=True)
            # The field keeps the focus; up and down move the list from there.
            yield OptionList(compact=True, markup=False)
            yield Static(id="help", classes="muted", markup=False)

    def on_mount(self) -> None:
        """The field has the focus from the first moment, so that keys typed ahead are not lost."""
        self.query_one(OptionList).can_focus = False
        self.set_focus(self.query_one(Input))

    def on_resize(self, event: events.Resize) -> None:
        """Lines are cut to the width there is."""
        self.call_after_refresh(self._fill)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        self._shown = matching(self._entries, event.value)
        self._fill()

    @on(Input.Submitted)
    def _entered(self) -> None:
        if self._shown:
            self.take(self._shown[self.query_one(OptionList).highlighted or 0].value)

    @on(OptionList.OptionSelected)
    def _clicked(self, event: OptionList.OptionSelected) -> None:
        if self._shown:
            self.take(self._shown[event.option_index].value)

    @on(OptionList.OptionHighlighted)
    def _highlighted(self, event: OptionList.OptionHighlighted) -> None:
        # In the list a long help is cut; here the whole of it.
        place = event.option_index
        self.query_one("#help", Static).update(self._shown[place].help if place < len(self._shown) else "")

    def take(self, value: str) -> None:
        """Close with an entry's value."""
        self.dismiss(value)

    def action_move(self, how: str) -> None:
        """Move in the list."""
        getattr(self.query_one(OptionList), f"action_{'cursor_' + how if how in ('up', 'down') else how}")()

    def _fill(self) -> None:
        options = self.query_one(OptionList)
        width = options.scrollable_content_region.width
        options.clear_options()
        if not self._shown:
            options.add_option(Option(Content.styled(self._empty, "$muted"), disabled=True))
            return
        keys = max(len(entry.key) for entry in self._entries)
        names = min(32, max(len(entry.name) for entry in self._entries))
        options.add_options([Option(_line(entry, keys, names, width)) for entry in self._shown])
        options.highlighted = 0
        self.query_one("#dialog").border_subtitle = f"{len(self._shown)} of {len(self._entries)} · {self.KEYS}"


def _line(entry: Entry, keys: int, names: int, width: int) -> Content:
    left = f"{fit(entry.key, keys)}  " if keys else ""
    name = fit(clean(entry.name), names)
    room = width - len(left) - names - 2
    return Content.assemble(
        (left, "bold $accent"), (name, f"bold {entry.colour}".strip()), (f"  {cut(clean(entry.help), room)}", "$muted")
    )
