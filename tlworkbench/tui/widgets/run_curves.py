"""The figures behind a run's charts: what its steps and evaluations logged, as arrays that only grow."""

import math
from collections.abc import Sequence
from operator import attrgetter
from typing import Any

import numpy as np

from tlworkbench.jobs.events import Baseline, Evaluated, Step, TrainingBegan
from tlworkbench.jobs.run_state import RunState
from tlworkbench.tui.widgets.thinning import Floats

_ROOM = 1024


class Column:
    """One figure of many events as an array: what is new is appended, in a time that does not depend on the rest."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._room: Floats = np.zeros(_ROOM)
        self._count = 0

    def of(self, events: Sequence[Any]) -> Floats:
        """The figure of each event; `events` begin with those of the last call."""
        new = len(events) - self._count
        if new > 0:
            if len(events) > len(self._room):
                room = np.zeros(max(len(events), 2 * len(self._room)))
                room[: self._count] = self._room[: self._count]
                self._room = room
            values = map(attrgetter(self._name), events[self._count :])
            self._room[self._count : len(events)] = np.fromiter(values, np.float64, new)
            self._count = len(events)
        return self._room[: self._count]


class RunCurves:
    """A run's figures by step. `follow` takes over a run's state; what it had before is not read again.

    A column is read when it is first asked for. Arrays are views that stay as they are when the run goes on.
    """

    def __init__(self) -> None:
        self._steps: Sequence[Step] = ()
        self._evaluations: tuple[Evaluated, ...] = ()
        self._training: TrainingBegan | None = None
        self._ended = False
        self.baselines: tuple[Baseline, ...] = ()
        """What the run is held against."""
        self._columns: dict[str, Column] = {}

    def clear(self) -> None:
        """Forget everything."""
        self._steps, self._evaluations, self._training, self._ended = (), (), None, False
        self._columns, self.baselines = {}, ()

    def __len__(self) -> int:
        return len(self._steps) + len(self._evaluations)

    def follow(self, state: RunState) -> bool:
        """Take over a state of the run; whether anything that a chart shows has changed."""
        goes_on = _goes_on(state.steps, self._steps)
        if (goes_on and len(state.steps) == len(self._steps)) and (
            (state.evaluations, state.training, state.ended, state.baselines)
            == (self._evaluations, self._training, self._ended, self.baselines)
        ):
            return False
        if not goes_on:
            self._columns = {}
        self._steps, self._evaluations = state.steps, state.evaluations
        self._training, self._ended, self.baselines = state.training, state.ended, state.baselines
        return True

    def of_steps(self, name: str) -> Floats:
        """A figure of every `Step`, as the event calls it."""
        return self._columns.setdefault(name, Column(name)).of(self._steps)

    def of_evaluations(self, name: str) -> Floats:
        """A figure of every `Evaluated`, as the event calls it."""
        # A resumed run takes some back, so these few are read anew.
        return Column(name).of(self._evaluations)

    @property
    def training(self) -> TrainingBegan | None:
        """What the run began with; None before."""
        return self._training

    @property
    def steps_per_epoch(self) -> float:
        """Steps of an epoch; 0 before training began."""
        return self._training.total_steps / self._training.epochs if self._training else 0.0

    @property
    def last(self) -> float:
        """Number of the last step there is anything of."""
        stepped = self._steps[-1].step if self._steps else 0
        return float(max(stepped, self._evaluations[-1].step if self._evaluations else 0))

    @property
    def until(self) -> float:
        """Step at the chart's right edge: the end of the epoch that is under way, so that the picture keeps still."""
        if self._training is None or self._ended or not self.steps_per_epoch:
            return max(1.0, self.last)
        epochs = max(1, math.ceil(self.last / self.steps_per_epoch - 1e-9))
        return max(1.0, min(float(self._training.total_steps), epochs * self.steps_per_epoch))


def _goes_on(steps: Sequence[Step], before: Sequence[Step]) -> bool:
    # Whether `steps` begins with `before`: as steps are only ever appended, it is enough to look at the last one.
    return len(steps) >= len(before) and (not before or steps[len(before) - 1] is before[-1])
