"""The labels with their keys, shares and thin bars, on one line."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from textual.content import Content
from textual.widget import Widget

from tlworkbench.tui.text import bar, clean, cut, percent

if TYPE_CHECKING:
    from tlworkbench.tui.app import Workbench
    from tlworkbench.tui.themes import Look

_SHAPES = (
    *((cells, 24, True) for cells in (16, 12, 10, 8, 6, 5, 4, 3, 0)),
    (0, 16, True), (0, 12, True), (0, 12, False),
)  # fmt: skip
"""Cells of the bar, cells of the name at most, whether the share is told: the first that fits is taken."""


_LAST_NAME = 8
"""Cells of a label's name among the last ones given."""
_LAST_ROOM = ((3, 6), (3, 3), (2, 3), (1, 3), (1, 0))
"""How many of them show, if the labels' bars keep so many cells beside."""


@dataclass(frozen=True)
class LabelCount:
    """One label as the bar draws it."""

    key: str
    name: str
    rows: int


@dataclass(frozen=True)
class LastLabel:
    """A label given lately: number of the row, key or name of the label, and its place in the set for the colour."""

    row: int
    label: str
    place: int


def last_line(last: Sequence[LastLabel], look: "Look") -> Content:
    """`last 455→2 1207→1`, newest first; empty where there are none."""
    if not last:
        return Content("")
    pieces: list[tuple[str, str]] = [("last", "$muted")]
    for decision in last:
        pieces += [
            (f"  {decision.row}→", "$muted"),
            (cut(clean(decision.label), _LAST_NAME), look.label(decision.place)),
        ]
    return Content.assemble(*pieces)


def label_line(labels: Sequence[LabelCount], unlabelled: int, look: "Look", width: int, more: str = "l") -> Content:
    """All labels in at most `width` cells; where they are too many, the first ones and how many more there are."""
    line = _whole_line(labels, unlabelled, look, width)
    if line is not None:
        return line
    entries = [_entry(label, place, 1, look, *_SHAPES[-1]) for place, label in enumerate(labels)]
    shown: list[Content] = []
    for entry in entries:
        rest = Content.assemble((f"and {len(entries) - len(shown)} more ", "$muted"), (more, "bold $accent"))
        if _joined([*shown, entry, rest]).cell_length > width:
            break
        shown.append(entry)
    rest = Content.assemble((f"and {len(entries) - len(shown)} more ", "$muted"), (more, "bold $accent"))
    return _joined([*shown, rest])


def _whole_line(
    labels: Sequence[LabelCount], unlabelled: int, look: "Look", width: int, least: int = 0
) -> Content | None:
    """All labels with bars of at least `least` cells; None where they don't fit so."""
    total = sum(label.rows for label in labels) or 1
    for shape in _SHAPES:
        if shape[0] < least:
            return None
        entries = [_entry(label, place, total, look, *shape) for place, label in enumerate(labels)]
        line = _joined([*entries, *_none(unlabelled)])
        if line.cell_length <= width:
            return line
    return None


def _entry(label: LabelCount, place: int, total: int, look: "Look", cells: int, name: int, share: bool) -> Content:
    colour = look.label(place)
    pieces: list[tuple[str, str]] = [(f"{label.key} ", "bold $accent")] if label.key else []
    pieces.append((cut(clean(label.name), name), colour))
    if share:
        pieces.append((f" {percent(label.rows / total):>4}", "$muted"))
    if cells:
        full, rest = bar(label.rows / total, cells)
        pieces += [(f" {full}", colour), (rest, "$frame")]
    return Content.assemble(*pieces)


def _none(unlabelled: int) -> list[Content]:
    return [Content.styled(f"{unlabelled} without a label", "$muted")] if unlabelled else []


def _joined(entries: Sequence[Content]) -> Content:
    return Content("   ").join(entries)


class LabelBar(Widget):
    """Shows the label set; one line, never wrapped."""

    DEFAULT_CSS = """
    LabelBar { height: 1; width: 1fr; text-wrap: nowrap; }
    """

    def __init__(self, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._labels: tuple[LabelCount, ...] = ()
        self._unlabelled = 0
        self._last: tuple[LastLabel, ...] = ()

    def show_last(self, last: Sequence[LastLabel]) -> None:
        """Draw the labels given last at the right-hand end, as many as there is room for."""
        if tuple(last) != self._last:
            self._last = tuple(last)
            self.refresh()

    def show(self, labels: Sequence[LabelCount], unlabelled: int) -> None:
        """Draw these labels."""
        if (tuple(labels), unlabelled) != (self._labels, self._unlabelled):
            self._labels, self._unlabelled = tuple(labels), unlabelled
            self.refresh()

    def render(self) -> Content:
        """As much as fits."""
        if not self._labels:
            return Content.assemble(("L", "bold $accent"), (" add labels", "$muted"))
        look, width = cast("Workbench", self.app).look, self.scrollable_content_region.width
        for count, cells in _LAST_ROOM:
            last = last_line(self._last[:count], look)
            labels = _whole_line(self._labels, self._unlabelled, look, width - last.cell_length - 3, cells)
            if self._last and labels is not None:
                return Content.assemble(labels, " " * (width - labels.cell_length - last.cell_length), last)
        return label_line(self._labels, self._unlabelled, look, width)
