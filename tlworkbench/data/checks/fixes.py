"""Putting right what checks found, each in one edit that can be taken back."""

from dataclasses import dataclass

import numpy as np

from tlworkbench.data.checks.repeats import leaking
from tlworkbench.data.checks.subject import Subject
from tlworkbench.data.journal import Journal
from tlworkbench.data.label_set import DROPPED
from tlworkbench.data.labelling import Indices
from tlworkbench.data.row_edits import Edit


@dataclass(frozen=True, eq=False)
class Majority:
    """The labels that copies of a text get from most of their own."""

    rows: Indices
    """Rows whose label changes,"""
    labels: np.ndarray[tuple[int], np.dtype[np.int16]]
    """and what each gets."""
    texts: int
    """How many texts they have."""
    ties: int
    """Texts left alone, as no label has more copies than every other."""


def majority(subject: Subject) -> Majority:
    """Work out the majority of each text that stands more than once; unlabelled copies don't vote, but follow."""
    groups = subject.facts.groups
    rows = np.flatnonzero(subject.worded)
    votes = rows[subject.current[rows] >= 0]
    # One entry for each text and label, then for each text its best entry and whether another is as good.
    ballots, counts = np.unique(groups[votes].astype(np.int64) << 16 | subject.current[votes], return_counts=True)
    texts = ballots >> 16
    order = np.lexsort((-counts, texts))
    first = np.flatnonzero(np.diff(texts[order], prepend=-1))
    best = order[first]
    second = np.minimum(first + 1, len(order) - 1)
    tied = (second > first) & (texts[order[second]] == texts[best]) & (counts[order[second]] == counts[best])
    winner = np.full(int(groups.max(initial=-1)) + 1, DROPPED, np.int16)
    winner[texts[best[~tied]]] = ballots[best[~tied]] & 0xFFFF
    changed = rows[(winner[groups[rows]] != DROPPED) & (winner[groups[rows]] != subject.current[rows])]
    return Majority(changed, winner[groups[changed]], len(np.unique(groups[changed])), int(tied.sum()))


def take_majority(subject: Subject, journal: Journal, plan: Majority) -> Edit | None:
    """Give the rows their majority's labels; None where nothing changes. Raises UserError."""
    keys = subject.rows.keys
    named = {
        label.name: keys[plan.rows[plan.labels == label.id]].tolist()
        for label in subject.label_set.labels
        if (plan.labels == label.id).any()
    }
    return journal.import_rows("the majority of copies", named, {}, {}, means="check") if named else None


def leave_training(subject: Subject, journal: Journal, near: bool = False) -> Edit | None:
    """Exclude training rows that stand in validation or test too; None where there are none. Raises UserError."""
    rows = np.flatnonzero(leaking(subject, near))
    return journal.set_excluded(subject.rows.keys[rows].tolist(), True, "check") if len(rows) else None
