"""The palette: everything there is, by its name."""

from typing import TYPE_CHECKING

from tlworkbench.tui.screens.choose import Choose, Entry
from tlworkbench.tui.screens.goto import PLACES
from tlworkbench.tui.screens.help import PLACE, THEME, action_entries

if TYPE_CHECKING:
    from tlworkbench.tui.app import Workbench


def everything(app: "Workbench") -> Choose:
    """Actions that work here, then themes, then places to go to."""
    themes = [
        Entry(f"{THEME}{name}", f"theme {name}", "", "in use" if name == app.theme else "use its colours")
        for name in sorted(app.looks)
    ]
    places = [Entry(f"{PLACE}{place.mode}", f"go to {place.name}", f"g {place.key}", place.help) for place in PLACES]
    return Choose("Find anything", [*action_entries(app), *themes, *places])
