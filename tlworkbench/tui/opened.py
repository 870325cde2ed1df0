"""The dataset as a screen holds it open: rows, journal and labelling of one file of rows."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from tlworkbench.data.journal import Journal
from tlworkbench.data.label_set import LabelIds
from tlworkbench.data.labelling import Labelling
from tlworkbench.data.rows import Rows, key_text
from tlworkbench.data.suggestions import FILE_NAME
from tlworkbench.data.text_facts import TextFacts
from tlworkbench.tui.advice import Advice
from tlworkbench.tui.row_source import FirstRows, LabelledRows
from tlworkbench.tui.widgets.label_bar import LabelCount
from tlworkbench.tui.widgets.row_detail import Detail
from tlworkbench.workspace import Workspace


@dataclass(frozen=True)
class Opened:
    """An open dataset. Belongs to the thread that opened it, but for `rows`, which any thread may read."""

    rows: Rows
    journal: Journal
    labelling: Labelling
    source: LabelledRows
    advice: Advice
    stamp: tuple[int, int]
    """Tells this file of rows from one that took its place."""

    @classmethod
    def open(cls, workspace: Workspace) -> "Opened":
        """Open what the workspace holds; raises UserError."""
        stamp = stamp_of(workspace.rows_file)
        rows = workspace.rows()
        journal = workspace.journal(rows)
        labelling = Labelling(rows, journal)
        advice = Advice(workspace.root / FILE_NAME, rows, labelling)
        return cls(rows, journal, labelling, LabelledRows(rows, labelling, advice), advice, stamp)

    @property
    def predicted(self) -> LabelIds:
        """Label id suggested for each row, -1 where there is none."""
        return self.advice.predicted

    @cached_property
    def facts(self) -> TextFacts:
        """Lengths of the texts and which of them disagree, once asked for."""
        return TextFacts(self.rows)

    def close(self) -> None:
        """Let go of the journal."""
        self.journal.close()

    def key(self, row: int) -> int:
        """Key of a row."""
        return int(self.rows.keys[row])

    def keys(self, rows: "np.ndarray[tuple[int], np.dtype[np.int64]] | list[int]") -> list[int]:
        """Keys of several rows."""
        return [int(key) for key in self.rows.keys[np.asarray(rows, np.int64)].tolist()]

    def counts(self) -> list[LabelCount]:
        """Labels with their keys and rows, in their order."""
        counts = self.labelling.counts().tolist()
        return [
            LabelCount(label.shortcut, label.name, count)
            for label, count in zip(self.labelling.label_set.labels, counts, strict=True)
        ]

    def detail(self, row: int) -> Detail:
        """One row as the detail pane shows it."""
        state = self.labelling.state(row)
        labels = self.labelling.label_set

        def named(label_id: int) -> tuple[str, int]:
            label = labels.get(label_id)
            return (label.name if label else "", int(labels.class_of[label_id]))

        marks = {"edited": state.edited, "flagged": state.flagged, "excluded": state.excluded}
        meta = self.rows.meta
        value = meta.label_values[state.source_value] if state.source_value >= 0 else ""
        # After a rename or merge the source's own word stands beside what became of it.
        source = (value, named(state.source)[1]) if meta.label else None
        return Detail(
            number=row + 1,
            text=self.rows.text(row),
            now=named(state.label),
            source=source,
            marks=tuple(name for name, there in marks.items() if there),
            split=self.rows.split_name(row),
            key=key_text(self.key(row)),
            others=_others(self.rows, row),
        )


def first_detail(rows: Rows, row: int) -> Detail:
    """A row of an import that still runs, as the detail pane shows it."""
    look = FirstRows(rows).look(row)
    return Detail(
        number=row + 1,
        text=rows.text(row),
        now=(look.label, look.place),
        marks=("being imported",),
        others=_others(rows, row),
    )


def first_counts(rows: Rows) -> tuple[list[LabelCount], int]:
    """Labels of an import that still runs with their rows so far, and the rows without one."""
    names = rows.meta.label_values
    counts = np.bincount(rows.source_labels + 1, minlength=len(names) + 1).tolist()
    return [LabelCount("", name, count) for name, count in zip(names, counts[1:], strict=True)], counts[0]


def _others(rows: Rows, row: int) -> tuple[tuple[str, str], ...]:
    """The source's columns that are neither text nor label."""
    return tuple(
        (name, "" if value is None else str(value))
        for name, value in rows.record(row).items()
        if name not in rows.meta.text and name != rows.meta.label
    )


def stamp_of(file: Path) -> tuple[int, int]:
    """Inode and time of a file of rows; zeros where there is none."""
    try:
        status = file.stat()
    except OSError:
        return (0, 0)
    return status.st_ino, status.st_mtime_ns
