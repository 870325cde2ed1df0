"""`evaluate`: measure a run, or any checkpoint that classifies, on the labelled rows of a split."""

import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tlworkbench.catalog.resolve import resolve_model
from tlworkbench.data.examples import Examples
from tlworkbench.data.labelling import Labelling
from tlworkbench.data.rows import Rows
from tlworkbench.data.trainable import split_examples
from tlworkbench.engine.choice import labelling_at
from tlworkbench.engine.context import JobContext
from tlworkbench.engine.gauges import Gauges
from tlworkbench.engine.label_matching import label_names, match_labels
from tlworkbench.engine.metrics import Figures, Ints, majority
from tlworkbench.errors import UserError
from tlworkbench.jobs.events import Evaluated, Finished
from tlworkbench.jobs.spec import EvaluateSpec
from tlworkbench.workspace import open_workspace


def run(context: JobContext, spec: EvaluateSpec) -> Finished:
    """Emit one Evaluated event and leave `predictions.arrow` (key, class, answer, score) in the job's folder.

    Raises UserError where there is nothing to measure on, or the model doesn't know the labels.
    """
    began = time.monotonic()
    workspace = open_workspace(str(context.workspace))
    rows = workspace.rows()
    labelling = labelling_at(workspace, rows, spec.journal_version)
    chosen = split_examples(rows, labelling, spec.split, spec.max_rows, spec.seed)
    if not len(chosen.indices):
        raise UserError(*_nothing(rows, spec.split, chosen))
    folder = resolve_model(spec.model, workspace.jobs_dir)
    context.progress("loading the model", 0)
    from tlworkbench.engine.stopping import Stopped

    with Gauges(context):
        try:
            return _measure(context, spec, folder, rows, labelling, chosen, began)
        except Stopped:
            return Finished(status="stopped", what="stopped before all rows were measured")


def _measure(
    context: JobContext,
    spec: EvaluateSpec,
    folder: Path,
    rows: Rows,
    labelling: Labelling,
    chosen: Examples,
    began: float,
) -> Finished:
    from tlworkbench.engine.checkpoint_score import precision_of, score_checkpoint
    from tlworkbench.engine.scored import write_predictions

    shown_as = f"run {spec.model}" if spec.model.isdecimal() else spec.model
    matched = match_labels(chosen.class_names, label_names(folder), chosen.classes, shown_as)
    names, classes, total = matched.names, matched.classes, len(matched.classes)
    texts = rows.texts(chosen.indices.tolist())
    measured = score_checkpoint(
        context, folder, shown_as, texts, matched, precision_of(folder), f"measuring on {spec.split}"
    )
    scored = measured.scored
    figures = scored.figures
    context.emit(
        Evaluated(
            step=0,
            epoch=0.0,
            split=spec.split,
            loss=scored.loss,
            accuracy=figures.accuracy,
            macro_f1=figures.macro_f1,
            per_class=figures.per_class,
            confusion=figures.confusion,
        )
    )
    write_predictions(context.job.path, rows.keys[chosen.indices], classes, names, scored)
    most, guessed = _majority(rows, labelling, chosen, names, classes)
    return context.done(
        f"macro-F1 {figures.macro_f1:.3f}, accuracy {figures.accuracy:.3f} on {total} rows of {spec.split}",
        run=context.job.run,
        model=spec.model,
        split=spec.split,
        rows=total,
        accuracy=figures.accuracy,
        macro_f1=figures.macro_f1,
        loss=scored.loss,
        classes=list(names),
        per_class=[
            {
                "name": one.name,
                "precision": one.precision,
                "recall": one.recall,
                "f1": one.f1,
                "rows": one.rows,
            }
            for one in figures.per_class
        ],
        confusion=[list(row) for row in figures.confusion],
        majority={"label": most, "accuracy": guessed.accuracy, "macro_f1": guessed.macro_f1},
        precision=measured.precision,
        matched=matched.words,
        seconds=round(time.monotonic() - began, 1),
    )


def _majority(
    rows: Rows, labelling: Labelling, chosen: Examples, names: Sequence[str], classes: Ints
) -> tuple[str, Figures]:
    train = split_examples(rows, labelling, "train", 0, 0)
    counted = train.classes if len(train.classes) else chosen.classes
    label = chosen.class_names[int(np.bincount(counted).argmax())]
    most = np.array([names.index(label) if label in names else 0], np.int64)
    return label, majority(most, classes, names)[1]


def _nothing(rows: Rows, split: str, chosen: Examples) -> tuple[str, str]:
    if split not in rows.meta.splits or not (rows.splits == rows.meta.splits.index(split)).any():
        there = [name for number, name in enumerate(rows.meta.splits) if (rows.splits == number).any()]
        return f"the dataset has no rows in '{split}'", f"Measure on one of: {', '.join(there)}."
    return (
        f"none of the rows in '{split}' can be measured on "
        f"({chosen.unlabelled} without label, {chosen.excluded} excluded, {chosen.empty} empty)",
        "Label some of them in Data, or measure on another split.",
    )
