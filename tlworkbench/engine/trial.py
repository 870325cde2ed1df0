"""A run's longest batch tried, and what follows from it for the whole run."""

import math
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from tlworkbench.data.run_examples import RunExamples
from tlworkbench.engine.context import JobContext
from tlworkbench.engine.failures import explained
from tlworkbench.engine.fitting import Prepared, prepare
from tlworkbench.engine.lora import learning_weights
from tlworkbench.engine.machine import free_memory, resident_memory
from tlworkbench.engine.plan import Plan, plan_run
from tlworkbench.engine.probe import longest_rows, probe
from tlworkbench.engine.run_record import Probe
from tlworkbench.engine.scoring import autocast
from tlworkbench.engine.texts import TokenisedTexts
from tlworkbench.engine.told_speed import remember_trial
from tlworkbench.engine.windows import as_rows, longest
from tlworkbench.jobs.spec import TrainSpec
from tlworkbench.preflight.facts import Tried
from tlworkbench.preflight.model_size import model_size
from tlworkbench.preflight.speeds import last_run
from tlworkbench.preflight.work import PADDING, SLOWER, SLOWER_RANGE, seconds_of, work_of

_SCORED = 64
"""Texts that are measured twice, to tell how long an evaluation takes."""
_DISK = 300e6
"""Bytes of a checkpoint written in a second, in round numbers."""
_CHECKPOINT_BYTES = 12
"""For each weight: itself and AdamW's two moments."""


def try_out(
    context: JobContext, spec: TrainSpec, examples: RunExamples, source: Path, texts: Sequence[str], began: float
) -> Tried:
    """Load the model at `source`, send its longest batch of `texts` through and scale up to the whole run.

    The whole is all there is from the start of the process to its end, what a run of the same kind has shown beside
    its steps included. Raises UserError where memory doesn't last even for one row at a time, Stopped when the job is
    asked to stop.
    """
    plan = plan_run(context, spec, examples, began)
    on_gpu = plan.device == "cuda"
    free = int(torch.cuda.mem_get_info()[0]) if on_gpu else free_memory() + resident_memory()
    prepared = prepare(plan, source, texts, texts[:1])
    context.progress("trying the longest batch", 0)
    texts_in_rows, rows_a_step = as_rows(prepared.train, spec.rows_a_step)
    rows = longest_rows(spec, texts_in_rows, plan.device)
    model = prepared.classifier.model.to(plan.device)
    ready = time.monotonic() - began
    try:
        probed = probe(model, texts_in_rows, rows, rows_a_step, plan.precision, lambda *told: None)
        scoring = _scoring(plan, model, texts_in_rows)
    except (RuntimeError, MemoryError) as error:
        reason = explained(error, 1, longest(prepared.train), str(context.job.path))
        if reason is None:
            raise
        raise reason from error
    return Tried(
        seconds=_seconds(plan, prepared, source, probed, scoring, ready),
        step_seconds=probed.step_seconds,
        peak_bytes=probed.peak_bytes,
        free_bytes=free,
        rows_at_once=probed.rows,
        precision=plan.precision,
        on_gpu=on_gpu,
    )


def _seconds(plan: Plan, prepared: Prepared, source: Path, probed: Probe, scoring: float, ready: float) -> float:
    spec, train_rows = plan.spec, len(plan.examples.train)
    tokens, most = float(prepared.train.lengths.mean()), longest(prepared.train)
    before = last_run(model_size(source).signature, spec.strategy, spec.precision)
    told = probed.step_seconds / (min(spec.rows_a_step, len(prepared.train)) * (tokens + PADDING))
    slower = min(max(before.slower, SLOWER_RANGE[0]), SLOWER_RANGE[1]) if before and before.slower else SLOWER
    learning = learning_weights(prepared.classifier.model)
    if before is not None:
        fixed = before.fixed_seconds
    else:
        epochs = math.ceil(plan.total_steps / plan.steps_per_epoch)
        written = learning * _CHECKPOINT_BYTES * epochs + 4 * model_size(source).parameters
        # The model is loaded once more to be measured.
        fixed = 1.5 * ready + written / _DISK
    speed = remember_trial(spec, source, probed, learning, token=told * slower, scoring=scoring, fixed=fixed)
    return seconds_of(work_of(spec, train_rows, len(plan.examples.validation), tokens, most), speed)


def _scoring(plan: Plan, model: Any, texts: TokenisedTexts) -> float:
    """Seconds a token of an evaluation takes."""
    batch = {name: values.to(plan.device) for name, values in texts.batch(range(min(_SCORED, len(texts)))).items()}
    took = 0.0
    model.eval()
    # What is made ready at the first pass is no part of it.
    for _ in range(2):
        began = time.monotonic()
        with torch.no_grad(), autocast(plan.device, plan.precision):
            model(**batch).logits.cpu()
        took = time.monotonic() - began
    return took / batch["input_ids"].numel()
