"""The small menu of where to go: press g, then a letter."""

from dataclasses import dataclass

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from tlworkbench.tui.screens.dialog import Dialog


@dataclass(frozen=True)
class Place:
    """A screen one can go to."""

    key: str
    mode: str
    name: str
    help: str


PLACES = (
    Place("m", "models", "Models", "choose what to start from"),
    Place("d", "data", "Data", "look at rows and put labels right"),
    Place("t", "train", "Train", "fine-tune and watch"),
    Place("p", "predict", "Predict", "use the exported model"),
)


class GoTo(Dialog[str]):
    """Closes with the name of a mode."""

    def compose(self) -> ComposeResult:
        """One line a place."""
        with Vertical(id="dialog", classes="which-key") as menu:
            menu.border_title = "Go to"
            for place in PLACES:
                yield Static(
                    Content.assemble(
                        (place.key, "bold $accent"), (f"  {place.name:<9}", "bold"), (f" {place.help}", "$muted")
                    )
                )

    def on_key(self, event: events.Key) -> None:
        """A place's letter goes there; g again or any other key closes."""
        if event.key == "escape":
            return
        event.stop()
        event.prevent_default()
        self.dismiss(next((place.mode for place in PLACES if place.key == event.key), None))
