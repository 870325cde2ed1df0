"""Two runs on the rows both answered."""

import math

import numpy as np
import pytest

from tests.made_runs import MakeRun
from tlworkbench.comparison.answers import macro_f1, mcnemar
from tlworkbench.comparison.compare import Comparer
from tlworkbench.comparison.pair import Pair
from tlworkbench.engine.metrics import figures
from tlworkbench.jobs.folder import JobFolder
from tlworkbench.workspace import Workspace


def pair(dataset: Workspace, *jobs: JobFolder) -> Pair:
    return Comparer(dataset).compare(jobs).pairs[-1]


@pytest.mark.parametrize(("a", "b"), [(0, 0), (1, 0), (3, 5), (8, 8), (0, 40), (120, 180), (1000, 1201)])
def test_the_p_value_is_the_exact_binomial_one(a: int, b: int) -> None:
    exact = 2 * sum(math.comb(a + b, k) for k in range(min(a, b) + 1)) / 2 ** (a + b)
    assert mcnemar(a, b) == mcnemar(b, a) == pytest.approx(min(1.0, exact), rel=1e-9)


def test_the_p_value_of_a_million_rows_is_a_number() -> None:
    assert 0.3 < mcnemar(499_500, 500_500) < 0.35 and mcnemar(10, 1_000_000) == 0.0


@pytest.mark.parametrize(("true", "answered"), [(4, 3), (3, 4), (1, 2)])
def test_macro_f1_is_the_one_that_training_measures(true: int, answered: int) -> None:
    draw = np.random.default_rng(7)
    truth, answers = draw.integers(0, true, 200), draw.integers(0, answered, 200)
    assert macro_f1(truth, answers) == pytest.approx(figures(truth, answers, "abcdefg").macro_f1, abs=1e-12)


def test_who_is_right_on_which_rows(dataset: Workspace, make_run: MakeRun) -> None:
    keys = dataset.rows().keys[12:]
    found = pair(dataset, make_run(wrong=(0, 1, 2)), make_run(wrong=(2, 4)))
    answers = found.answers
    assert answers is not None and found.validation is not None and found.validation.same
    assert sorted(answers.only_first) == sorted(keys[[4]]) and sorted(answers.only_second) == sorted(keys[[0, 1]])
    assert list(answers.both_wrong) == [keys[2]] and answers.both_right == 2
    assert answers.accuracy == pytest.approx((0.5, 4 / 6)) and answers.p_value == 1.0


def test_other_validation_rows_are_compared_on_the_shared_ones(dataset: Workspace, make_run: MakeRun) -> None:
    first, second = make_run(), make_run(wrong=(0,), max_eval_rows=4)
    found = pair(dataset, first, second)
    assert found.validation is not None and not found.validation.same
    assert (found.validation.first, found.validation.second, found.validation.shared) == (6, 4, 4)
    assert found.answers is not None and (found.answers.rows, found.answers.accuracy) == (4, (1.0, 0.75))
    assert not Comparer(dataset).compare([first, second]).comparable


def test_relabelled_rows_are_judged_by_the_later_labels(dataset: Workspace, make_run: MakeRun) -> None:
    first, keys = make_run(), dataset.rows().keys
    with dataset.journal() as journal:
        labels = journal.label_set()
        journal.set_label([int(keys[12])], labels.index("good"))
    second = make_run()
    for jobs, accuracy in (((first, second), (5 / 6, 1.0)), ((second, first), (1.0, 5 / 6))):
        found = pair(dataset, *jobs)
        assert found.answers is not None and found.answers.relabelled == 1
        assert found.answers.accuracy == pytest.approx(accuracy)
        assert found.validation is not None and found.validation.relabelled == 1 and not found.validation.same


@pytest.mark.parametrize("mapping", [{"bad": "awful"}, {"so so": "good"}])
def test_a_renamed_or_merged_class_is_the_same_class(
    dataset: Workspace, make_run: MakeRun, mapping: dict[str, str]
) -> None:
    first = make_run()
    with dataset.journal() as journal:
        journal.map_labels(mapping)
    found = pair(dataset, first, make_run())
    assert found.changes is not None and found.changes.relabelled == ()
    assert found.changes.renamed == tuple(mapping.items())
    assert found.answers is not None and found.answers.accuracy == (1.0, 1.0)
