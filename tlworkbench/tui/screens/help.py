"""`?`: the keys that work here."""

from typing import TYPE_CHECKING

from tlworkbench.tui import actions
from tlworkbench.tui.screens.base import WorkbenchScreen
from tlworkbench.tui.screens.choose import Choose, Entry

if TYPE_CHECKING:
    from tlworkbench.tui.app import Workbench

ACTION = "action:"
THEME = "theme:"
PLACE = "place:"


def action_entries(app: "Workbench") -> list[Entry]:
    """One entry for each action of the table that works on the open screen now, its own before the program's."""
    here = {active.binding.id for active in app.screen.active_bindings.values() if active.enabled}
    ordered = sorted(
        (action for action in actions.ACTIONS if action.id in here), key=lambda action: action.scope == "app"
    )
    screen = app.screen
    assert isinstance(screen, WorkbenchScreen)
    return [Entry(f"{ACTION}{action.id}", action.label, screen.shown_keys(action), action.help) for action in ordered]


def keys_here(app: "Workbench") -> Choose:
    """The dialog of keys; it closes with what `run_chosen` takes."""
    return Choose("Keys that work here", action_entries(app), "no key does that here")


def run_chosen(app: "Workbench", chosen: str | None) -> None:
    """Do what was chosen in the list of keys or in the palette."""
    if chosen is None:
        return
    if chosen.startswith(THEME):
        app.theme = chosen.removeprefix(THEME)
        app.where.set_theme(app.theme)
    elif chosen.startswith(PLACE):
        app.go(chosen.removeprefix(PLACE))
    else:
        action = actions.find(chosen.removeprefix(ACTION))
        if action.argument:
            app.notify(f"Press the key itself: {actions.shown(action.keys)}.", markup=False)
            return
        node = app if action.scope == "app" else app.screen
        app.call_later(app.run_action, action.name, node)
