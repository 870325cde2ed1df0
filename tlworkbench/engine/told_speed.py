"""What a run or a trial took, handed to what is remembered of this machine."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tlworkbench.catalog.resolve import resolve_model
from tlworkbench.engine.lora import learning_weights
from tlworkbench.engine.pace import Pace
from tlworkbench.engine.run_record import Probe
from tlworkbench.engine.windows import Texts
from tlworkbench.errors import UserError
from tlworkbench.jobs.spec import TrainSpec
from tlworkbench.preflight.model_size import model_size
from tlworkbench.preflight.speeds import Speed, remember, this_machine
from tlworkbench.preflight.work import PADDING

_FEW = 10
"""Steps below which a run's pace tells nothing."""
_LEARNT_BYTES = 12
"""Bytes for each weight that learns: its gradient and AdamW's two moments."""


@dataclass(frozen=True)
class Timing:
    """What a run took from its first step to its last in one process."""

    steps: int
    rows: float
    """That went through the model in all steps."""
    seconds: float
    """Of steps alone."""
    evaluation_seconds: float
    """Of one evaluation on average; 0 where there was none."""
    evaluations: int
    tokens: float
    """Of a training text on average."""
    learning: int
    """Weights that learn."""
    probe: Probe


def timing_of(pace: Pace, texts: Texts, model: Any, probe: Probe | None) -> Timing | None:
    """What the loop took; None where it did not begin with a trial, as a resumed one doesn't."""
    if probe is None:
        return None
    lengths = texts.lengths
    return Timing(
        steps=pace.steps,
        rows=pace.mean_examples_per_second * pace.seconds,
        seconds=pace.seconds,
        evaluation_seconds=float(np.mean(pace.evaluations or (0.0,))),
        evaluations=len(pace.evaluations),
        tokens=float(lengths.mean()),
        learning=learning_weights(model),
        probe=probe,
    )


def remember_run(spec: TrainSpec, jobs_dir: Path, timing: Timing, total: float, scored_tokens: float) -> None:
    """Keep what a run told to its end; total: its seconds, scored_tokens: of an evaluation.

    Nothing where that would mislead: of a few steps, of several devices, of a model that is gone meanwhile.
    """
    if timing.steps < _FEW or timing.seconds <= 0 or spec.devices > 1:
        return
    try:
        source = resolve_model(spec.model, jobs_dir)
    except UserError:
        return
    # The saved model was measured once more.
    evaluations = timing.evaluation_seconds * (timing.evaluations + 1)
    each = timing.seconds / (timing.rows * (timing.tokens + PADDING))
    told = timing.probe.step_seconds / (timing.rows / timing.steps * (timing.tokens + PADDING))
    _remember(
        spec,
        source,
        timing.probe,
        timing.learning,
        token_seconds=each,
        scoring_seconds=timing.evaluation_seconds / scored_tokens,
        fixed_seconds=max(0.0, total - timing.seconds - evaluations),
        slower=each / told if told else 0.0,
        whole=True,
    )


def remember_trial(
    spec: TrainSpec, source: Path, probe: Probe, learning: int, *, token: float, scoring: float, fixed: float
) -> Speed:
    """Keep what a trial told, in seconds; returns it."""
    return _remember(spec, source, probe, learning, token_seconds=token, scoring_seconds=scoring, fixed_seconds=fixed)


def _remember(
    spec: TrainSpec,
    source: Path,
    probe: Probe,
    learning: int,
    token_seconds: float,
    scoring_seconds: float,
    fixed_seconds: float,
    slower: float = 0.0,
    whole: bool = False,
) -> Speed:
    size = model_size(source)
    kept = probe.peak_bytes - probe.held_bytes - _LEARNT_BYTES * learning
    speed = Speed(
        machine=this_machine(),
        signature=size.signature,
        strategy=spec.strategy,
        precision=spec.precision,
        multiplied=size.multiplied,
        token_seconds=token_seconds,
        scoring_seconds=scoring_seconds,
        fixed_seconds=fixed_seconds,
        slower=slower,
        base_bytes=probe.held_bytes,
        token_bytes=max(0.0, kept / max(1, probe.rows * probe.tokens)),
        whole=whole,
    )
    remember(speed)
    return speed
