"""Whether a run that should be moving isn't: told from its events alone, against its own usual pace."""

import itertools
import statistics
from dataclasses import dataclass

from tlworkbench.jobs.run_state import RunState

FACTOR = 3.0
"""So many times the usual time between two steps without one is a stall."""
LEAST_SECONDS = 10.0
"""Shorter pauses happen on any machine that has other work too."""
COUNTING_SECONDS = 30.0
"""Work that counts rows (a validation) tells of itself once a second, but one batch of it may take a while."""
QUIET_SECONDS = 300.0
"""Work that tells nothing until it is done: loading a model, compiling, a checkpoint on a slow disk."""
_RECENT = 200
"""Steps from whose times the usual one is taken: a run may have become slower for good."""


@dataclass(frozen=True)
class Stall:
    """A run that stands still."""

    silent: float
    """Seconds since its last sign of life."""
    usual: float
    """Seconds between two steps as a rule, at least as long as between two reports; 0 where there are none yet."""
    doing: str = ""
    """What it was at, where that was not training."""


def stall(state: RunState, now: float) -> Stall | None:
    """How long a running job has told nothing, if that is much longer than it should be; None where all is well.

    now: seconds since the epoch. An evaluation or a checkpoint under way is measured by a patience of its own, and
    neither counts as the time of a step.
    """
    if state.status != "running" or not state.started_at:
        return None
    usual = usual_seconds(state)
    doing, since, patience = _under_way(state, usual)
    silent = now - since
    return Stall(silent, usual, doing) if silent > patience else None


def usual_seconds(state: RunState) -> float:
    """Median time of a step in this attempt, or between two reports of steps where that is longer; 0 before the third.

    Seconds; reports with an evaluation between them are left out.
    """
    began = state.training.at if state.training is not None else 0.0
    recent = [step for step in state.steps[-_RECENT:] if step.at >= began]
    validated = [done.at for done in state.evaluations[-_RECENT:]]
    pairs = [
        (later.at - earlier.at, later.step - earlier.step)
        for earlier, later in itertools.pairwise(recent)
        if later.step > earlier.step and not any(earlier.at <= at <= later.at for at in validated)
    ]
    if not pairs:
        return 0.0
    of_step = statistics.median(seconds / steps for seconds, steps in pairs)
    return max(of_step, statistics.median(seconds for seconds, _ in pairs))


def _under_way(state: RunState, usual: float) -> tuple[str, float, float]:
    """What the run is at, since when nothing was heard, and for how long that is all right."""
    patience = max(LEAST_SECONDS, FACTOR * usual)
    step = state.steps[-1].at if state.steps else 0.0
    validated = state.evaluations[-1].at if state.evaluations else 0.0
    training = state.training.at if state.training is not None else 0.0
    heard = max(step, validated, training, state.resumed_at)
    progress = state.progress
    if progress is not None and progress.at > heard:
        counts = progress.total > 0 and progress.done > 0
        return progress.what, progress.at, max(patience, COUNTING_SECONDS if counts else QUIET_SECONDS)
    if heard == step and usual:
        return "", step, patience
    # After an evaluation comes its checkpoint; before the first steps nothing is known of their pace.
    return "saving" if heard == validated and validated else "starting", heard, QUIET_SECONDS
