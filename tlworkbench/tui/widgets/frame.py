"""A frame drawn by the widget inside it, so that one edge can say something else without painting the rest."""

from typing import Literal

from textual.content import Content

Place = Literal["top", "middle", "bottom"]
_CORNERS: dict[Place, tuple[str, str]] = {"top": ("╭", "╮"), "middle": ("├", "┤"), "bottom": ("╰", "╯")}


def edge(place: Place, width: int, left: Content, right: Content, lit: bool) -> Content:
    """One horizontal line of a frame with words at both ends; those at the right are cut first.

    lit: the colour of a pane that has the focus.
    """
    first, last = _CORNERS[place]
    frame = "$primary" if lit else "$frame"
    room = max(0, width - 4)
    left = _spaced(left.truncate(max(0, room - 2), ellipsis=True)) if left.plain else Content("")
    room -= left.cell_length
    right = (
        _spaced(right.truncate(room - 2, ellipsis=True))
        if right.plain and room >= min(8, right.cell_length + 2)
        else Content("")
    )
    line = "─" * (room - right.cell_length)
    return Content.assemble((f"{first}─", frame), left, (line, frame), right, (f"─{last}", frame))


def _spaced(words: Content) -> Content:
    return Content.assemble(" ", words, " ")
