"""What fitting a head would take: features of some texts computed, or none where all are kept."""

import time
from collections.abc import Sequence
from pathlib import Path

import torch

from tlworkbench.data.run_examples import RunExamples
from tlworkbench.engine.context import JobContext
from tlworkbench.engine.machine import free_memory, peak_memory, reset_peak_memory, resident_memory
from tlworkbench.engine.model_folder import load_for_training
from tlworkbench.engine.plan import plan_run
from tlworkbench.engine.run_record import Probe
from tlworkbench.engine.scoring import answer
from tlworkbench.engine.told_speed import remember_trial
from tlworkbench.engine.windows import tokenised, windows_for
from tlworkbench.inference.text_limit import effective_length
from tlworkbench.jobs.spec import TrainSpec
from tlworkbench.preflight.facts import Tried
from tlworkbench.preflight.work import PADDING, seconds_of, work_of

_TRIED = 256
"""Texts that go through the body."""


def try_head_out(
    context: JobContext,
    spec: TrainSpec,
    examples: RunExamples,
    source: Path,
    texts: Sequence[str],
    missing: int,
    began: float,
) -> Tried:
    """Compute features of some texts as a run would and scale up to the `missing` rows that have none yet."""
    plan = plan_run(context, spec, examples, began)
    on_gpu = plan.device == "cuda"
    free = int(torch.cuda.mem_get_info()[0]) if on_gpu else free_memory() + resident_memory()
    classifier = load_for_training(source, plan.names, spec.model)
    model = classifier.model.to(plan.device)
    held = int(torch.cuda.memory_allocated()) if on_gpu else resident_memory()
    ready = time.monotonic() - began
    context.progress("trying some texts", 0)
    torch.cuda.reset_peak_memory_stats() if on_gpu else reset_peak_memory()
    length = effective_length(spec.max_length, classifier.limit)
    windows = windows_for(spec, classifier.tokenizer, length)
    some = tokenised(classifier.tokenizer, texts[:_TRIED], length, windows, lambda done: None)
    answer(model, some, plan.precision, lambda done: None)
    at = time.monotonic()
    answer(model, some, plan.precision, lambda done: None)
    token = (time.monotonic() - at) / float((some.lengths + PADDING).sum())
    peak = max(held, int(torch.cuda.max_memory_allocated()) if on_gpu else peak_memory())
    work = work_of(spec, len(examples.train), len(examples.validation), float(some.lengths.mean()), length)
    probed = Probe(1, work.at_once, 0.0, 0.0, peak, held)
    speed = remember_trial(spec, source, probed, 0, token=token, scoring=token, fixed=1.2 * ready)
    known = 1 - missing / max(1, work.rows)
    return Tried(
        seconds=seconds_of(work, speed) - known * work.learnt * token,
        step_seconds=0.0,
        peak_bytes=peak,
        free_bytes=free,
        rows_at_once=len(some),
        precision=plan.precision,
        on_gpu=on_gpu,
    )
