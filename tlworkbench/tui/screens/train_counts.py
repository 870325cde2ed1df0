"""How many rows a run would train and validate on, class by class."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from textual import on
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widgets import Static

from tlworkbench.errors import UserError
from tlworkbench.tui.background import in_background
from tlworkbench.tui.text import clean, counted, cut, fit, percent, thousands
from tlworkbench.tui.themes import Look
from tlworkbench.workspace import Workspace

if TYPE_CHECKING:
    from tlworkbench.tui.app import Workbench


@dataclass(frozen=True)
class Counts:
    """Labelled rows with a text that are not excluded."""

    names: tuple[str, ...]
    train: tuple[int, ...]
    validation: tuple[int, ...]
    unlabelled: int = 0
    excluded: int = 0


@dataclass
class RowsCounted(Message):
    """The rows were counted, or why they could not be."""

    counts: Counts | UserError


class RowCounts(Static):
    """Counts the labelled rows of the workspace in a thread and shows them by class; posts `RowsCounted`."""

    classes_shown: reactive[int] = reactive(0)
    """Lines for classes at most; 0 gives them one line together."""

    def __init__(self, workbench: "Workbench", id: str) -> None:
        super().__init__(Content.styled("counting rows …", "$muted"), id=id)
        self.counts: Counts | None = None
        """None while it counts, and where they can't be counted."""
        self._workbench = workbench

    def on_mount(self) -> None:
        """Begin to count."""
        in_background(self, "count", self._count)

    def on_resize(self) -> None:
        """Lines are cut to the width there is."""
        self._show()

    def watch_classes_shown(self) -> None:
        """More where there is room."""
        self._show()

    def _count(self) -> None:
        try:
            self.post_message(RowsCounted(count_rows(self._workbench.workspace)))
        except UserError as error:
            self.post_message(RowsCounted(error))

    @on(RowsCounted)
    def _counted(self, event: RowsCounted) -> None:
        if isinstance(event.counts, UserError):
            self.update(Content.assemble((clean(event.counts.what), "$warning"), f"\n{clean(event.counts.hint)}"))
            return
        self.counts = event.counts
        self._show()

    def _show(self) -> None:
        if self.counts is not None:
            width = self.content_size.width or 72
            self.update(count_lines(self.counts, self._workbench.look, width, self.classes_shown))


def count_rows(workspace: Workspace) -> Counts:
    """Count by the labels as they are now; reads all of them, so call it in a thread. Raises UserError."""
    from tlworkbench.data.examples import examples
    from tlworkbench.data.labelling import Labelling

    rows = workspace.rows()
    with workspace.journal(rows) as journal:
        labelling = Labelling(rows, journal)
        found = [examples(rows, labelling, split) for split in ("train", "validation")]
    counts = [np.bincount(part.classes, minlength=len(part.class_names)).tolist() for part in found]
    return Counts(
        found[0].class_names,
        tuple(counts[0]),
        tuple(counts[1]),
        sum(part.unlabelled for part in found),
        sum(part.excluded for part in found),
    )


def count_lines(counts: Counts, look: Look, width: int, most: int = 4) -> Content:
    """Rows in all, then those of the most frequent classes, each with its rows to train and to validate on.

    most: lines for classes at most; 0 gives them one line together, with their shares.
    """
    train, validation = sum(counts.train), sum(counts.validation)
    left_out = [
        counted(number, f"{word} row")
        for number, word in ((counts.unlabelled, "unlabelled"), (counts.excluded, "excluded"))
        if number
    ]
    head = f"{counted(train, 'row')} to train on, {thousands(validation)} to validate on"
    tail = f" · left out: {', '.join(left_out)}" if left_out else ""
    lines = [Content.assemble((cut(head, width), "bold"), (cut(tail, max(0, width - len(head))), "$muted"))]
    order = sorted(range(len(counts.names)), key=lambda place: -counts.train[place])
    if not most:
        return Content("\n").join([*lines, _shares(counts, order, look, width)])
    shown = order if len(order) <= most else order[: most - 1]
    for place in shown:
        name = fit(clean(counts.names[place]), min(20, width // 3))
        own, checked = counts.train[place], counts.validation[place]
        numbers = f"{percent(own / max(1, train)):>6} {thousands(own):>9} train {thousands(checked):>7} validation"
        parts = [(name, look.label(place)), (cut(numbers, width - len(name)), "")]
        if not checked or not own:
            parts.append(("  ⚠ none", "$warning"))
        lines.append(Content.assemble(*parts))
    if rest := order[len(shown) :]:
        lines.append(Content.styled(cut(_rest(counts, rest), width), "$muted"))
    return Content("\n").join(lines)


def _shares(counts: Counts, order: list[int], look: Look, width: int) -> Content:
    """`negative 38 %  neutral 38 %  positive 25 %`, as many as there is room for."""
    train, line = sum(counts.train), Content("")
    for number, place in enumerate(order):
        lacking = not (counts.train[place] and counts.validation[place])
        piece = Content.assemble(
            (cut(clean(counts.names[place]), 20), look.label(place)),
            (f" {percent(counts.train[place] / max(1, train))}", ""),
            (" ⚠ none" if lacking else "", "$warning"),
            "  ",
        )
        rest = f"and {len(order) - number} more"
        if line.cell_length + piece.cell_length > width - (len(rest) if number + 1 < len(order) else 0):
            return line + Content.styled(rest, "$muted")
        line = line + piece
    return line


def _rest(counts: Counts, rest: list[int]) -> str:
    rarest = rest[-1]
    has = counted(counts.train[rarest], "row")
    return f"and {len(rest)} more; the rarest, {clean(counts.names[rarest])}, has {has}"
