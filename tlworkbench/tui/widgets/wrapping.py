"""Text of any length in lines of a width, wrapped piece by piece as it comes into sight."""

import re
import unicodedata
from collections.abc import Iterator

from rich.cells import get_character_cell_size

from tlworkbench.tui.text import whole

PIECE = 4096
"""Characters wrapped at a time."""
_STEP_BACK = 16
"""Characters that a piece is shortened by at most, so that it ends between two letters."""
_FLAGS = re.compile("[\U0001f1e6-\U0001f1ff]")


def pieces(text: str) -> list[tuple[int, int]]:
    """Begin and end of the pieces of a text: at line breaks where there are some, else between words or letters."""
    found: list[tuple[int, int]] = []
    begin = 0
    while len(text) - begin > PIECE:
        end = text.rfind("\n", begin, begin + PIECE)
        if end <= begin:
            end = text.rfind(" ", begin, begin + PIECE)
        if end > begin:
            found.append((begin, end))
            begin = end + 1
            continue
        end = begin + PIECE
        while end > begin + PIECE - _STEP_BACK and _belongs(text[end - 1], text[end]):
            end -= 1
        found.append((begin, end))
        begin = end
    found.append((begin, len(text)))
    return found


def wrap(text: str, width: int) -> list[str]:
    """Untrusted text as lines of at most `width` cells; words stay whole where they fit."""
    return [line for paragraph in whole(text).split("\n") for line in _wrapped(paragraph, max(2, width))]


def _wrapped(text: str, width: int) -> Iterator[str]:
    if not text.isascii():
        yield from _by_cells(text, width)
        return
    begin = 0
    while len(text) - begin > width:
        at = text.rfind(" ", begin + 1, begin + width + 1)
        yield text[begin:at] if at > 0 else text[begin : begin + width]
        begin = at + 1 if at > 0 else begin + width
    yield text[begin:]


def _by_cells(text: str, width: int) -> Iterator[str]:
    begin, used = 0, 0
    space = -1
    place = 0
    while place < len(text):
        character = text[place]
        cells = get_character_cell_size(character)
        if used + cells > width:
            if character == " ":
                yield text[begin:place]
                begin, used, space = place + 1, 0, -1
                place += 1
                continue
            end, after = (space, space + 1) if space > begin else (place, place)
            # The two letters of a flag stay together.
            if end == place and _odd_flag(text, begin, place):
                end = after = place - 1
            if after <= begin:
                end = after = place
            yield text[begin:end]
            begin, space = after, -1
            used = sum(get_character_cell_size(text[at]) for at in range(begin, place))
            continue
        if character == " ":
            space = place
        used += cells
        place += 1
    yield text[begin:]


def _odd_flag(text: str, begin: int, place: int) -> bool:
    """Whether `place` is the second letter of a flag."""
    count = 0
    while place - count > begin and _FLAGS.match(text[place - count - 1]):
        count += 1
    return count % 2 == 1 and _FLAGS.match(text[place]) is not None


def _belongs(before: str, character: str) -> bool:
    """Whether a character is drawn together with the one before it."""
    return (
        unicodedata.category(character) in ("Mn", "Me", "Mc", "Cf")
        or before == "\u200d"
        or "\U0001f3fb" <= character <= "\U0001f3ff"
        or _FLAGS.match(character) is not None
    )
