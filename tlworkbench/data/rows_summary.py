"""What a source turned out to hold, counted."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np

from tlworkbench.data.rows_meta import RowsMeta


@dataclass(frozen=True)
class RowsSummary:
    """Counts of rows just written, as the source labels them."""

    rows: dict[str, int]
    """Rows of each split that has any."""
    by_label: dict[str, dict[str, int]]
    """For each of those splits the rows of each label."""
    cut: bool
    """Whether the validation split was cut from train."""
    empty_texts: int

    @property
    def labels(self) -> dict[str, int]:
        """Rows of each label."""
        totals: Counter[str] = Counter()
        for counts in self.by_label.values():
            totals.update(counts)
        return dict(totals)

    @property
    def unlabelled(self) -> int:
        """Rows without a label."""
        return sum(self.rows.values()) - sum(self.labels.values())


def summarise(
    meta: RowsMeta,
    splits: np.ndarray[Any, np.dtype[np.int8]],
    labels: np.ndarray[Any, np.dtype[np.int32]],
    empty_texts: int,
) -> RowsSummary:
    """Count rows by split and label, given as indices into `meta.splits` and `meta.label_values`."""
    rows: dict[str, int] = {}
    by_label: dict[str, dict[str, int]] = {}
    for number, name in enumerate(meta.splits):
        of_split = labels[splits == number]
        if len(of_split):
            rows[name] = len(of_split)
            counted = np.bincount(of_split[of_split >= 0], minlength=len(meta.label_values)).tolist()
            by_label[name] = dict(zip(meta.label_values, counted, strict=True))
    return RowsSummary(rows, by_label, meta.split_rule != "source", empty_texts)
