"""The head, the folds and the ranking."""

import sys

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from tlworkbench.engine.folds import drawn, fold_of, groups_by_class
from tlworkbench.engine.label_ranking import suspects, suspicion
from tlworkbench.engine.logistic_head import fit_head
from tlworkbench.engine.metrics import Ints


def blobs(count: int, classes: int, seed: int = 1) -> tuple["np.ndarray[tuple[int, int], np.dtype[np.float32]]", Ints]:
    draws = np.random.default_rng(seed)
    which = draws.integers(0, classes, count)
    centres = draws.normal(size=(classes, 12))
    return (centres[which] * 0.3 + draws.normal(size=(count, 12)) * 0.3).astype(np.float32), which


@pytest.mark.parametrize("classes", [2, 4])
def test_the_head_is_a_logistic_regression(classes: int) -> None:
    vectors, which = blobs(400, classes)
    found = fit_head(vectors, which, classes, penalty=2.0).probabilities(vectors)
    # Two coefficients that mirror each other weigh half as much as the single one that scikit-learn has there.
    strength = 0.5 if classes > 2 else 1.0
    wanted = LogisticRegression(C=strength, tol=1e-6).fit(vectors, which).predict_proba(vectors)
    assert found == pytest.approx(wanted, abs=5e-3)
    assert found.sum(axis=1) == pytest.approx(1.0, abs=1e-5)


def test_a_class_without_rows_is_improbable() -> None:
    vectors, which = blobs(200, 2)
    found = fit_head(vectors, which, 3).probabilities(vectors)
    assert found[:, 2].max() < 0.05 and (found.argmax(axis=1) == which).mean() > 0.8


def test_equal_texts_share_a_fold_and_classes_are_spread() -> None:
    draws = np.random.default_rng(2)
    groups = draws.integers(0, 300, 1000).astype(np.int32) * 7
    classes = (groups // 7 % 10 == 0).astype(np.int64) + 2 * (groups == 7).astype(np.int64)
    folds = fold_of(groups, classes, 5, seed=3)
    assert all(len(np.unique(folds[groups == group])) == 1 for group in np.unique(groups))
    for which in (0, 1):
        texts = np.array([len(np.unique(groups[(folds == fold) & (classes == which)])) for fold in range(5)])
        assert texts.max() - texts.min() <= 1
    assert (fold_of(groups, classes, 5, seed=3) == folds).all() and (fold_of(groups, classes, 5, seed=4) != folds).any()


def test_a_class_of_two_texts_stands_in_two_folds() -> None:
    classes = np.array([0] * 50 + [1] * 2 + [2] * 3, np.int64)
    groups = np.arange(len(classes), dtype=np.int32)
    for seed in range(20):
        folds = fold_of(groups, classes, 5, seed)
        assert all(len(np.unique(folds[classes == which])) >= 2 for which in (1, 2))
    assert groups_by_class(np.array([1, 1, 5, 9], np.int32), np.array([0, 0, 0, 2]), 4).tolist() == [2, 0, 1, 0]


def test_a_draw_keeps_proportions_and_small_classes() -> None:
    classes = np.repeat([0, 1, 2], [9000, 990, 10])
    rows = np.arange(10_000) + 5
    assert drawn(rows, classes, 0, 1) is rows
    some = drawn(rows, classes, 1000, 1)
    counts = np.bincount(classes[some - 5])
    assert counts.tolist() == [900, 99, 10] and len(np.unique(some)) == len(some)
    assert drawn(rows, classes, 1000, 1).tolist() == some.tolist() != drawn(rows, classes, 1000, 2).tolist()


def test_the_least_confident_are_the_suspects() -> None:
    vectors, which = blobs(600, 3, seed=4)
    probabilities = fit_head(vectors, which, 3).probabilities(vectors)
    given = which.copy()
    given[:30] = (which[:30] + 1) % 3
    scores = suspicion(given, probabilities)
    assert scores == pytest.approx(1 - probabilities[np.arange(600), given], abs=1e-5)
    found = suspects(given, probabilities)
    assert 20 <= found.sum() <= 60 and found[:30].mean() > 0.6 > 0.05 > found[30:].mean()
    assert scores[found].min() >= scores[~found & (probabilities.argmax(axis=1) != given)].max()
    # Whatever was done to import cleanlab quickly, others find their library.
    assert sys.modules.get("datasets", sys) is not None
