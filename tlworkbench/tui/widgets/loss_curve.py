"""The figures behind the chart: logged losses as arrays, their axes, and a place among them for the cursor."""

import math
from collections.abc import Sequence

import numpy as np

from tlworkbench.jobs.events import Evaluated, Step, TrainingBegan
from tlworkbench.jobs.run_state import RunState
from tlworkbench.tui.widgets.thinning import Floats


class LossCurve:
    """Losses by step: `steps`, `losses` of training and `eval_steps`, `eval_losses` of validation, ascending.

    `follow` takes over a run's state; what it had before is not read again. Losses that are no number are left out.
    """

    def __init__(self) -> None:
        self._seen: Sequence[Step] = ()
        self._evaluations: tuple[Evaluated, ...] = ()
        self._training: TrainingBegan | None = None
        self._ended = False
        self.clear()

    def clear(self) -> None:
        """Forget everything."""
        self._seen, self._evaluations, self._training, self._ended = (), (), None, False
        self.steps: Floats = np.zeros(0)
        self.losses: Floats = np.zeros(0)
        self.eval_steps: Floats = np.zeros(0)
        self.eval_losses: Floats = np.zeros(0)

    def __len__(self) -> int:
        return len(self.steps) + len(self.eval_steps)

    def follow(self, state: RunState) -> bool:
        """Take over a state of the run; whether anything that the chart shows has changed."""
        same = (
            state.steps is self._seen or (len(state.steps) == len(self._seen) and _goes_on(state.steps, self._seen))
        ) and (state.evaluations, state.training, state.ended) == (self._evaluations, self._training, self._ended)
        if same:
            return False
        if _goes_on(state.steps, self._seen):
            steps, losses = _arrays(state.steps[len(self._seen) :])
            self.steps = np.concatenate((self.steps, steps))
            self.losses = np.concatenate((self.losses, losses))
        else:
            self.steps, self.losses = _arrays(state.steps)
        if state.evaluations != self._evaluations:
            self.eval_steps, self.eval_losses = _arrays(state.evaluations)
        self._seen, self._evaluations = state.steps, state.evaluations
        self._training, self._ended = state.training, state.ended
        return True

    @property
    def steps_per_epoch(self) -> float:
        """Steps of an epoch; 0 before training began."""
        return self._training.total_steps / self._training.epochs if self._training else 0.0

    @property
    def last(self) -> float:
        """Number of the last step there is anything of."""
        return float(max(self.steps[-1:].max(initial=0), self.eval_steps[-1:].max(initial=0)))

    @property
    def until(self) -> float:
        """Step at the chart's right edge: the end of the epoch that is under way, so that the picture keeps still."""
        if self._training is None or self._ended or not self.steps_per_epoch:
            return max(1.0, self.last)
        epochs = max(1, math.ceil(self.last / self.steps_per_epoch - 1e-9))
        return max(1.0, min(float(self._training.total_steps), epochs * self.steps_per_epoch))

    def loss_at(self, place: int) -> tuple[int, float]:
        """Step and training loss at a place in `steps`."""
        return int(self.steps[place]), float(self.losses[place])

    def validated_by(self, step: float) -> tuple[int, float] | None:
        """Step and loss of the last validation at or before a step."""
        place = int(np.searchsorted(self.eval_steps, step, side="right")) - 1
        return (int(self.eval_steps[place]), float(self.eval_losses[place])) if place >= 0 else None


def _goes_on(steps: Sequence[Step], before: Sequence[Step]) -> bool:
    # Whether `steps` begins with `before`: as steps are only ever appended, it is enough to look at the last one.
    return len(steps) >= len(before) and (not before or steps[len(before) - 1] is before[-1])


def _arrays(events: Sequence[Step | Evaluated]) -> tuple[Floats, Floats]:
    steps = np.fromiter((event.step for event in events), np.float64, len(events))
    losses = np.fromiter((event.loss for event in events), np.float64, len(events))
    finite = np.isfinite(losses)
    return steps[finite], losses[finite]
