"""Several words in a frame's title, none of which may vanish."""

from collections.abc import Sequence

from rich.cells import cell_len

from tlworkbench.tui.text import cut

BETWEEN = " · "


def fit_parts(parts: Sequence[str], cells: int) -> tuple[list[str], str]:
    """The parts in at most `cells` cells, and what to put between them: the longest are cut first, each keeps some."""
    widths = [cell_len(part) for part in parts]
    spaces = len(BETWEEN) * (len(parts) - 1)
    # Where words would be cut anyway, the spaces go first.
    between = BETWEEN if sum(widths) + spaces <= cells else BETWEEN.strip()
    room = cells - len(between) * (len(parts) - 1)
    most = max(widths, default=0)
    while most > 2 and sum(min(width, most) for width in widths) > room:
        most -= 1
    return [cut(part, most) for part in parts], between
