"""Smoothing: against the recursion it stands for, its correction at the beginning, its reach."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tlworkbench.tui.widgets.smoothing import CYCLE, reach, smoothed


def by_recursion(values: list[float], over: int) -> list[float]:
    """The definition, value by value."""
    decay, mean, found = (over - 1) / over, 0.0, []
    for number, value in enumerate(values, 1):
        mean = decay * mean + (1 - decay) * value
        found.append(mean / (1 - decay**number))
    return found


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=700), st.sampled_from([2, 3, 10, 50, 5000]))
def test_smoothing_is_the_bias_corrected_moving_mean(values: list[float], over: int) -> None:
    found = smoothed(np.array(values), over)
    scale = max(1.0, *map(abs, values))
    assert found == pytest.approx(by_recursion(values, over), abs=1e-9 * scale)


def test_a_constant_stays_as_it_is_from_its_first_value_on() -> None:
    assert smoothed(np.full(2000, 0.7), 100) == pytest.approx(np.full(2000, 0.7), rel=1e-12)


def test_how_far_a_mean_reaches_follows_from_how_many_points_there_are() -> None:
    assert [reach(degree, 100) for degree in CYCLE] == [1, 5, 20]
    assert [reach(degree, 100_000) for degree in CYCLE] == [1, 1000, 5000]


def test_without_smoothing_nothing_is_copied() -> None:
    values = np.arange(5.0)
    assert smoothed(values, 1) is values
