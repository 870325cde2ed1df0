"""Picking a label by typing, for sets with more labels than digits."""

from collections.abc import Sequence

from tlworkbench.tui.screens.choose import Choose, Entry
from tlworkbench.tui.text import counted, percent
from tlworkbench.tui.themes import Look
from tlworkbench.tui.widgets.label_bar import LabelCount


def label_picker(labels: Sequence[LabelCount], look: Look, title: str = "Label") -> Choose:
    """A dialog that closes with the name of a label."""
    total = sum(label.rows for label in labels) or 1
    entries = [
        Entry(
            label.name,
            label.name,
            label.key,
            f"{counted(label.rows, 'row')}, {percent(label.rows / total)}",
            look.label(n),
        )
        for n, label in enumerate(labels)
    ]
    return Choose(title, entries, "no such label; L adds one")
