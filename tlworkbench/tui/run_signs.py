"""What tells runs that are compared apart: a sign each, and a colour each."""

from tlworkbench.tui.themes import Look

SIGNS = ("●", "◆", "○", "◇", "▣", "✚")
"""By place among the runs; one cell each, so that nothing hangs on colour alone."""


def sign_colour(look: Look, place: int) -> str:
    """Colour of the run at a place, as `#rrggbb`."""
    colours = look.colours
    return (colours.primary, colours.accent, look.label(4), look.label(5), colours.success, look.label(6))[place]
