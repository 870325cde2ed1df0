"""How sure the difference between two classifiers' answers to the same rows is: the paired bootstrap."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from tlworkbench.engine.metrics import Floats, Ints

_HELD = 8_000_000
"""Draw counts held at once."""


@dataclass(frozen=True)
class Difference:
    """A figure before and after, their difference, and the interval that holds 95 % of the resampled differences."""

    before: float
    after: float
    low: float
    high: float

    @property
    def change(self) -> float:
        """After less before."""
        return self.after - self.before

    def document(self) -> dict[str, float]:
        """As a command prints it."""
        return {"before": self.before, "after": self.after, "change": self.change, "low": self.low, "high": self.high}


@dataclass(frozen=True)
class Compared:
    """Two classifiers on the same rows."""

    rows: int
    accuracy: Difference
    macro_f1: Difference


def compare(truth: Ints, before: Ints, after: Ints, classes: int, resamples: int, seed: int) -> Compared:
    """Accuracy and macro-F1 of two lists of answers; rows are drawn with replacement, the same for both.

    Macro-F1 is the mean over the classes that have rows or answers, as `engine.metrics.figures` has it. Percentile
    interval (Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13).
    """
    count = len(truth)
    both = np.stack([before, after])
    draws = np.random.default_rng(seed)
    parts = [_scores(np.ones((1, count), np.float32), truth, both, classes)]
    size = max(1, min(resamples, _HELD // max(1, count)))
    for start in range(0, resamples, size):
        many = min(size, resamples - start)
        picked = draws.integers(0, count, (many, count)) + count * np.arange(many)[:, None]
        weights = np.bincount(picked.ravel(), minlength=many * count).reshape(many, count).astype(np.float32)
        parts.append(_scores(weights, truth, both, classes))
    scores = np.concatenate(parts, axis=1)
    whole, resampled = scores[:, 0], scores[:, 1:]
    low, high = np.percentile(resampled[1] - resampled[0], [2.5, 97.5], axis=0)
    accuracy, macro_f1 = (
        Difference(float(whole[0, figure]), float(whole[1, figure]), float(low[figure]), float(high[figure]))
        for figure in (0, 1)
    )
    return Compared(count, accuracy, macro_f1)


def _scores(weights: "np.ndarray[Any, np.dtype[np.float32]]", truth: Ints, answers: Ints, classes: int) -> Floats:
    """Accuracy and macro-F1 (last axis) of each classifier (first axis) for each row of weights (draws × rows)."""
    found = np.empty((len(answers), len(weights), 2))
    is_class = _one_hot(truth, classes)
    rows = (weights @ is_class).astype(np.float64)
    for number, given in enumerate(answers):
        answered = _one_hot(given, classes)
        hits = (weights @ (is_class * answered)).astype(np.float64)
        whole = rows + weights @ answered
        f1 = np.divide(2 * hits, whole, out=np.zeros_like(hits), where=whole > 0)
        found[number, :, 0] = hits.sum(axis=1) / np.maximum(rows.sum(axis=1), 1)
        found[number, :, 1] = f1.sum(axis=1) / np.maximum((whole > 0).sum(axis=1), 1)
    return found


def _one_hot(numbers: Ints, classes: int) -> "np.ndarray[Any, np.dtype[np.float32]]":
    table = np.zeros((len(numbers), classes), np.float32)
    table[np.arange(len(numbers)), numbers] = 1.0
    return table
