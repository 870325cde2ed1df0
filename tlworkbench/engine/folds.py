"""Folds in which equal texts stay together, and draws that keep every class."""

import numpy as np

from tlworkbench.data.duplicates import Groups
from tlworkbench.engine.metrics import Ints


def fold_of(groups: Groups, classes: Ints, folds: int, seed: int) -> Ints:
    """Fold of each row, 0 to folds - 1: rows of one group share it, and each class is spread as evenly as can be.

    groups: rows with the same number have the same text. A class with texts in two groups or more stands in two folds
    or more, so a head that leaves out one fold still learns it. A group counts for its most frequent class.
    """
    _, dense = np.unique(groups, return_inverse=True)
    count = int(dense.max(initial=-1)) + 1
    order = np.random.default_rng(seed).permutation(count)
    shuffled = order[np.argsort(_class_of_group(dense, classes, count)[order], kind="stable")]
    fold = np.empty(count, np.int64)
    # Dealt class after class without a gap, so that small classes do not all begin with the first fold.
    fold[shuffled] = np.arange(count) % folds
    return np.asarray(fold[dense], np.int64)


def groups_by_class(groups: Groups, classes: Ints, count: int) -> Ints:
    """How many different texts each class has."""
    pairs = np.unique(groups.astype(np.int64) * count + classes)
    return np.bincount(pairs % count, minlength=count)


def drawn(rows: Ints, classes: Ints, limit: int, seed: int) -> Ints:
    """At most about `limit` of the rows (0: all), drawn at random in the classes' proportions.

    Small classes keep a tenth of an even share, or all they have. classes: of each of `rows`.
    """
    if not limit or len(rows) <= limit:
        return rows
    counts = np.bincount(classes)
    there = int((counts > 0).sum())
    quota = np.minimum(counts, np.maximum(limit * counts // len(rows), -(-limit // (10 * there))))
    order = np.random.default_rng(seed).permutation(len(rows))
    order = order[np.argsort(classes[order], kind="stable")]
    place = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.sort(rows[order[place < quota[classes[order]]]])


def _class_of_group(groups: Ints, classes: Ints, count: int) -> Ints:
    several = int(classes.max(initial=0)) + 1
    pairs, counts = np.unique(groups * several + classes, return_counts=True)
    found = np.zeros(count, np.int64)
    # The last one written stays: the class with the most rows.
    order = np.argsort(counts, kind="stable")
    found[pairs[order] // several] = pairs[order] % several
    return found
