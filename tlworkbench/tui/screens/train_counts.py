"""How many rows a run would train and validate on, class by class."""

from dataclasses import dataclass

import numpy as np
from textual.content import Content
from textual.message import Message

from tlworkbench.errors import UserError
from tlworkbench.tui.text import clean, counted, cut, fit, percent, thousands
from tlworkbench.tui.themes import Look
from tlworkbench.workspace import Workspace

_LINES = 4


@dataclass(frozen=True)
class Counts:
    """Labelled rows with a text that are not excluded."""

    names: tuple[str, ...]
    train: tuple[int, ...]
    validation: tuple[int, ...]
    unlabelled: int = 0
    excluded: int = 0


@dataclass
class RowsCounted(Message, bubble=False):
    """The rows were counted, or why they could not be."""

    counts: Counts | UserError


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


def count_lines(counts: Counts, look: Look, width: int) -> Content:
    """Rows in all, then those of the most frequent classes, each with its rows to train and to validate on."""
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
    shown = order if len(order) <= _LINES else order[: _LINES - 1]
    for place in shown:
        name = fit(clean(counts.names[place]), min(20, width // 3))
        own, checked = counts.train[place], counts.validation[place]
        numbers = f"{percent(own / max(1, train)):>6} {thousands(own):>9} train {thousands(checked):>7} validation"
        parts = [(name, look.label(place)), (cut(numbers, width - len(name)), "")]
        if not checked or not own:
            parts.append(("  ⚠ none", "$warning"))
        lines.append(Content.assemble(*parts))
    if rest := order[len(shown) :]:
        rarest = rest[-1]
        has = counted(counts.train[rarest], "row")
        words = f"and {len(rest)} more; the rarest, {clean(counts.names[rarest])}, has {has}"
        lines.append(Content.styled(cut(words, width), "$muted"))
    return Content("\n").join(lines)
