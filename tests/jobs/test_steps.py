"""A curve that grows without being copied."""

import threading
from itertools import pairwise

import pytest

from tlworkbench.jobs.events import Step
from tlworkbench.jobs.run_state import RunState, fold
from tlworkbench.jobs.steps import Steps


def step(number: int) -> Step:
    return Step(step=number, epoch=number / 10, loss=1.0, learning_rate=1e-4, at=float(number))


def numbers(steps: Steps) -> list[int]:
    return [each.step for each in steps]


def test_it_is_a_sequence_of_what_was_told() -> None:
    steps = Steps(map(step, range(5)))
    assert (len(steps), steps[0].step, steps[-1].step, bool(Steps())) == (5, 0, 4, False)
    assert [each.step for each in steps[-2:]] == [3, 4] == [each.step for each in steps[3:99]]
    assert [each.step for each in steps[::-2]] == [4, 2, 0]
    with pytest.raises(IndexError):
        steps[5]


def test_a_grown_one_leaves_the_one_before_as_it_was() -> None:
    first = Steps(map(step, range(3)))
    second = first.grown([step(3)])
    other = first.grown([step(30), step(31)])
    assert numbers(first) == [0, 1, 2]
    assert numbers(second) == [0, 1, 2, 3]
    assert numbers(other) == [0, 1, 2, 30, 31]
    assert numbers(second.grown([step(4)])) == [0, 1, 2, 3, 4]
    assert first[-1].step == 2 and len(first[:]) == 3
    with pytest.raises(IndexError):
        first[3]


def test_equal_are_those_with_the_same_steps() -> None:
    first = Steps(map(step, range(3)))
    assert first == Steps(map(step, range(3))) and first != Steps(map(step, range(1, 4)))
    assert first != first.grown([step(3)]) and first.grown([]) == first
    assert first.grown([step(3)]) != first.grown([step(4)])


def test_until_drops_what_a_resumed_run_does_again() -> None:
    steps = Steps(map(step, range(6)))
    assert numbers(steps.until(3).grown([step(4)])) == [0, 1, 2, 3, 4]
    assert numbers(steps) == list(range(6))


def test_curves_that_begin_in_several_threads_keep_apart() -> None:
    ended: list[RunState] = []

    def grow(first: int) -> None:
        state = RunState()
        for number in range(first, first + 300):
            state = fold(state, [step(number)])
        ended.append(state)

    threads = [threading.Thread(target=grow, args=(1000 * place,)) for place in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for state in ended:
        assert len(state.steps) == 300
        assert all(later.step == earlier.step + 1 for earlier, later in pairwise(state.steps))
