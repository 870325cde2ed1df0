"""What the classes of one run are called in another: labels are renamed and merged between two runs."""

from dataclasses import dataclass

import numpy as np

from tlworkbench.comparison.row_sets import Ints
from tlworkbench.comparison.run_files import RunRows
from tlworkbench.data.journal import Journal


@dataclass(frozen=True, eq=False)
class Renamed:
    """How to read the classes of `older` in the words of `newer`, the run whose labels are of a later state."""

    newer_first: bool
    """Whether the first of the two runs is the newer one."""
    names: tuple[str, ...]
    """Classes of the newer run,"""
    older_names: tuple[str, ...]
    """and of the older one."""
    place: Ints
    """By class of the older run: its place in `names`; -1 where it was dropped."""
    pairs: tuple[tuple[str, str], ...]
    """Classes that are called otherwise now, or went into another: older name, newer name."""


def renamed(first: RunRows, second: RunRows, journal: Journal | None) -> Renamed:
    """Follow the classes of the older of two runs to the newer one; by name alone where there is no journal."""
    newer_first = first.journal_version > second.journal_version
    older, newer = (second, first) if newer_first else (first, second)
    place = _by_journal(older, newer, journal) if journal is not None else None
    if place is None:
        place = [newer.class_names.index(name) if name in newer.class_names else -1 for name in older.class_names]
    pairs = tuple(
        (name, newer.class_names[to])
        for name, to in zip(older.class_names, place, strict=True)
        if to >= 0 and newer.class_names[to] != name
    )
    return Renamed(newer_first, newer.class_names, older.class_names, np.array(place, np.int64), pairs)


def _by_journal(older: RunRows, newer: RunRows, journal: Journal) -> list[int] | None:
    before, after = (journal.label_set_at(rows.journal_version) for rows in (older, newer))
    if (before.names, after.names) != (older.class_names, newer.class_names):
        return None  # Another journal than the one these runs were made with.
    return [int(after.class_of[label.id]) if label.id < len(after.resolved) else -1 for label in before.labels]
