"""Two runs on the rows that both were measured on: figures, who was right where the other was not, and by chance?"""

from dataclasses import dataclass

import numpy as np

from tlworkbench.comparison.class_names import Renamed
from tlworkbench.comparison.row_sets import Ints, Keys, places_in
from tlworkbench.comparison.run_files import RunAnswers


@dataclass(frozen=True, eq=False)
class SharedAnswers:
    """The answers of two runs to the rows both have answered, right by the newer run's labels."""

    rows: int
    relabelled: int
    """Of these rows, those whose class is another in the newer run."""
    accuracy: tuple[float, float]
    macro_f1: tuple[float, float]
    both_right: int
    only_first: Keys
    """Rows that only the first run has right,"""
    only_second: Keys
    """only the second,"""
    both_wrong: Keys
    """and neither."""
    p_value: float
    """Chance of so uneven a split of the rows that only one has right, were both equally good; see `mcnemar`."""


def shared_answers(first: RunAnswers, second: RunAnswers, renaming: Renamed) -> SharedAnswers | None:
    """Compare two runs' answers; None where no row was answered by both."""
    places = places_in(second.keys, first.keys)
    here = np.flatnonzero(places >= 0)
    if not len(here):
        return None
    there = places[here]
    mine, theirs = (
        _in_newer_words(first, renaming, renaming.newer_first),
        _in_newer_words(second, renaming, not renaming.newer_first),
    )
    truths = mine[first.truth[here]], theirs[second.truth[there]]
    truth = truths[0] if renaming.newer_first else truths[1]
    answers = mine[first.answers[here]], theirs[second.answers[there]]
    right = tuple((answer == truth) & (truth >= 0) for answer in answers)
    keys = first.keys[here]
    only_first, only_second = keys[right[0] & ~right[1]], keys[~right[0] & right[1]]
    return SharedAnswers(
        rows=len(here),
        relabelled=int((truths[0] != truths[1]).sum()),
        accuracy=(float(right[0].mean()), float(right[1].mean())),
        macro_f1=(macro_f1(truth, answers[0]), macro_f1(truth, answers[1])),
        both_right=int((right[0] & right[1]).sum()),
        only_first=only_first,
        only_second=only_second,
        both_wrong=keys[~right[0] & ~right[1]],
        p_value=mcnemar(len(only_first), len(only_second)),
    )


def mcnemar(only_first: int, only_second: int) -> float:
    """Exact two-sided p-value of McNemar's test: a fair coin's chance of a split of the rows that only one of two
    classifiers has right at least as uneven as this one (McNemar 1947; the binomial in place of chi-squared).
    """
    rows, fewer = only_first + only_second, min(only_first, only_second)
    # Logarithms of the binomial coefficients, one from the one before; as numbers they would overflow.
    ways = np.arange(1, fewer + 1, dtype=np.float64)
    logs = np.concatenate(([0.0], np.cumsum(np.log(rows - ways + 1) - np.log(ways)))) - rows * np.log(2.0)
    return min(1.0, 2.0 * float(np.exp(logs).sum()))


def macro_f1(truth: Ints, answers: Ints) -> float:
    """Mean F1 of the classes that have rows or answers; an answer of -1 is wrong and of no class."""
    classes = int(max(truth.max(initial=-1), answers.max(initial=-1))) + 1
    rows, answered, hits = (
        np.bincount(part[part >= 0], minlength=classes) for part in (truth, answers, truth[truth == answers])
    )
    there = rows + answered > 0
    return float((2 * hits[there] / (rows + answered)[there]).mean()) if there.any() else 0.0


def _in_newer_words(run: RunAnswers, renaming: Renamed, newer: bool) -> Ints:
    # By class of a run's answers: its place among the newer run's classes, -1 where it has none.
    if newer:
        known = {name: place for place, name in enumerate(renaming.names)}
    else:
        known = {name: int(place) for name, place in zip(renaming.older_names, renaming.place, strict=True)}
    return np.array([known.get(name, -1) for name in run.class_names], np.int64)
