"""Text as a terminal cell grid sees it: cleaned, cut by cell width, numbers as a person writes them."""

import re
import unicodedata

from rich.cells import cell_len

_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
_BREAKS = re.compile(r"[\r\n\t\v\f\x85\u2028\u2029]+")
_LINE_BREAKS = re.compile(r"\r\n?|[\v\f\x85\u2028\u2029]")
_DIRECTION = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
_PICTURES = {
    **{code: chr(0x2400 + code) for code in range(32) if code != 10},
    127: "␡",
    **dict.fromkeys(map(ord, _DIRECTION), "·"),
}
_MARKS = 3
"""Combining marks kept on one letter; more of them grow out of their line."""


def clean(text: str, lines: bool = False) -> str:
    """Text that is safe to draw: no control or escape sequences, no bidi overrides, nothing of uncertain width.

    Line breaks and tabs become a space, or stay (tabs as spaces) when `lines` is set; other control characters and
    what has no glyph become a visible `·`. Joiners and variation selectors go, as terminals disagree on their width.
    """
    if text.isascii() and text.isprintable():
        return text
    text = _ANSI.sub("", text)
    text = re.sub(r"\r\n?", "\n", text).replace("\t", "    ") if lines else _BREAKS.sub(" ", text)
    if text.isascii() and text.isprintable():
        return text
    return "".join(_drawn(unicodedata.normalize("NFC", text), lines))


def whole(text: str) -> str:
    """Text with its line breaks, safe to draw, where nothing is left out that could matter.

    As `clean`, but escape and control characters show as their pictures (`␛`), and marks of direction as `·`.
    """
    if text.isascii() and text.isprintable():
        return text
    text = _LINE_BREAKS.sub("\n", text).replace("\t", "    ").translate(_PICTURES)
    return text if text.isascii() else "".join(_drawn(unicodedata.normalize("NFC", text), lines=True))


def _drawn(text: str, lines: bool) -> list[str]:
    drawn: list[str] = []
    marks = 0
    for character in text:
        category = unicodedata.category(character)
        marks = marks + 1 if category in ("Mn", "Me") else 0
        if marks:
            if marks <= _MARKS and not "\ufe00" <= character <= "\ufe0f":
                drawn.append(character)
        elif character == "\n" and lines:
            drawn.append(character)
        elif category in ("Cc", "Cs", "Co", "Cn"):
            drawn.append("·")
        elif category in ("Zs", "Zl", "Zp"):
            drawn.append(" ")
        elif category != "Cf" and not "\U0001f3fb" <= character <= "\U0001f3ff":
            drawn.append(character)
    return drawn


def cut(text: str, cells: int) -> str:
    """The text in at most `cells` terminal cells, with an ellipsis where something was cut off."""
    if cells <= 0:
        return ""
    if len(text) <= cells and text.isascii():
        return text
    if cell_len(text) <= cells:
        return text
    used, kept = 0, 0
    for character in text:
        width = cell_len(character)
        if used + width > cells - 1:
            break
        used += width
        kept += 1
    return text[:kept] + "…"


def fit(text: str, cells: int, right: bool = False) -> str:
    """The text in exactly `cells` cells: cut or padded, to the right-hand side when `right` is set."""
    text = cut(text, cells)
    space = " " * (cells - cell_len(text))
    return space + text if right else text + space


def one_line(text: str, cells: int) -> str:
    """Untrusted text of any length on one line of at most `cells` cells."""
    # Only the beginning can show, so a row of a megabyte costs no more than a short one.
    head = text[: 8 * cells + 64]
    line = cut(clean(head).strip(), cells)
    return line if len(head) == len(text) or line.endswith("…") else cut(line + "…", cells)


def thousands(number: int) -> str:
    """`12284` as `12 284`."""
    return f"{number:,}".replace(",", " ")


def counted(number: int, one: str, many: str = "") -> str:
    """`1 row`, `12 284 rows`."""
    return f"{thousands(number)} {one if number == 1 else many or one + 's'}"


def probability(value: float) -> str:
    """A share from 0 to 1 in three cells: `.94`, `1.0`, `.00`."""
    hundredths = round(value * 100)
    return "1.0" if hundredths >= 100 else f".{max(hundredths, 0):02d}"


def percent(share: float) -> str:
    """A share from 0 to 1 as `43 %`; above nothing, but less than half a percent, as `<1 %`."""
    return "<1 %" if 0 < share < 0.005 else f"{round(share * 100)} %"


def duration(seconds: float) -> str:
    """Seconds as `0:09`, `1:52` or `2:03:10`."""
    minutes, rest = divmod(max(0, round(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def size(count: float) -> str:
    """Bytes as `91 MB`, `1.2 GB`."""
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"


def bar(share: float, cells: int) -> tuple[str, str]:
    """A thin bar of `cells` cells as (filled, rest): ▅ over ▁; anything above zero shows at least one cell."""
    filled = min(cells, max(round(share * cells), 1 if share > 0 else 0))
    return "▅" * filled, "▁" * (cells - filled)
