"""Choosing any number of names by typing."""

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widgets import Input, OptionList

from tlworkbench.tui.screens.choose import Choose, Entry, matching

ANY = "any"
"""Value of the line that chooses none."""
_NAME = "name:"
CHOSEN, FREE = "●", " "


class ChooseSeveral(Choose):
    """Enter takes the name under the cursor, or those that tab has chosen; closes with something, or None.

    chosen: the names, when it has closed with something; none of them where any will do.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("tab", "one_more", "choose several")]
    KEYS = "tab several · enter · esc"

    def __init__(self, title: str, names: Sequence[Entry], chosen: tuple[str, ...]) -> None:
        self.chosen = chosen
        self._before = chosen
        super().__init__(title, [Entry(ANY, "any", FREE, "all of them"), *map(self._marked, names)])

    def action_one_more(self) -> None:
        """Choose the name under the cursor as well, or no more."""
        options = self.query_one(OptionList)
        place = options.highlighted
        if place is None or not self._shown or self._shown[place].value == ANY:
            return
        name = self._shown[place].value.removeprefix(_NAME)
        self.chosen = tuple(x for x in self.chosen if x != name) if name in self.chosen else (*self.chosen, name)
        self._entries = tuple(replace(x, key=self._key(x.value)) for x in self._entries)
        self._shown = matching(self._entries, self.query_one(Input).value)
        self._fill()
        options.highlighted = place

    def take(self, value: str) -> None:
        """Close, with `chosen` as it is then."""
        if value == ANY:
            self.chosen = ()
        elif self.chosen == self._before:
            self.chosen = (value.removeprefix(_NAME),)
        self.dismiss(value)

    def _marked(self, entry: Entry) -> Entry:
        return replace(entry, value=f"{_NAME}{entry.value}", key=self._key(f"{_NAME}{entry.value}"))

    def _key(self, value: str) -> str:
        return CHOSEN if value != ANY and value.removeprefix(_NAME) in self.chosen else FREE
