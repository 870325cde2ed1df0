"""The line at the bottom: the keys that matter here, `? keys` always among them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from textual.content import Content
from textual.widget import Widget

from tlworkbench.tui import actions

if TYPE_CHECKING:
    from tlworkbench.tui.screens.base import WorkbenchScreen


def key_line(entries: Sequence[tuple[str, str]], last: tuple[str, str] | None, width: int) -> Content:
    """(key, word) pairs as far as they fit into `width` cells; `last` stands at the end in any case."""
    end = _entry(*last) if last else Content("")
    line = Content(" ")
    for key, word in entries:
        entry = _entry(key, word)
        if line.cell_length + entry.cell_length + end.cell_length > width:
            break
        line = line + entry
    return line + end


def _entry(key: str, word: str) -> Content:
    return Content.assemble((key, "bold $accent"), (f" {word}  ", "$muted"))


class KeyBar(Widget):
    """Shows the actions of a scope that are marked for it and work now."""

    DEFAULT_CSS = """
    KeyBar { height: 1; width: 1fr; background: $surface; text-wrap: nowrap; }
    """

    def __init__(self, scope: str) -> None:
        super().__init__()
        self._scope = scope

    def on_mount(self) -> None:
        """Follow what works: a focused field takes the letters away."""
        self.screen.bindings_updated_signal.subscribe(self, lambda _: self.refresh())

    def render(self) -> Content:
        """As many keys as fit."""
        screen = cast("WorkbenchScreen", self.screen)
        special = screen.keys_now()
        if special is not None:
            return key_line(special, None, self.size.width)
        working = {active.binding.id for active in screen.active_bindings.values() if active.enabled}
        entries = [
            (keys, action.label)
            for action in actions.in_scope(self._scope)
            if action.footer and action.id in working and (keys := screen.shown_keys(action))
        ]
        all_keys = actions.find("app.keys")
        last = (screen.shown_keys(all_keys), all_keys.label) if all_keys.id in working else None
        return key_line(entries, last, self.size.width)
