"""A run's longest batch tried, and what follows from it for the whole run."""

import math
import time
from collections.abc import Sequence
from pathlib import Path

import torch

from tlworkbench.data.run_examples import RunExamples
from tlworkbench.engine.context import JobContext
from tlworkbench.engine.failures import explained
from tlworkbench.engine.fitting import prepare
from tlworkbench.engine.machine import free_memory, resident_memory
from tlworkbench.engine.plan import Plan, plan_run
from tlworkbench.engine.probe import probe
from tlworkbench.jobs.spec import TrainSpec
from tlworkbench.preflight.facts import Tried

_FORWARD = 1 / 3
"""Share of the forward pass in a step's time."""


def try_out(
    context: JobContext, spec: TrainSpec, examples: RunExamples, source: Path, texts: Sequence[str], began: float
) -> Tried:
    """Load the model at `source`, send its longest batch of `texts` through and scale up.

    Raises UserError where memory doesn't last even for one row at a time, Stopped when the job is asked to stop.
    """
    plan = plan_run(context, spec, examples, began)
    on_gpu = plan.device == "cuda"
    free = int(torch.cuda.mem_get_info()[0]) if on_gpu else free_memory() + resident_memory()
    prepared = prepare(plan, source, texts, texts[:1])
    context.progress("trying the longest batch", 0)
    rows = min(spec.batch_size, len(prepared.train))
    model = prepared.classifier.model.to(plan.device)
    ready = time.monotonic() - began
    try:
        probed = probe(model, prepared.train, rows, spec.rows_a_step, plan.precision, lambda *told: None)
    except (RuntimeError, MemoryError) as error:
        reason = explained(error, 1, int(prepared.train.lengths.max()), str(context.job.path))
        if reason is None:
            raise
        raise reason from error
    return Tried(
        seconds=ready + _seconds(plan, probed.step_seconds),
        step_seconds=probed.step_seconds,
        peak_bytes=probed.peak_bytes,
        free_bytes=free,
        rows_at_once=probed.rows,
        precision=plan.precision,
        on_gpu=on_gpu,
    )


def _seconds(plan: Plan, step_seconds: float) -> float:
    """All steps, and validation after each epoch."""
    epochs = math.ceil(plan.total_steps / plan.steps_per_epoch)
    row = step_seconds / min(plan.spec.rows_a_step, len(plan.examples.train))
    return plan.total_steps * step_seconds + epochs * len(plan.examples.validation) * row * _FORWARD
