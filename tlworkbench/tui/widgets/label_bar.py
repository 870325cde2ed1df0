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


@dataclass(frozen=True)
class LabelCount:
    """One label as the bar draws it."""

    key: str
    name: str
    rows: int


def label_line(labels: Sequence[LabelCount], unlabelled: int, look: "Look", width: int, more: str = "l") -> Content:
    """All labels in at most `width` cells; where they are too many, the first ones and how many more there are."""
    total = sum(label.rows for label in labels) or 1
    for shape in _SHAPES:
        entries = [_entry(label, place, total, look, *shape) for place, label in enumerate(labels)]
        line = _joined([*entries, *_none(unlabelled)])
        if line.cell_length <= width:
            return line
    shown: list[Content] = []
    for entry in entries:
        rest = Content.assemble((f"and {len(entries) - len(shown)} more ", "$muted"), (more, "bold $accent"))
        if _joined([*shown, entry, rest]).cell_length > width:
            break
        shown.append(entry)
    rest = Content.assemble((f"and {len(entries) - len(shown)} more ", "$muted"), (more, "bold $accent"))
    return _joined([*shown, rest])


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

    def show(self, labels: Sequence[LabelCount], unlabelled: int) -> None:
        """Draw these labels."""
        if (tuple(labels), unlabelled) != (self._labels, self._unlabelled):
            self._labels, self._unlabelled = tuple(labels), unlabelled
            self.refresh()

    def render(self) -> Content:
        """As much as fits."""
        if not self._labels:
            return Content.assemble(("L", "bold $accent"), (" add labels", "$muted"))
        look = cast("Workbench", self.app).look
        return label_line(self._labels, self._unlabelled, look, self.scrollable_content_region.width)
