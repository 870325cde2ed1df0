"""Figures of a classifier's answers, in plain numpy."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tlworkbench.jobs.events import ClassFigures

Ints = np.ndarray[Any, np.dtype[np.int64]]
Floats = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True)
class Figures:
    """Accuracy, macro-F1, figures by class and the confusion matrix of one evaluation."""

    rows: int
    accuracy: float
    macro_f1: float
    per_class: tuple[ClassFigures, ...]
    confusion: tuple[tuple[int, ...], ...]
    """`confusion[i][j]` counts rows of class i answered with class j."""


def figures(truth: Ints, answers: Ints, names: Sequence[str]) -> Figures:
    """Compare class indices with the right ones.

    Macro-F1 is the mean over the classes that have rows or answers, as `sklearn.metrics.f1_score(average="macro")`
    has it; precision and recall count as 0 where there is nothing to divide by.
    """
    matrix = confusion(truth, answers, len(names))
    hits = np.diag(matrix).astype(np.float64)
    rows, answered = matrix.sum(axis=1), matrix.sum(axis=0)
    precision, recall = _share(hits, answered), _share(hits, rows)
    f1 = _share(2 * hits, rows + answered)
    counted = (rows + answered) > 0
    total = int(matrix.sum())
    return Figures(
        rows=total,
        accuracy=float(hits.sum() / total) if total else 0.0,
        macro_f1=float(f1[counted].mean()) if counted.any() else 0.0,
        per_class=tuple(
            ClassFigures(name, float(precision[i]), float(recall[i]), float(f1[i]), int(rows[i]))
            for i, name in enumerate(names)
        ),
        confusion=tuple(tuple(int(count) for count in row) for row in matrix),
    )


def confusion(truth: Ints, answers: Ints, classes: int) -> Ints:
    """Count matrix (classes × classes), rows by the right class."""
    return np.bincount(truth * classes + answers, minlength=classes * classes).reshape(classes, classes)


def majority(train: Ints, truth: Ints, names: Sequence[str]) -> tuple[int, Figures]:
    """The most frequent class of `train`, and the figures of always answering it on `truth`."""
    most = int(np.bincount(train, minlength=len(names)).argmax())
    return most, figures(truth, np.full_like(truth, most), names)


def cross_entropy(logits: Floats, truth: Ints) -> float:
    """Mean negative log-likelihood of the right classes, in nats a row; logits are rows × classes."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_sum = np.log(np.exp(shifted).sum(axis=1))
    return float((log_sum - shifted[np.arange(len(truth)), truth]).mean())


def _share(part: Floats, whole: Ints) -> Floats:
    return np.divide(part, whole, out=np.zeros(len(whole)), where=whole > 0)
