"""Checks of the classes: too few rows, none to measure on, uneven."""

import numpy as np

from tlworkbench.data.checks.found import Found, marked, number
from tlworkbench.data.checks.subject import TRAIN, Subject
from tlworkbench.data.labelling import Indices

FEWEST_ROWS = 20
"""A class with fewer is rare."""
FEWEST_TRAINING_ROWS = 8
UNEVEN = 10
"""A class that the largest one exceeds so many times is small."""
_NAMED = 4


def unlabelled(subject: Subject) -> Found:
    """Rows without a label."""
    return marked(subject.included & (subject.current < 0))


def rare(subject: Subject) -> Found:
    """Classes with fewer than 20 rows, or fewer than 8 to train on."""
    few = subject.counts() < FEWEST_ROWS
    return _classes(subject, few | (subject.counts(TRAIN) < FEWEST_TRAINING_ROWS), subject.counts())


def unmeasured(subject: Subject) -> Found:
    """Classes without a row in the validation split."""
    return _classes(subject, subject.counts("validation") == 0, subject.counts())


def uneven(subject: Subject) -> Found:
    """Classes that the largest one exceeds more than ten times."""
    counts = subject.counts()
    if not len(counts):
        return Found(0)
    found = _classes(subject, counts * UNEVEN < counts.max(), counts)
    names = subject.label_set.names
    least, most = int(counts.argmin()), int(counts.argmax())
    ratio = f"{counts[most] / counts[least]:.1f} times" if counts[least] else "many times"
    words = f"{names[most]} has {number(counts[most])} rows, {ratio} those of {names[least]}" if len(counts) > 1 else ""
    return Found(found.count, found.rows, words)


def _classes(subject: Subject, which: np.ndarray[tuple[int], np.dtype[np.bool_]], counts: Indices) -> Found:
    chosen = np.flatnonzero(which)
    named = [f"{subject.label_set.names[place]} {number(counts[place])}" for place in chosen[:_NAMED].tolist()]
    rest = [f"{len(chosen) - _NAMED} more"] if len(chosen) > _NAMED else []
    classes = subject.label_set.class_of[subject.current]
    rows = np.flatnonzero(subject.included & np.isin(classes, chosen))
    return Found(len(chosen), rows[np.argsort(classes[rows], kind="stable")], ", ".join([*named, *rest]))
