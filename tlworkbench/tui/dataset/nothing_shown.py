"""What stands in the pane of rows while none are left to show."""

from tlworkbench.tui.dataset.title_parts import BETWEEN
from tlworkbench.tui.dataset.view import View
from tlworkbench.tui.text import clean

Line = tuple[tuple[str, bool], ...]
"""Words, and whether each is a key."""


def nothing_lines(view: View, any_rows: bool) -> tuple[Line, ...]:
    """Why no row is shown, and which keys bring some back."""
    if not any_rows:
        return ((("The dataset has no rows", False),), (("i", True), (" opens another", False)))
    parts = [*view.words, *(["only what was found"] if view.only_found else [])]
    return (
        (("No row is left", False),),
        ((clean(BETWEEN.join(parts)), False),),
        (),
        (("esc", True), (" clears it   ", False), ("F", True), (" changes the filter", False)),
    )
