"""`preflight`: try the longest batch of a run that is to be, and tell what the run would take."""

import time
from pathlib import Path

import numpy as np

from tlworkbench.catalog.resolve import resolve_model
from tlworkbench.data.findings import refuse
from tlworkbench.data.run_examples import RunExamples
from tlworkbench.data.trainable import judge
from tlworkbench.engine.choice import choose_examples, texts_of
from tlworkbench.engine.context import JobContext
from tlworkbench.engine.head_features import MODEL_FOLDER, features_folder, missing_keys, read_layer
from tlworkbench.engine.machine import free_memory, resident_memory
from tlworkbench.jobs.events import Finished
from tlworkbench.jobs.spec import PreflightSpec
from tlworkbench.preflight.facts import Tried
from tlworkbench.preflight.words import in_short
from tlworkbench.preflight.work import FIT
from tlworkbench.workspace import open_workspace

_SAMPLE = 5000
_START = 1.5
"""Seconds of a run that needs no torch, beside its fit."""
_ROW_BYTES = 20_000
"""Of a row's features and what is computed with them."""


def run(context: JobContext, spec: PreflightSpec) -> Finished:
    """Tell time and memory as `Tried` has them; trains nothing, and keeps nothing but how quick this machine is.

    Of many rows a sample is looked at, the longest texts among it. Raises UserError as a training run does.
    """
    began = time.monotonic()
    workspace = open_workspace(str(context.workspace))
    rows = workspace.rows()
    chosen = choose_examples(workspace, rows, spec.run)
    refuse(judge(chosen.drawn, spec.run.class_weights))
    source = resolve_model(spec.run.model, workspace.jobs_dir)
    texts = texts_of(rows, chosen.examples.train.keys)
    if len(texts) > _SAMPLE:
        longest = np.argsort([-len(text) for text in texts], kind="stable")[: spec.run.batch_size]
        # In the order they were drawn the first ones are a fair sample.
        texts = [texts[place] for place in np.union1d(longest, np.arange(_SAMPLE)).tolist()]
    missing = 0
    if spec.run.strategy == "head":
        missing = _without_features(source, spec, chosen.examples)
        if not missing:
            return _told(context, _kept(chosen.examples))
    context.progress("loading the model", 0)
    from tlworkbench.engine.stopping import Stopped

    try:
        if spec.run.strategy == "head":
            from tlworkbench.engine.head_trial import try_head_out

            tried = try_head_out(context, spec.run, chosen.examples, source, texts, missing, began)
        else:
            from tlworkbench.engine.trial import try_out

            tried = try_out(context, spec.run, chosen.examples, source, texts, began)
    except Stopped:
        return Finished(status="stopped", what="stopped before it could tell")
    return _told(context, tried)


def _without_features(source: Path, spec: PreflightSpec, examples: RunExamples) -> int:
    """Rows of which no features are kept."""
    cache = features_folder(source, spec.run)
    keys = np.concatenate([examples.train.keys, examples.validation.keys])
    return len(keys) if read_layer(cache / MODEL_FOLDER) is None else len(missing_keys(cache, keys))


def _kept(examples: RunExamples) -> Tried:
    """A head on features that are all there: nothing to try."""
    rows = len(examples.train) + len(examples.validation)
    return Tried(
        seconds=_START + rows * FIT,
        step_seconds=0.0,
        peak_bytes=resident_memory() + rows * _ROW_BYTES,
        free_bytes=free_memory() + resident_memory(),
        rows_at_once=rows,
        precision="fp32",
    )


def _told(context: JobContext, tried: Tried) -> Finished:
    return context.done(in_short(tried), **{name: getattr(tried, name) for name in tried.__struct_fields__})
