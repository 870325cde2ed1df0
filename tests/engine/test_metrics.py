"""Our figures against scikit-learn's."""

import warnings
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score, precision_recall_fscore_support

from tlworkbench.engine.metrics import cross_entropy, figures, majority

NAMES = ("a", "b", "c", "d")
pairs = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=60)


@given(pairs)
def test_equal_to_scikit_learn(rows: list[tuple[int, int]]) -> None:
    truth, answers = (np.array(side, np.int64) for side in zip(*rows, strict=True))
    ours = figures(truth, answers, NAMES)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert ours.accuracy == pytest.approx(accuracy_score(truth, answers))
        assert ours.macro_f1 == pytest.approx(f1_score(truth, answers, average="macro"))
        theirs = precision_recall_fscore_support(truth, answers, labels=range(4), zero_division=0)
        assert ours.confusion == tuple(map(tuple, confusion_matrix(truth, answers, labels=range(4)).tolist()))
    for number, one in enumerate(ours.per_class):
        got = (one.precision, one.recall, one.f1, one.rows)
        assert got == pytest.approx(tuple(column[number] for column in theirs))
        assert one.name == NAMES[number]


def test_always_the_most_frequent_training_class() -> None:
    most, guessed = majority(np.array([2, 2, 0]), np.array([0, 1, 2, 2]), NAMES)
    assert most == 2
    assert guessed.accuracy == 0.5
    assert guessed.macro_f1 == pytest.approx((0 + 0 + 2 * 0.5 / 1.5) / 3)


def test_nothing_to_measure_is_nothing_right() -> None:
    nothing: Any = np.zeros(0, np.int64)
    assert figures(nothing, nothing, NAMES).accuracy == figures(nothing, nothing, NAMES).macro_f1 == 0.0


def test_cross_entropy_is_that_of_torch_even_for_large_logits() -> None:
    logits = np.array([[1000.0, -1000.0], [2.0, 3.0], [0.0, 0.0]])
    truth = np.array([0, 0, 1])
    wanted = torch.nn.functional.cross_entropy(torch.from_numpy(logits), torch.from_numpy(truth))
    assert cross_entropy(logits, truth) == pytest.approx(float(wanted))
