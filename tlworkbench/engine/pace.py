"""How fast training goes and how long it will take, with evaluations and checkpoints kept apart."""

import math
import time
from collections import deque
from collections.abc import Callable

_WINDOW = 5.0
"""Seconds of training over which the speed is measured."""


class Pace:
    """A clock of training alone: it stands still while something else (an evaluation, a checkpoint) is done."""

    def __init__(self, rows: int, batch_size: int, total_steps: int, now: Callable[[], float] = time.monotonic) -> None:
        self.steps_per_epoch = math.ceil(rows / batch_size)
        self._rows = rows
        self._batch_size = batch_size
        self._total_steps = total_steps
        self._now = now
        self._began = now()
        self._paused_at: float | None = self._began
        self._paused = 0.0
        self._examples = 0
        self._steps = 0
        self._marks: deque[tuple[float, int]] = deque([(0.0, 0)])
        self._evaluation = 0.0
        self._evaluating: list[float] = []

    @property
    def seconds(self) -> float:
        """Seconds of training so far."""
        until = self._now() if self._paused_at is None else self._paused_at
        return until - self._began - self._paused

    @property
    def steps(self) -> int:
        """Steps that ended in this process."""
        return self._steps

    @property
    def examples_per_second(self) -> float:
        """Speed over the last few seconds of training."""
        (first, before), (last, after) = self._marks[0], self._marks[-1]
        return (after - before) / (last - first) if last > first else 0.0

    @property
    def mean_examples_per_second(self) -> float:
        """Speed since the start of this process."""
        return self._examples / self.seconds if self.seconds > 0 else 0.0

    def go(self) -> None:
        """A step begins."""
        if self._paused_at is not None:
            self._paused += self._now() - self._paused_at
            self._paused_at = None

    def pause(self) -> None:
        """Something other than training begins."""
        if self._paused_at is None:
            self._paused_at = self._now()

    def step_done(self, step: int) -> None:
        """Optimizer step number `step` (from 1) ended."""
        rest = self._rows - (self.steps_per_epoch - 1) * self._batch_size
        self._examples += rest if step % self.steps_per_epoch == 0 else self._batch_size
        self._steps += 1
        seconds = self.seconds
        self._marks.append((seconds, self._examples))
        while len(self._marks) > 2 and self._marks[1][0] < seconds - _WINDOW:
            self._marks.popleft()

    def evaluation_took(self, seconds: float) -> None:
        """The next evaluations are expected to take as long."""
        self._evaluation = seconds
        self._evaluating.append(seconds)

    @property
    def evaluations(self) -> tuple[float, ...]:
        """Seconds each of them took."""
        return tuple(self._evaluating)

    def evaluation_expected(self, rows: int) -> float:
        """Seconds an evaluation of `rows` takes: as the last one, else a third of what training on them takes."""
        if self._evaluation:
            return self._evaluation
        speed = self.mean_examples_per_second
        return rows / speed / 3 if speed else 0.0

    def seconds_left(self, step: int, eval_rows: int) -> float:
        """Seconds until the run ends if it goes on to the last step, one more evaluation of the best counted."""
        if not self._steps:
            return 0.0
        evaluations = math.ceil(self._total_steps / self.steps_per_epoch) - step // self.steps_per_epoch + 1
        steps = (self._total_steps - step) * self.seconds / self._steps
        return steps + evaluations * self.evaluation_expected(eval_rows)
