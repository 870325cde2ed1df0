"""What the detail pane says of a row, as lines: what decides its label, its text, and all the rest of it."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style

from tlworkbench.tui.text import clean, counted, cut, probability, thousands
from tlworkbench.tui.themes import Look
from tlworkbench.tui.widgets.wrapping import pieces, wrap

Line = list[Segment]
Label = tuple[str, int]
"""Name, and place in the label set, which decides the colour."""
_LONG = 1000
"""Characters that are wrapped only when they come into sight."""
_HEAD = 9
"""Cells before the value of a fact."""


@dataclass(frozen=True)
class Suggestion:
    """What the model thinks of a row."""

    label: Label
    probability: float
    suspect: bool = False
    """The row's label is probably wrong, and nobody has decided about it since."""
    nearest: tuple[tuple[Label, int], ...] = ()
    """Labels of the rows most like it, with their number."""


@dataclass(frozen=True)
class Change:
    """One line of the row's edit history."""

    at: float
    """Seconds since 1970."""
    text: str
    means: str
    who: str
    state: str
    """applied, undone or abandoned."""


@dataclass(frozen=True)
class Detail:
    """One row as the pane shows it."""

    number: int
    text: str
    now: Label
    source: Label | None = None
    marks: tuple[str, ...] = ()
    """In words: edited, flagged, excluded."""
    split: str = ""
    key: str = ""
    others: tuple[tuple[str, str], ...] = ()
    """The source's other columns."""
    suggestion: Suggestion | None = None
    note: str = ""
    answers: tuple[tuple[str, Label, float], ...] = ()
    """What past runs answered: number of the run, label, probability; the newest last."""
    history: tuple[Change, ...] = ()
    """Newest first."""


class Passage:
    """Some lines, made when they come into sight and kept for one width."""

    def __init__(self, make: Callable[[int], list[Line]], characters: int = 0) -> None:
        self._make = make
        self._characters = characters
        self._made: tuple[int, list[Line]] | None = None

    def lines(self, width: int) -> list[Line]:
        """Its lines, each of at most `width` cells."""
        if self._made is None or self._made[0] != width:
            self._made = width, self._make(width)
        return self._made[1]

    def count(self, width: int) -> tuple[int, bool]:
        """How many lines there are, and whether that is exact; a long piece of text is judged by its characters."""
        if self._characters < _LONG or (self._made is not None and self._made[0] == width):
            return len(self.lines(width)), True
        return self._characters // width + 1, False


class DetailLines:
    """Makes the lines of one row in the colours of a theme."""

    def __init__(self, detail: Detail, look: Look) -> None:
        self._detail, self._look = detail, look

    def text(self) -> list[Passage]:
        """The text, in passages that are wrapped one by one."""
        text = self._detail.text.strip("\r\n")
        if not text.strip():
            return [Passage(lambda width: [[self._muted("empty text")]])]
        return [Passage(partial(self._piece, text[begin:end]), end - begin) for begin, end in pieces(text)]

    def short(self, width: int) -> tuple[Line, bool]:
        """What decides the label, on one line, and whether there was room for all of it."""
        detail = self._detail
        parts: list[Line] = [[self._label(detail.now)]]
        if detail.suggestion is not None:
            told = f" {probability(detail.suggestion.probability)}"
            parts.append([self._muted("model "), self._label(detail.suggestion.label), self._muted(told)])
        if detail.source is not None and detail.source != detail.now:
            parts.append([self._muted("source "), self._label(detail.source)])
        if detail.note:
            parts.append([self._plain(f"“{clean(detail.note)}”")])
        parts += [[self._muted(word)] for word in (*detail.marks, detail.split) if word]
        if detail.key:
            parts.append([self._dim(f"key {detail.key[:8]}")])
        line: Line = []
        for part in parts:
            # What does not fit is left out whole; the lines below the text say it then.
            if sum(cell_len(segment.text) for segment in (*line, *part)) + 2 > width and line:
                return line, False
            line += [self._plain("  "), *part] if line else part
        return line, True

    def facts(self) -> list[Passage]:
        """What decides the label, a line each."""
        detail, made = self._detail, []
        if detail.source is not None:
            made.append(self._fact("source", self._label(detail.source)))
        made.append(self._fact("now", self._label(detail.now)))
        suggestion = detail.suggestion
        if suggestion is not None:
            suspect = "  suspect" if suggestion.suspect else ""
            told = f" {probability(suggestion.probability)}{suspect}"
            made.append(self._fact("model", self._label(suggestion.label), self._plain(told)))
            made += self._nearest(suggestion)
        if detail.marks:
            made.append(self._fact("marks", self._plain(", ".join(detail.marks))))
        if detail.note:
            made.append(Passage(partial(self._value, "note", detail.note)))
        return made

    def beside_short(self, all_said: bool) -> list[Passage]:
        """What `short` leaves out, below the text."""
        if not all_said:
            return [*self.facts(), *self.names(), *self.rest()]
        nearest = self._nearest(self._detail.suggestion) if self._detail.suggestion is not None else []
        return [*nearest, *self.rest()]

    def names(self) -> list[Passage]:
        """Split and key."""
        named = (("split", self._detail.split), ("key", self._detail.key))
        return [self._fact(name, self._plain(value)) for name, value in named if value]

    def rest(self) -> list[Passage]:
        """The source's other columns, answers of past runs, edits."""
        detail = self._detail
        made: list[Passage] = []
        for name, value in detail.others:
            made += self._column(name, value)
        for run, label, share in reversed(detail.answers):
            made.append(self._fact(f"run {run}", self._label(label), self._plain(f" {probability(share)}")))
        if detail.history:
            made.append(Passage(lambda width: [[], [self._muted(counted(len(detail.history), "edit"))]]))
            made += [Passage(partial(self._change, change)) for change in detail.history]
        return made

    def rule(self, width: int) -> Line:
        """A thin line between what scrolls and what stays."""
        return [Segment("─" * width, self._style(self._look.colours.frame))]

    def _nearest(self, suggestion: Suggestion) -> list[Passage]:
        near: Line = []
        for label, count in suggestion.nearest:
            near += [self._label(label), self._muted(f" ×{count}  ")]
        return [self._fact("nearest", *near)] if near else []

    def _piece(self, text: str, width: int) -> list[Line]:
        return [[self._plain(line)] for line in wrap(text, width)]

    def _fact(self, name: str, *value: Segment) -> Passage:
        return Passage(lambda width: [_cut([self._muted(f"{clean(name):<{_HEAD - 1}} "), *value], width)])

    def _column(self, name: str, value: str) -> Iterable[Passage]:
        """A column of the source: on the line of its name where it fits, else below it."""
        name = cut(clean(name), 40)
        head, *further = pieces(value)
        yield Passage(partial(self._value, name, value[head[0] : head[1]]), head[1])
        for begin, end in further:
            yield Passage(partial(self._indented, value[begin:end]), end - begin)

    def _value(self, name: str, value: str, width: int) -> list[Line]:
        head = self._muted(f"{name:<{_HEAD - 1}} " if cell_len(name) < _HEAD else f"{name}  ")
        if not value:
            return [_cut([head, self._dim("–")], width)]
        room = width - cell_len(head.text)
        if "\n" not in value and len(value) <= room and cell_len(clean(value)) <= room:
            return [[head, self._plain(clean(value))]]
        return [_cut([head], width), *self._indented(value, width)]

    def _indented(self, value: str, width: int) -> list[Line]:
        return [[self._plain(f"  {line}")] for line in wrap(value, width - 2)]

    def _change(self, change: Change, width: int) -> list[Line]:
        when = time.strftime("%d %b %H:%M", time.localtime(change.at))
        undone = "" if change.state == "applied" else f" ({change.state})"
        by = f"  {change.means}, {clean(change.who.partition('@')[0])}"
        text = self._dim if undone else self._plain
        return [_cut([self._muted(f"{when}  "), text(f"{clean(change.text)}{undone}"), self._dim(by)], width)]

    def _label(self, label: Label) -> Segment:
        name, place = label
        return Segment(clean(name), self._style(self._look.label(place))) if name else self._muted("no label")

    def _plain(self, text: str) -> Segment:
        return Segment(text, self._style(self._look.colours.text))

    def _muted(self, text: str) -> Segment:
        return Segment(text, self._style(self._look.colours.muted))

    def _dim(self, text: str) -> Segment:
        return Segment(text, self._style(self._look.colours.dim))

    def _style(self, colour: str) -> Style:
        return Style(color=colour, bgcolor=self._look.colours.background)


def lines_in_words(lines: int, exactly: bool) -> str:
    """How many lines, as the frame says it."""
    return f"{thousands(lines) if exactly else 'some ' + thousands(lines)} line{'s' if lines != 1 else ''}"


def _cut(line: Line, width: int) -> Line:
    """The line in at most `width` cells."""
    kept: Line = []
    for segment in line:
        text = cut(segment.text, width - sum(cell_len(other.text) for other in kept))
        if text:
            kept.append(Segment(text, segment.style))
    return kept
