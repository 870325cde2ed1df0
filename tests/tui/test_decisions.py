"""The last decisions, the way back, the speed; and how much of a queue is done."""

from types import SimpleNamespace
from typing import Any, cast

import numpy as np

from tlworkbench.data.labelling import Labelling
from tlworkbench.tui.dataset.decisions import Decision, Decisions
from tlworkbench.tui.dataset.queue_progress import QueueProgress
from tlworkbench.tui.dataset.view import all_rows, only


class _Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_back_leads_further_with_every_press_until_a_new_decision() -> None:
    decisions = Decisions([Decision(1, 0)])
    decisions.made(Decision(2, 0))
    decisions.made(Decision(3, 1))
    assert [decision.key for decision in decisions.last(2)] == [3, 2]
    went = [decisions.back() for _ in range(4)]
    assert [decision and decision.key for decision in went] == [3, 2, 1, None]
    decisions.made(Decision(2, 1))
    back = decisions.back()
    assert back == Decision(2, 1)
    assert [decision.key for decision in decisions.last(9)] == [2, 3, 1]


def test_what_was_taken_back_is_no_decision() -> None:
    decisions = Decisions()
    decisions.made(Decision(1, 0))
    decisions.made(Decision(2, 0))
    decisions.undone(2)
    assert decisions.last(5) == [Decision(1, 0)]


def test_the_speed_is_that_of_the_last_minute_of_work() -> None:
    clock = _Clock()
    decisions = Decisions(clock=clock)
    assert decisions.per_minute() == 0
    for key in range(5):
        clock.now = key * 2.0
        decisions.made(Decision(key, 0))
    assert decisions.per_minute() == 30
    clock.now = 100.0
    assert decisions.per_minute() == 0
    decisions.made(Decision(9, 0))
    assert decisions.per_minute() == 0  # A pause is not slow work.
    clock.now = 101.0
    decisions.made(Decision(10, 0))
    clock.now = 102.0
    decisions.made(Decision(11, 0))
    assert decisions.per_minute() == 60


def test_progress_counts_only_the_rows_shown() -> None:
    edited, excluded = np.zeros(10, np.bool_), np.zeros(10, np.bool_)
    labelling = cast(Labelling, SimpleNamespace(edited=edited, excluded=excluded, rows=range(10)))
    edited[[2, 5]] = True
    progress = QueueProgress(only([5, 6, 7], "queue"), labelling)
    assert (progress.done, progress.total) == (1, 3)

    def change(rows: list[int], marks: Any, value: bool) -> None:
        marks[rows] = value
        progress.changed(np.array(rows))

    change([6, 1], edited, True)
    assert progress.done == 2
    change([7], excluded, True)
    assert progress.done == 3
    change([6], edited, False)
    change([7], edited, True)
    assert progress.done == 2
    assert QueueProgress(all_rows(10), labelling).done == 4
