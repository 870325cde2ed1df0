"""How fast training goes, by a clock that is set by hand."""

import pytest

from tlworkbench.engine.pace import Pace


class Clock:
    def __init__(self) -> None:
        self.time = 100.0

    def __call__(self) -> float:
        return self.time


def steps(pace: Pace, clock: Clock, numbers: range, seconds: float) -> None:
    for number in numbers:
        pace.go()
        clock.time += seconds
        pace.step_done(number)


def test_evaluations_and_checkpoints_do_not_slow_it_down() -> None:
    clock = Clock()
    pace = Pace(rows=100, batch_size=8, total_steps=26, now=clock)
    clock.time += 30  # Loading.
    steps(pace, clock, range(1, 14), 0.5)
    assert pace.steps_per_epoch == 13
    assert pace.seconds == pytest.approx(6.5)
    assert pace.mean_examples_per_second == pytest.approx(100 / 6.5)
    pace.pause()
    clock.time += 60
    assert pace.seconds == pytest.approx(6.5)
    steps(pace, clock, range(14, 15), 0.5)
    assert pace.seconds == pytest.approx(7.0)


def test_speed_is_that_of_the_last_seconds() -> None:
    clock = Clock()
    pace = Pace(rows=10_000, batch_size=10, total_steps=1000, now=clock)
    steps(pace, clock, range(1, 101), 1.0)
    assert pace.examples_per_second == pytest.approx(10)
    steps(pace, clock, range(101, 161), 0.1)
    assert pace.examples_per_second == pytest.approx(100)
    assert pace.mean_examples_per_second == pytest.approx(1600 / 106)


def test_time_left_counts_the_evaluations_to_come() -> None:
    clock = Clock()
    pace = Pace(rows=100, batch_size=10, total_steps=30, now=clock)
    assert pace.seconds_left(0, 60) == 0.0
    steps(pace, clock, range(1, 6), 1.0)
    # 25 steps, three evaluations and one more of the saved model; 60 rows at a third of 10 rows a second each.
    assert pace.seconds_left(5, 60) == pytest.approx(25 + 4 * 2)
    pace.evaluation_took(7.0)
    assert pace.seconds_left(5, 60) == pytest.approx(25 + 4 * 7)
    steps(pace, clock, range(6, 31), 1.0)
    assert pace.seconds_left(30, 60) == pytest.approx(7)
