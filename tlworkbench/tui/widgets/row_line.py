"""One row on one line: cursor and mark, number, signs, label, text."""

import functools
from dataclasses import dataclass

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tlworkbench.data.text_pattern import TextPattern, text_pattern
from tlworkbench.errors import UserError
from tlworkbench.tui.dataset.advice import Suggested
from tlworkbench.tui.dataset.row_source import RowLook
from tlworkbench.tui.text import clean, cut, fit, one_line, probability
from tlworkbench.tui.themes import Look

EDITED, FLAGGED, EXCLUDED, MARKED, CURSOR, SUSPECT, NOTED = "✎", "⚑", "∅", "●", "▌", "⚠", "¶"
_CONTEXT = 16
"""Cells of text kept before a match that would else lie beyond the edge."""


@dataclass(frozen=True)
class Columns:
    """Widths in cells of what stands before the text."""

    number: int
    label: int
    suggested: int = 0
    """Of the suggested label; 0 where none are shown."""


def columns(rows: int, label_names: tuple[str, ...], width: int, suggesting: bool = False) -> Columns:
    """Widths that hold every number and, as far as a quarter of the line allows, every label."""
    longest = max((len(name) for name in label_names), default=0)
    label = min(longest, max(8, width // (6 if suggesting else 4)))
    return Columns(max(4, len(str(rows))), label, label if suggesting else 0)


def pattern_of(needle: str) -> TextPattern | None:
    """What to highlight for a search; None where there is nothing, or an expression that can't be read."""
    try:
        return text_pattern(needle) if needle else None
    except UserError:
        return None


@functools.lru_cache(1024)
def _style(colour: str, ground: str, bold: bool = False, underline: bool = False) -> Style:
    return Style(color=colour, bgcolor=ground, bold=bold or None, underline=underline or None)


def row_line(
    number: int,
    row: RowLook,
    text: str,
    width: int,
    layout: Columns,
    look: Look,
    *,
    cursor: bool = False,
    marked: bool = False,
    pattern: TextPattern | None = None,
) -> Strip:
    """Draw row `number` (counted from 1) in exactly `width` cells."""
    colours = look.colours
    ground = colours.cursor if cursor else colours.background
    suspect = row.suggested is not None and row.suggested.suspect
    sign, sign_colour = (
        (EXCLUDED, colours.muted) if row.excluded
        else (SUSPECT, colours.warning) if suspect
        else (EDITED, colours.primary) if row.edited
        else (" ", colours.muted)
    )  # fmt: skip
    pieces = [
        Segment(CURSOR if cursor else " ", _style(colours.primary, ground)),
        Segment(MARKED if marked else " ", _style(colours.accent, ground)),
        Segment(fit(str(number), layout.number, right=True), _style(colours.muted if cursor else colours.dim, ground)),
        Segment(" ", _style(colours.text, ground)),
        Segment(sign, _style(sign_colour, ground)),
        Segment(f"{FLAGGED if row.flagged else NOTED if row.noted else ' '} ", _style(colours.accent, ground)),
    ]
    used = layout.number + 6
    if layout.label:
        colour = colours.dim if row.excluded else look.label(row.place)
        name = fit(clean(row.label) or "–", layout.label)
        pieces.append(Segment(f"{name}  ", _style(colour, ground)))
        used += layout.label + 2
    if layout.suggested:
        pieces += _suggestion(row.suggested, layout.suggested, look, ground)
        used += layout.suggested + 8
    room = width - used
    pieces += _text(text, room, pattern, colours.dim if row.excluded else colours.text, colours.accent, ground)
    return Strip(pieces).adjust_cell_length(width, _style(colours.text, ground))


def _suggestion(suggested: Suggested | None, width: int, look: Look, ground: str) -> list[Segment]:
    """`→ negative .97`, or only how sure the model is of the label there is."""
    muted = _style(look.colours.muted, ground)
    if suggested is None:
        return [Segment(" " * (width + 8), muted)]
    chance = f" {probability(suggested.probability)}  "
    if suggested.agrees:
        return [Segment(fit("= same", width + 2), _style(look.colours.dim, ground)), Segment(chance, muted)]
    name = fit(clean(suggested.name), width)
    return [Segment("→ ", muted), Segment(name, _style(look.label(suggested.place), ground)), Segment(chance, muted)]


def _text(
    text: str, room: int, pattern: TextPattern | None, colour: str, found_colour: str, ground: str
) -> list[Segment]:
    if room <= 0:
        return []
    span = pattern.span(text) if pattern else None
    if span is None:
        return [Segment(one_line(text, room), _style(colour, ground))]
    start, end = span
    if end > room - 1:
        # The match would lie beyond the edge: begin shortly before it.
        begin = max(0, start - _CONTEXT)
        before = f"…{clean(text[begin:start]).lstrip()}" if begin else clean(text[:start]).lstrip()
    else:
        before = clean(text[:start]).lstrip()
    before = cut(before, room)
    found = one_line(text[start:end], room - cell_len(before))
    rest = room - cell_len(before) - cell_len(found)
    after = text[end : end + 8 * room + 64]
    return [
        Segment(before, _style(colour, ground)),
        Segment(found, _style(found_colour, ground, bold=True, underline=True)),
        Segment(
            cut(clean(after).rstrip() + ("…" if len(after) < len(text) - end else ""), rest),
            _style(colour, ground),
        ),
    ]
