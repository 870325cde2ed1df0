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
from tlworkbench.engine.choice import labelling_at, listed
from tlworkbench.engine.context import JobContext
from tlworkbench.engine.gauges import Gauges
from tlworkbench.engine.metrics import Figures, majority
from tlworkbench.errors import UserError
from tlworkbench.jobs.events import Evaluated, Finished
from tlworkbench.jobs.spec import EvaluateSpec
from tlworkbench.workspace import open_workspace

_Ints = np.ndarray[tuple[int], np.dtype[np.int64]]


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
    from tlworkbench.engine.model_folder import label_names, load_trained
    from tlworkbench.engine.plan import set_up_libraries
    from tlworkbench.engine.precision import choose_precision
    from tlworkbench.engine.run_record import MAX_LENGTH_KEY
    from tlworkbench.engine.scored import write_predictions
    from tlworkbench.engine.scoring import score
    from tlworkbench.engine.stopping import telling
    from tlworkbench.engine.texts import tokenise
    from tlworkbench.inference.text_limit import effective_length

    shown_as = f"run {spec.model}" if spec.model.isdecimal() else spec.model
    names, classes = match_labels(chosen.class_names, label_names(folder), chosen.classes, shown_as)
    device = set_up_libraries()
    precision = choose_precision("auto", device)
    classifier = load_trained(folder, shown_as)
    max_length = effective_length(getattr(classifier.model.config, MAX_LENGTH_KEY, 0), classifier.limit)
    total = len(classes)
    told = telling(context, "tokenising", total)
    texts = tokenise(classifier.tokenizer, rows.texts(chosen.indices.tolist()), max_length, told)
    told = telling(context, f"measuring on {spec.split}", total)
    scored = score(classifier.model.to(device), texts, classes, names, precision, told)
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
        precision=precision,
        seconds=round(time.monotonic() - began, 1),
    )


def match_labels(
    labels: Sequence[str], known: Sequence[str], classes: _Ints, shown_as: str
) -> tuple[tuple[str, ...], _Ints]:
    """The model's class names and the rows' classes as indices into them.

    labels: the label set; classes: index into it. Names are compared as they are, then without regard to case. The
    model may know more classes than the label set: answers with those count as wrong. Raises UserError where it lacks
    one that has rows.
    """
    exact = {name: number for number, name in enumerate(known)}
    folded = {name.casefold(): number for number, name in enumerate(known)}
    places = np.array([exact.get(name, folded.get(name.casefold(), -1)) for name in labels], np.int64)
    missing = [labels[number] for number in np.unique(classes) if places[number] < 0]
    if missing:
        answers = f"answers {listed(known)}" if known else "names no classes"
        raise UserError(
            f"{shown_as} does not know {listed([repr(name) for name in missing])}: it {answers}",
            "Train on the labels as they are now, or measure it with the labels of its time (journal_version).",
        )
    # Shown under the names they have here.
    names = list(known)
    for label, place in zip(labels, places.tolist(), strict=True):
        if place >= 0:
            names[place] = label
    return tuple(names), places[classes]


def _majority(
    rows: Rows, labelling: Labelling, chosen: Examples, names: Sequence[str], classes: _Ints
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
