"""What the row table draws: rows with their labels as they are now, or the first rows of an import that still runs."""

from dataclasses import dataclass
from typing import Protocol

from tlworkbench.data.labelling import Labelling
from tlworkbench.data.rows import Rows
from tlworkbench.tui.dataset.advice import Advice, Suggested


@dataclass(frozen=True)
class RowLook:
    """One row as the table draws it."""

    label: str
    """Name of its label; empty where it has none."""
    place: int
    """Place of the label in the label set, which decides its colour; -1 for none."""
    edited: bool = False
    flagged: bool = False
    excluded: bool = False
    noted: bool = False
    suggested: Suggested | None = None


class RowSource(Protocol):
    """Rows to draw, by index."""

    def __len__(self) -> int: ...

    def text(self, row: int) -> str:
        """The row's text."""

    def look(self, row: int) -> RowLook:
        """Its label and marks."""

    def label_names(self) -> tuple[str, ...]:
        """All labels in their order."""


class LabelledRows:
    """Rows with the journal's edits applied."""

    def __init__(self, rows: Rows, labelling: Labelling, advice: Advice) -> None:
        self.rows = rows
        self.labelling = labelling
        self.advice = advice

    def __len__(self) -> int:
        return len(self.rows)

    def text(self, row: int) -> str:
        """The row's text."""
        return self.rows.text(row)

    def look(self, row: int) -> RowLook:
        """Its label and marks as they are now."""
        state = self.labelling.state(row)
        label = self.labelling.label_set.get(state.label)
        place = int(self.labelling.label_set.class_of[state.label])
        return RowLook(
            label.name if label else "",
            place,
            state.edited,
            state.flagged,
            state.excluded,
            bool(self.labelling.noted[row]),
            self.advice.of(row),
        )

    def label_names(self) -> tuple[str, ...]:
        """Names of the active labels."""
        return self.labelling.label_set.names


class FirstRows:
    """The first rows of a file that is still being written; they can be looked at only."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows

    def __len__(self) -> int:
        return len(self.rows)

    def text(self, row: int) -> str:
        """The row's text."""
        return self.rows.text(row)

    def look(self, row: int) -> RowLook:
        """The source's label."""
        value = int(self.rows.source_labels[row])
        return RowLook(self.rows.meta.label_values[value] if value >= 0 else "", value)

    def label_names(self) -> tuple[str, ...]:
        """The source's labels so far."""
        return self.rows.meta.label_values
