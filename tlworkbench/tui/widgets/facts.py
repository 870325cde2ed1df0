"""Names and values below one another, as a pane of details shows them."""

from collections.abc import Iterable

from rich.cells import cell_len
from textual.content import Content

from tlworkbench.tui.text import clean, cut


def facts(known: Iterable[tuple[str, str]], width: int, lines_each: int = 3) -> list[Content]:
    """`name  value` lines of at most `width` cells; a long value goes on below itself, an empty one is left out."""
    shown = [(name, clean(value)) for name, value in known if value]
    names = max((cell_len(name) for name, _ in shown), default=0) + 2
    lines = []
    for name, value in shown:
        for number, part in enumerate(folded(value, max(8, width - names), lines_each)):
            lines.append(Content.assemble((f"{'' if number else name:<{names}}", "$muted"), part))
    return lines


def folded(text: str, cells: int, most: int) -> list[str]:
    """The text in lines of at most `cells` cells, broken at spaces where there are any; the last one is cut."""
    lines: list[str] = []
    rest = text.strip()
    while rest and len(lines) < most - 1 and cell_len(rest) > cells:
        end = _longest(rest, cells)
        space = rest.rfind(" ", 0, end + 1)
        at = space if space > 0 else end
        lines.append(rest[:at].rstrip())
        rest = rest[at:].lstrip()
    return [*lines, cut(rest, cells)] if rest else lines


def _longest(text: str, cells: int) -> int:
    used = 0
    for place, character in enumerate(text):
        used += cell_len(character)
        if used > cells:
            return max(1, place)
    return len(text)
