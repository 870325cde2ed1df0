"""The order menu: press o, then a letter."""

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from tlworkbench.data.orders import ORDERS, RANDOM
from tlworkbench.tui.screens.dialog import Dialog
from tlworkbench.tui.text import cut

_WIDTH = 72
"""Cells of a line."""
_DIGITS = 9
"""Digits a seed may have."""


class OrderMenu(Dialog[tuple[str, int]]):
    """Closes with the name of an order and the seed for the random one."""

    def __init__(self, order: str, seed: int, suggesting: bool) -> None:
        """suggesting: whether suggestions are there to order by."""
        super().__init__()
        self._seed = seed
        self._typed = ""
        self._suggesting = suggesting
        self._order = order
        names = [order.name for order in ORDERS]
        self._place = names.index(order) if order in names else 0

    def compose(self) -> ComposeResult:
        """One line an order."""
        with Vertical(id="dialog", classes="orders") as frame:
            frame.border_title = "Order"
            yield Static(id="orders")
            yield Static(
                Content.assemble(
                    ("0-9", "bold $accent"), (" another seed   ", "$muted"), ("enter", "bold $accent"),
                    (" takes the line   ", "$muted"), ("esc", "bold $accent"), (" leave", "$muted"),
                ),
                classes="keys",
            )  # fmt: skip

    def on_mount(self) -> None:
        """The line of the order in use."""
        self._show()

    def on_key(self, event: events.Key) -> None:
        """A letter takes its order; digits are a seed; up and down go from line to line."""
        if event.key == "escape":
            return
        event.stop()
        event.prevent_default()
        letters = [order.key for order in ORDERS]
        if event.character and event.character in letters:
            self._take(letters.index(event.character))
        elif event.character and event.character.isascii() and event.character.isdigit():
            self._typed = (self._typed + event.character)[:_DIGITS]
            self._set_seed()
        elif event.key == "backspace":
            self._typed = self._typed[:-1]
            self._set_seed()
        elif event.key == "enter":
            self._take(self._place)
        elif event.key in ("up", "down"):
            self._place = (self._place + (1 if event.key == "down" else -1)) % len(ORDERS)
            self._show()

    def _set_seed(self) -> None:
        self._seed = int(self._typed or 0)
        self._place = next(place for place, order in enumerate(ORDERS) if order.name == RANDOM)
        self._show()

    def _take(self, place: int) -> None:
        self.dismiss((ORDERS[place].name, self._seed))

    def _show(self) -> None:
        lines = []
        for place, order in enumerate(ORDERS):
            missing = order.name in ("suspicious", "uncertain") and not self._suggesting
            help = "needs suggestions: leave and press S" if missing else order.help
            name = f"random, seed {self._seed}" if order.name == RANDOM else order.words or "file"
            here = order.name == self._order
            line = Content.assemble(
                (f"{order.key}  ", "bold $accent"),
                ("● " if here else "  ", "$primary"),
                (f"{name:<24}", "$muted" if missing else "bold"),
                (cut(help, _WIDTH - 29), "$muted"),
            )
            if place == self._place:
                line = line.pad_right(max(0, _WIDTH - line.cell_length)).stylize("on $cursor")
            lines.append(line)
        self.query_one("#orders", Static).update(Content("\n").join(lines))
