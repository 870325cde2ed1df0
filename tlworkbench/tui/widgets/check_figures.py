"""How the rows spread over the classes, and the texts over lengths, in thin bars."""

from dataclasses import replace

from textual.content import Content

from tlworkbench.data.checks.lengths import Bin, histogram, in_words
from tlworkbench.data.checks.subject import Subject, TextLengths
from tlworkbench.tui.text import bar, clean, cut, fit, percent, thousands
from tlworkbench.tui.themes import Look

_CLASSES = 6
"""Lines for classes at most,"""
_BINS = 7
"""and for lengths."""
_NAME = 14
_SHARE = 5


def class_figures(subject: Subject, look: Look, width: int) -> Content:
    """One line a class; of many the largest, and what the smallest has."""
    counts = subject.counts().tolist()
    total = sum(counts)
    lines = [_heading("Classes", f"{thousands(total)} labelled", width)]
    names = [clean(name) for name in subject.label_set.names]
    if not names:
        return Content("\n").join([*lines, Content.styled("no labels yet: L adds some", "$muted")])
    shown = list(range(len(names)))
    if len(names) > _CLASSES:
        shown = sorted(shown, key=lambda place: -counts[place])[: _CLASSES - 1]
    cells = min(_NAME, max(len(names[place]) for place in shown))
    most = max(*counts, 1)
    for place in shown:
        colour = look.label(place)
        lines.append(
            _line(names[place], cells, colour, counts[place] / most, percent(counts[place] / max(total, 1)), width)
        )
    if len(names) > len(shown):
        rest = f"and {len(names) - len(shown)} more, the smallest with {thousands(min(counts))}"
        lines.append(Content.styled(cut(rest, width), "$muted"))
    return Content("\n").join(lines)


def length_figures(lengths: TextLengths, width: int) -> Content:
    """One line a range of lengths, what is cut in the colour of what wants one; below what most texts have."""
    measured = len(lengths.rows)
    over = float((lengths.tokens > lengths.limit).mean()) if measured else 0.0
    cut_off = f", {percent(over)} cut" if over else ""
    lines = [_heading("Tokens", f"{lengths.limit} are read{cut_off}", width)]
    bins = _few(histogram(lengths))
    if bins:
        most = max(part.rows for part in bins)
        cells = max(len(_range(part)) for part in bins)
        for part in bins:
            colour = "$warning" if part.over else "$primary"
            share = percent(part.rows / max(measured, 1))
            lines.append(
                _line(_range(part).rjust(cells), cells, "$muted", part.rows / max(most, 1), share, width, colour)
            )
    words = in_words(lengths)
    lines.append(Content.styled(words if len(words) <= width else words.rpartition(",")[0], "$muted"))
    return Content("\n").join(lines)


def no_lengths(why: str, width: int) -> Content:
    """Why there are none."""
    return Content("\n").join([_heading("Tokens", "", width), Content.styled(why, "$muted")])


def _few(bins: tuple[Bin, ...]) -> tuple[Bin, ...]:
    """The shortest ones together, so that not too many are left."""
    while len(bins) > _BINS:
        one, other, *rest = bins
        if one.over != other.over:
            break
        bins = (replace(other, first=one.first, rows=one.rows + other.rows), *rest)
    return bins


def _range(part: Bin) -> str:
    return f"{part.first}–{part.last}"


def _heading(title: str, facts: str, width: int) -> Content:
    return Content.assemble((title, "bold"), (fit(f"  {facts}", width - len(title), right=True), "$muted"))


def _line(name: str, cells: int, colour: str, share: float, told: str, width: int, bars: str = "") -> Content:
    room = max(4, width - cells - _SHARE - 2)
    full, rest = bar(share, room)
    return Content.assemble(
        (fit(name, cells), colour), (" ", ""), (full, bars or colour), (rest, "$frame"),
        (fit(told, _SHARE + 1, right=True), "$muted"),
    )  # fmt: skip
