"""The dataset as a screen holds it open: rows, journal and labelling of one file of rows."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from tlworkbench.data.filter_facts import FilterFacts
from tlworkbench.data.journal import Journal
from tlworkbench.data.label_set import LabelIds
from tlworkbench.data.labelling import Labelling
from tlworkbench.data.predictions import Predictions
from tlworkbench.data.rows import Rows
from tlworkbench.data.suggestions import FILE_NAME
from tlworkbench.tui.dataset.advice import Advice
from tlworkbench.tui.dataset.row_details import detail_of
from tlworkbench.tui.dataset.row_source import LabelledRows
from tlworkbench.tui.widgets.detail_lines import Detail
from tlworkbench.tui.widgets.label_bar import LabelCount
from tlworkbench.workspace import Workspace


@dataclass(frozen=True)
class Opened:
    """An open dataset. Belongs to the thread that opened it, but for `rows`, which any thread may read."""

    rows: Rows
    journal: Journal
    labelling: Labelling
    source: LabelledRows
    advice: Advice
    predictions: Predictions
    """Answers of past runs."""
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
        source = LabelledRows(rows, labelling, advice)
        return cls(rows, journal, labelling, source, advice, Predictions(workspace.jobs_dir), stamp)

    @property
    def predicted(self) -> LabelIds:
        """Label id suggested for each row, -1 where there is none."""
        return self.advice.predicted

    @cached_property
    def facts(self) -> FilterFacts:
        """Lengths of the texts and which of them disagree, once asked for."""
        return FilterFacts(self.rows)

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
        return detail_of(self, row)


def stamp_of(file: Path) -> tuple[int, int]:
    """Inode and time of a file of rows; zeros where there is none."""
    try:
        status = file.stat()
    except OSError:
        return (0, 0)
    return status.st_ino, status.st_mtime_ns
