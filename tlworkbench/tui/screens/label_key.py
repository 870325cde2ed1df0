"""One key press: the digit that a label is to be on."""

from collections.abc import Mapping
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from tlworkbench.data.label_set import SHORTCUTS
from tlworkbench.tui.screens.dialog import Dialog
from tlworkbench.tui.text import clean, cut

_NONE = "-"


class LabelKey(Dialog[str]):
    """Closes with the digit pressed, or `-` for none."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(digit, f"choose('{digit}')", show=False) for digit in SHORTCUTS),
        Binding("minus", f"choose('{_NONE}')", show=False),
    ]

    def __init__(self, name: str, holders: Mapping[str, str]) -> None:
        """holders: names of the labels on keys."""
        super().__init__()
        self._name_shown = cut(clean(name), 40)
        self._holders = holders

    def compose(self) -> ComposeResult:
        """The keys, with who is on them."""
        with Vertical(id="dialog", classes="which-key") as frame:
            frame.border_title = f"Key for {self._name_shown}"
            frame.border_subtitle = "a digit · esc"
            yield Static(Content("\n").join([*map(self._line, SHORTCUTS), self._line(_NONE)]))

    def action_choose(self, key: str) -> None:
        """This one."""
        self.dismiss(key)

    def _line(self, key: str) -> Content:
        holder = "no key" if key == _NONE else cut(clean(self._holders.get(key, "")), 40)
        return Content.assemble((f"{key}  ", "bold $accent"), (holder or "free", "" if holder else "$muted"))
