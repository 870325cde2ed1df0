"""`train` with strategy `head`: the body stays, its features are kept by row, the last layer is fitted to them.

Where all features are there already, torch is not even imported.
"""

import time
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from tlworkbench.data.rows import Rows
from tlworkbench.data.run_examples import RunExamples
from tlworkbench.engine.baseline_store import as_result, read_lines
from tlworkbench.engine.class_weights import class_weights, told_weights
from tlworkbench.engine.context import JobContext
from tlworkbench.engine.gauges import Gauges
from tlworkbench.engine.head_checkpoint import write_head
from tlworkbench.engine.head_features import MODEL_FOLDER, features_folder
from tlworkbench.engine.head_fit import HeadFit, best_fit
from tlworkbench.engine.head_gathering import GatheredFeatures, gather_features
from tlworkbench.engine.metrics import cross_entropy, majority
from tlworkbench.engine.reference_lines import tell_if_below
from tlworkbench.engine.run_record import MAX_LENGTH_KEY, RUN_KEY, WINDOWS_KEY, begin_record, end_record
from tlworkbench.engine.scored import Scored, write_predictions
from tlworkbench.engine.stopping import Stopped
from tlworkbench.jobs.events import Evaluated, Finished, Step, TrainingBegan
from tlworkbench.jobs.no_say import HEARD_BY_HEAD
from tlworkbench.jobs.spec import TrainSpec


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
            ready = gather_features(context, spec, examples, rows, source, cache)
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
        name
        for name in spec.__struct_fields__
        if name not in HEARD_BY_HEAD and getattr(spec, name) != getattr(default, name)
    ]


def _fit(
    context: JobContext, spec: TrainSpec, examples: RunExamples, cache: Path, ready: GatheredFeatures, began: float
) -> Finished:
    names, layer = examples.class_names, ready.layer
    weights = class_weights(spec.class_weights, examples)
    if weights is not None:
        context.note(f"a row counts by its class: {told_weights(weights, names)}")
    _announce(context, examples, ready)
    begin_record(context.job, spec, examples, layer.max_length, layer.precision)
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
        **({WINDOWS_KEY: msgspec.to_builtins(layer.windows)} if layer.windows else {}),
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
    figures = fit.figures
    told = {"macro_f1": figures.macro_f1, "accuracy": figures.accuracy, "loss": fit.loss}
    tell_if_below(context, spec, told)
    result = _result(context, spec, examples, fit, ready, began)
    end_record(context.job, began, result)
    return context.done(f"macro-F1 {fit.figures.macro_f1:.3f}, accuracy {fit.figures.accuracy:.3f}", **result)


def _train_loss(fit: HeadFit, ready: GatheredFeatures, examples: RunExamples) -> float:
    return cross_entropy(fit.linear.logits(ready.train.vectors), examples.train.classes)


def _announce(context: JobContext, examples: RunExamples, ready: GatheredFeatures) -> None:
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


def _result(
    context: JobContext, spec: TrainSpec, examples: RunExamples, fit: HeadFit, ready: GatheredFeatures, began: float
) -> dict[str, Any]:
    names = examples.class_names
    most, always = majority(examples.train.classes, examples.validation.classes, names)
    figures = {"accuracy": fit.figures.accuracy, "macro_f1": fit.figures.macro_f1, "loss": fit.loss}
    return {
        "run": context.job.run,
        "status": "done",
        "best": {"epoch": 1.0, "step": 1, **figures},
        "majority": {"label": names[most], "accuracy": always.accuracy, "macro_f1": always.macro_f1},
        "baselines": as_result(read_lines(context.job.path)),
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
