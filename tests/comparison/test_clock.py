"""The time a run was at work."""

import numpy as np

from tlworkbench.comparison.clock import at_work, pauses
from tlworkbench.jobs.events import Started, Step
from tlworkbench.jobs.run_state import RunState, fold


def test_a_run_that_was_never_stopped() -> None:
    assert pauses(np.array([12.0, 14.0]), (10.0,)) == ()
    assert list(at_work(np.array([12.0, 14.0]), 10.0, ())) == [2.0, 4.0]


def test_the_night_between_a_stop_and_its_resumption_does_not_count() -> None:
    logged = np.array([12.0, 14.0, 1002.0, 1004.0])
    assert pauses(logged, (10.0, 1000.0)) == ((1000.0, 986.0),)
    assert list(at_work(logged, 10.0, pauses(logged, (10.0, 1000.0)))) == [2.0, 4.0, 6.0, 8.0]


def test_a_run_stopped_before_its_first_step_begins_when_it_begins_again() -> None:
    logged = np.array([1002.0, 1004.0])
    assert list(at_work(logged, 10.0, pauses(logged, (10.0, 1000.0)))) == [2.0, 4.0]


def test_a_run_knows_when_each_attempt_began() -> None:
    began = [Started(at=float(at), kind="train", pid=1) for at in (10, 1000)]
    step = Step(at=12.0, step=1, epoch=0.1, loss=1.0, learning_rate=1e-4)
    assert fold(RunState(), [began[0], step, began[1]]).begun_at == (10.0, 1000.0)
