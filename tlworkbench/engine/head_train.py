"""`train` with strategy `head`: the body stays, its features are kept by row, the last layer is fitted to them.

Where all features are there already, torch is not even imported.
"""

import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from tlworkbench.data.embedding_files import EmbeddingsMeta, Floats, Keys, append
from tlworkbench.data.embeddings import Embeddings
from tlworkbench.data.rows import Rows
from tlworkbench.data.run_examples import RunExamples
from tlworkbench.engine.choice import texts_of
from tlworkbench.engine.class_weights import class_weights, told_weights
from tlworkbench.engine.context import JobContext
from tlworkbench.engine.gauges import Gauges
from tlworkbench.engine.head_checkpoint import write_head
from tlworkbench.engine.head_features import (
    MODEL_FOLDER,
    Features,
    HeadLayer,
    features_folder,
    joined_width,
    kept_features,
    missing_keys,
    read_layer,
)
from tlworkbench.engine.head_fit import HeadFit, best_fit
from tlworkbench.engine.machine import describe_device, usable_cores
from tlworkbench.engine.metrics import cross_entropy, majority
from tlworkbench.engine.run_record import (
    MAX_LENGTH_KEY,
    RUN_KEY,
    RunRecord,
    library_versions,
    read_record,
    write_record,
)
from tlworkbench.engine.scored import Scored, write_predictions
from tlworkbench.engine.stopping import Stopped
from tlworkbench.jobs.events import Evaluated, Finished, Step, TrainingBegan
from tlworkbench.jobs.spec import TrainSpec

USED = frozenset(
    {"model", "strategy", "class_weights", "metric", "max_length", "max_train_rows", "max_eval_rows", "seed"}
    | {"precision", "journal_version"}
)
"""Settings that have a say here."""
_METHOD = "head"


@dataclass(frozen=True)
class _Ready:
    """Features of all rows of a run."""

    layer: HeadLayer
    train: Features
    validation: Features
    computed: int
    """Texts that went through the body now,"""
    seconds: float
    """and how long that took."""


def run_head(
    context: JobContext, spec: TrainSpec, examples: RunExamples, rows: Rows, source: Path, began: float
) -> Finished:
    """Fit the head and leave what a run leaves; stopped meanwhile, the features computed so far are kept."""
    ignored = ignored_settings(spec)
    if ignored:
        context.note(f"the head is fitted by logistic regression: {', '.join(ignored)} have no say in it")
    cache = features_folder(source, spec)
    try:
        with Gauges(context):
            ready = _features(context, spec, examples, rows, source, cache)
            return _fit(context, spec, examples, cache, ready, began)
    except Stopped:
        what = "stopped; the features computed so far are kept, a resume computes the others"
        return Finished(
            status="stopped", what=what, result={"run": context.job.run, "status": "stopped", "steps": 0, "best": {}}
        )


def ignored_settings(spec: TrainSpec) -> list[str]:
    """Settings that differ from their default and do nothing here."""
    default = TrainSpec(model=spec.model)
    return [
        name for name in spec.__struct_fields__ if name not in USED and getattr(spec, name) != getattr(default, name)
    ]


def _features(
    context: JobContext, spec: TrainSpec, examples: RunExamples, rows: Rows, source: Path, cache: Path
) -> _Ready:
    keys = np.concatenate([examples.train.keys, examples.validation.keys])
    kept = cache / MODEL_FOLDER
    layer = read_layer(kept)
    missing = keys if layer is None else missing_keys(cache, keys)
    seconds = 0.0
    if layer is None or len(missing):
        at = time.monotonic()
        layer = _compute(context, spec, examples.class_names, (rows, missing), source, cache)
        seconds = time.monotonic() - at
    if context.stop_requested:
        raise Stopped
    found = kept_features(cache, keys)
    count = len(examples.train)
    return _Ready(
        layer,
        Features(found.vectors[:count], found.full[:count]),
        Features(found.vectors[count:], found.full[count:]),
        len(missing),
        seconds,
    )


def _compute(
    context: JobContext,
    spec: TrainSpec,
    names: tuple[str, ...],
    wanted: tuple[Rows, Keys],
    source: Path,
    cache: Path,
) -> HeadLayer:
    rows, keys = wanted
    indices = rows.indices_of(keys)
    texts_of(rows, keys[indices < 0])  # Refuses rows that are gone.
    context.progress("loading the model", 0, len(keys))
    from tlworkbench.engine.embed_texts import embed_texts
    from tlworkbench.engine.head_body import kept_numbers, make_body, open_body

    kept = cache / MODEL_FOLDER
    if read_layer(kept) is None:
        # Features of a model that can't be written any more are of no use.
        shutil.rmtree(cache, ignore_errors=True)
        body = make_body(source, kept, spec, names)
    else:
        body = open_body(kept, spec, names)
    for note in body.notes:
        context.note(note)
    meta = EmbeddingsMeta(
        dimensions=joined_width(body.layer.dimensions),
        model=spec.model,
        pooling=_METHOD,
        max_length=body.layer.max_length,
    )

    def keep(some: Keys, numbers: Floats) -> None:
        append(cache, meta, some, numbers)

    there = Embeddings.open(cache)
    indices = rows.indices_of(keys if there is None else keys[~there.has(keys)])
    embed_texts(context, body.encoder, rows, indices, keep, lambda _, batch: kept_numbers(body, batch))
    return body.layer


def _fit(
    context: JobContext, spec: TrainSpec, examples: RunExamples, cache: Path, ready: _Ready, began: float
) -> Finished:
    names, layer = examples.class_names, ready.layer
    weights = class_weights(spec.class_weights, examples)
    if weights is not None:
        context.note(f"a row counts by its class: {told_weights(weights, names)}")
    _announce(context, examples, ready)
    _record(context, spec, examples, layer)
    fit = best_fit(
        (ready.train.vectors, examples.train.classes),
        (ready.validation.vectors, examples.validation.classes),
        names,
        spec.metric,
        weights,
        layer.bias,
    )
    added = {
        MAX_LENGTH_KEY: layer.max_length,
        RUN_KEY: context.job.run,
        "problem_type": "single_label_classification",
    }
    write_head(cache / MODEL_FOLDER, layer, fit.linear, names, added, context.job.model_dir)
    validation = examples.validation
    scored = Scored(fit.logits, fit.logits.argmax(axis=1), fit.loss, fit.figures)
    write_predictions(context.job.path, validation.keys, validation.classes, names, scored)
    context.emit(Step(step=1, epoch=1.0, loss=_train_loss(fit, ready, examples), learning_rate=0.0))
    context.emit(
        Evaluated(
            step=1,
            epoch=1.0,
            split="validation",
            loss=fit.loss,
            accuracy=fit.figures.accuracy,
            macro_f1=fit.figures.macro_f1,
            per_class=fit.figures.per_class,
            confusion=fit.figures.confusion,
            best=True,
        )
    )
    result = _result(context, spec, examples, fit, ready, began)
    record = read_record(context.job.path)
    if record is not None:
        done = msgspec.structs.replace(record, seconds=record.seconds + time.monotonic() - began, result=result)
        write_record(context.job.path, done)
    return context.done(f"macro-F1 {fit.figures.macro_f1:.3f}, accuracy {fit.figures.accuracy:.3f}", **result)


def _train_loss(fit: HeadFit, ready: _Ready, examples: RunExamples) -> float:
    return cross_entropy(fit.linear.logits(ready.train.vectors), examples.train.classes)


def _announce(context: JobContext, examples: RunExamples, ready: _Ready) -> None:
    names = examples.class_names
    _, always = majority(examples.train.classes, examples.validation.classes, names)
    context.emit(
        TrainingBegan(
            classes=names,
            train_rows=len(examples.train),
            eval_rows=len(examples.validation),
            total_steps=1,
            epochs=1.0,
            batch_size=len(examples.train),
            max_length=ready.layer.max_length,
            precision=ready.layer.precision,
            truncated=float(ready.train.full.mean()),
            train_counts=tuple(np.bincount(examples.train.classes, minlength=len(names)).tolist()),
            eval_counts=tuple(np.bincount(examples.validation.classes, minlength=len(names)).tolist()),
            majority_accuracy=always.accuracy,
            majority_macro_f1=always.macro_f1,
        )
    )
    all_rows = len(examples.train) + len(examples.validation)
    context.note(f"features of {all_rows - ready.computed} of {all_rows} rows were there already")


def _record(context: JobContext, spec: TrainSpec, examples: RunExamples, layer: HeadLayer) -> None:
    before = read_record(context.job.path)
    write_record(
        context.job.path,
        RunRecord(
            run=context.job.run,
            command=f"tlworkbench train {context.job.spec_file}",
            spec=msgspec.to_builtins(spec),
            seed=spec.seed,
            journal_version=examples.journal_version,
            train_rows=len(examples.train),
            eval_rows=len(examples.validation),
            classes=examples.class_names,
            max_length=layer.max_length,
            precision=layer.precision,
            device=describe_device(),
            threads=usable_cores(),
            versions=library_versions(),
            seconds=before.seconds if before else 0.0,
        ),
    )


def _result(
    context: JobContext, spec: TrainSpec, examples: RunExamples, fit: HeadFit, ready: _Ready, began: float
) -> dict[str, Any]:
    names = examples.class_names
    most, always = majority(examples.train.classes, examples.validation.classes, names)
    figures = {"accuracy": fit.figures.accuracy, "macro_f1": fit.figures.macro_f1, "loss": fit.loss}
    return {
        "run": context.job.run,
        "status": "done",
        "best": {"epoch": 1.0, "step": 1, **figures},
        "majority": {"label": names[most], "accuracy": always.accuracy, "macro_f1": always.macro_f1},
        "seconds": round(time.monotonic() - began, 1),
        "examples_per_second": round(ready.computed / ready.seconds, 1) if ready.seconds else 0.0,
        "steps": 1,
        "total_steps": 1,
        "rows_a_step": len(examples.train),
        "rows_at_once": len(examples.train),
        "train_rows": len(examples.train),
        "eval_rows": len(examples.validation),
        "precision": ready.layer.precision,
        "model": spec.model,
        "folder": str(context.job.model_dir),
        "classes": list(names),
        "strategy": "head",
        "penalty": fit.penalty,
        "features_computed": ready.computed,
    }
