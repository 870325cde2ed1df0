"""What a training run's figures are held against: told as it begins, and again where it ends below."""

import contextlib
import math
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from tlworkbench.data.rows import Rows
from tlworkbench.data.run_examples import RunExamples
from tlworkbench.data.trainable import counted
from tlworkbench.engine.baseline_store import (
    knows_head,
    place_of,
    read_lines,
    recall,
    remember,
    write_lines,
)
from tlworkbench.engine.class_weights import class_weights
from tlworkbench.engine.context import JobContext
from tlworkbench.engine.head_features import MODEL_FOLDER, features_folder, missing_keys, read_layer
from tlworkbench.engine.head_fit import best_fit
from tlworkbench.engine.head_gathering import gather_features
from tlworkbench.engine.label_matching import label_names, match_labels, unfit_head
from tlworkbench.engine.metrics import Figures, majority
from tlworkbench.engine.stopping import Stopped
from tlworkbench.errors import UserError
from tlworkbench.jobs.events import Baseline
from tlworkbench.jobs.spec import TrainSpec

if TYPE_CHECKING:
    from tlworkbench.engine.fitting import Prepared
    from tlworkbench.engine.plan import Plan

MAJORITY, AS_IT_IS, HEAD = "majority", "as it is", "head"
_CHEAP_FIT = 10_000_000
"""Training rows × features × classes up to which the head is fitted before a run: a second or two."""
_PATIENCE = 3.0
"""Seconds that measuring the checkpoint as it is may take before a run."""
_SURE_AFTER = 0.5
"""Seconds after which its pace is believed."""
_BELOW = {
    MAJORITY: ("always giving the same answer", "look at the labels, or give it more epochs or a higher rate"),
    AS_IT_IS: ("the checkpoint as it was", "training made it worse, so lower the learning rate"),
    HEAD: ("the head fitted alone", "try more epochs or another learning rate, or keep the head: strategy head"),
}
"""What a line is called where a run ends below it, and what to do then;"""
_HEAD_ADVICE = "the last layer alone is not enough here: train more of the model (strategy full or lora)"
"""that of a run which fitted the last layer only, where no learning rate has a say."""


class _TooLong(Exception):
    """It would hold up the run."""


def begin_with_lines(context: JobContext, spec: TrainSpec, examples: RunExamples, rows: Rows, source: Path) -> None:
    """Tell and keep the lines that are at hand as a run begins; one that is taken up again has them already.

    Always the majority class; with `spec.baseline` what was measured before on these validation rows, and the head
    where its features are kept. Loads no model.
    """
    if read_lines(context.job.path):
        return
    lines = {MAJORITY: majority_line(examples)}
    if spec.baseline:
        place = place_of(context.workspace, source, spec, examples)
        lines |= {line.name: line for line in recall(place) if line.name != MAJORITY}
        if AS_IT_IS not in lines and (why := unfit_head(source, examples.class_names, examples.validation.classes)):
            lines[AS_IT_IS] = Baseline(name=AS_IT_IS, words=why)
        if spec.strategy == "head":
            lines.pop(HEAD, None)
        elif not knows_head(place) and _head_is_cheap(source, spec, examples):
            # The run does without it where its features turn out to be of no use, or it is to stop already.
            with contextlib.suppress(UserError, Stopped):
                lines[HEAD] = head_line(context, spec, examples, rows, source)
                remember(place, lines[HEAD])
    for line in lines.values():
        context.emit(msgspec.structs.replace(line, at=time.time()))
    write_lines(context.job.path, tuple(lines.values()))


def measure_as_loaded(plan: "Plan", prepared: "Prepared", source: Path) -> None:
    """Measure the checkpoint with the head it brought, once it is loaded and before it learns; not where that is long.

    Nothing where that is known already, or where its head was replaced.
    """
    lines = read_lines(plan.context.job.path)
    known = label_names(source)
    classes = plan.examples.validation.classes
    done = any(line.name == AS_IT_IS for line in lines) or not plan.spec.baseline
    if done or len(known) != len(plan.names) or unfit_head(source, plan.names, classes):
        return
    from tlworkbench.engine.scoring import score

    plan.context.progress("measuring the model as it is", 0, len(classes))
    matched = match_labels(plan.names, known, classes, plan.spec.model)
    began = time.monotonic()

    def told(done: int) -> None:
        spent = time.monotonic() - began
        if plan.context.stop_requested or (spent > _SURE_AFTER and spent / done * len(classes) > _PATIENCE):
            raise _TooLong

    try:
        model = prepared.classifier.model.to(plan.device)
        scored = score(model, prepared.validation, matched.classes, matched.names, plan.precision, told)
    except _TooLong:
        return
    line = line_of(AS_IT_IS, scored.figures, scored.loss, matched.words)
    plan.context.emit(line)
    write_lines(plan.context.job.path, (*lines, line))
    remember(place_of(plan.context.workspace, source, plan.spec, plan.examples), line)


def tell_if_below(context: JobContext, spec: TrainSpec, best: dict[str, Any]) -> None:
    """Warn where a run ended below a line: below the best of them, with what to do."""
    metric = spec.metric
    better = 1 if metric != "loss" else -1
    lines = [
        (better * figure, line.name)
        for line in read_lines(context.job.path)
        if (figure := line.figure(metric)) is not None
    ]
    worth, name = max(lines, default=(-math.inf, ""))
    if better * best[metric] >= worth:
        return
    shown = metric.replace("macro_f1", "macro-F1")
    worse = "below" if metric != "loss" else "worse than"
    line, advice = _BELOW[name]
    advice = _HEAD_ADVICE if spec.strategy == "head" else advice
    context.note(f"{shown} {best[metric]:.3f} is {worse} {line} ({abs(worth):.3f}): {advice}", warning=True)


def majority_line(examples: RunExamples) -> Baseline:
    """Always the most frequent training class."""
    most, figures = majority(examples.train.classes, examples.validation.classes, examples.class_names)
    return line_of(MAJORITY, figures, None, f"always '{examples.class_names[most]}'")


def head_line(context: JobContext, spec: TrainSpec, examples: RunExamples, rows: Rows, source: Path) -> Baseline:
    """The last layer alone, fitted to features that are computed where they are not kept yet.

    Raises Stopped when the job is asked to stop, UserError for a model that can't be used so.
    """
    head = as_head(spec)
    ready = gather_features(context, head, examples, rows, source, features_folder(source, head))
    fit = best_fit(
        (ready.train.vectors, examples.train.classes),
        (ready.validation.vectors, examples.validation.classes),
        examples.class_names,
        spec.metric,
        class_weights(spec.class_weights, examples),
        ready.layer.bias,
    )
    return line_of(HEAD, fit.figures, fit.loss, f"fitted to {counted(len(examples.train), 'row')}")


def as_head(spec: TrainSpec) -> TrainSpec:
    """The same run with the strategy `head`."""
    return msgspec.structs.replace(spec, strategy="head")


def line_of(name: str, figures: Figures, loss: float | None, words: str) -> Baseline:
    """A line from what was measured."""
    return Baseline(name=name, accuracy=figures.accuracy, macro_f1=figures.macro_f1, loss=loss, words=words)


def _head_is_cheap(source: Path, spec: TrainSpec, examples: RunExamples) -> bool:
    cache = features_folder(source, as_head(spec))
    layer = read_layer(cache / MODEL_FOLDER)
    if layer is None or len(examples.train) * layer.dimensions * len(examples.class_names) > _CHEAP_FIT:
        return False
    return not len(missing_keys(cache, np.concatenate([examples.train.keys, examples.validation.keys])))
