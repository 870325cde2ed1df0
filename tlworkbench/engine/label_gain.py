"""`gain`: what relabelling brought, told by the same head learned from the labels before and from the labels now."""

import time
from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

from tlworkbench.data.duplicates import has_text
from tlworkbench.data.label_set import LabelIds
from tlworkbench.data.labelling import Labelling, Marks
from tlworkbench.data.rows import Rows
from tlworkbench.engine.bootstrap import Compared, Difference, compare
from tlworkbench.engine.choice import labelling_at
from tlworkbench.engine.context import JobContext
from tlworkbench.engine.embed import embed_rows
from tlworkbench.engine.folds import drawn
from tlworkbench.engine.logistic_head import fit_head
from tlworkbench.engine.metrics import Ints
from tlworkbench.engine.row_vectors import RowVectors
from tlworkbench.engine.stopping import Stopped
from tlworkbench.errors import UserError
from tlworkbench.jobs.events import Finished
from tlworkbench.jobs.spec import GainSpec
from tlworkbench.jobs.suspects import judging_model
from tlworkbench.workspace import open_workspace

_CHUNK = 65_536


@dataclass(frozen=True)
class Labels:
    """The labels of one moment, as classes of the label set now."""

    classes: Ints
    """Of each row; -1 where it has none."""
    used: Marks
    """Rows that are labelled, hold a text and are not excluded."""


def run(context: JobContext, spec: GainSpec) -> Finished:
    """Measure both heads on the validation rows: with their labels as they are now, and as they were.

    Raises UserError where nothing was relabelled, or there is nothing to learn from or to measure on.
    """
    began = time.monotonic()
    workspace = open_workspace(str(context.workspace))
    rows = workspace.rows()
    now_labelling = labelling_at(workspace, rows, spec.journal_version)
    filled = has_text(rows)
    now = _labels(now_labelling, now_labelling, filled)
    before = _labels(Labelling.at(rows, now_labelling.journal, spec.before), now_labelling, filled)
    changed = (now.used | before.used) & ((now.classes != before.classes) | (now.used != before.used))
    train, validation = _split(rows, "train"), _split(rows, "validation")
    _check(now, before, changed, train, validation)
    names = now_labelling.label_set.names
    try:
        embedded = embed_rows(context, rows, judging_model(workspace, spec.model), workspace.jobs_dir)
        vectors = RowVectors(embedded.embeddings, rows.keys)
        context.progress("comparing the labels", 0, 2, "heads")
        measured = np.flatnonzero(validation & (now.used | before.used))
        answers = []
        with threadpool_limits(1, "blas"):
            for number, labels in enumerate((before, now), 1):
                answers.append(_answers(vectors, labels, np.flatnonzero(train & labels.used), measured, names, spec))
                context.progress("comparing the labels", number, 2, "heads")
                if context.stop_requested:
                    raise Stopped
    except Stopped:
        return Finished(status="stopped", what="stopped; the embeddings made until then are kept")
    by_now = _compared(measured, now, answers, len(names), spec)
    by_before = _compared(measured, before, answers, len(names), spec)
    return context.done(
        in_words(by_now),
        **_document(by_now),
        by_labels_before=_document(by_before),
        relabelled={"train": int((changed & train).sum()), "validation": int((changed & validation).sum())},
        train_rows={"before": int((train & before.used).sum()), "after": int((train & now.used).sum())},
        model=judging_model(workspace, spec.model),
        seconds=round(time.monotonic() - began, 1),
    )


def in_words(compared: Compared) -> str:
    """One sentence: `accuracy .694 → .711 (+.017, 95 % +.004 to +.031), macro-F1 … on 2000 validation rows`."""
    return (
        f"accuracy {_difference(compared.accuracy)}, macro-F1 {_difference(compared.macro_f1)} "
        f"on {compared.rows} validation rows"
    )


def _difference(figure: Difference) -> str:
    def short(value: float, sign: str = "") -> str:
        return format(value, f"{sign}.3f").replace("0.", ".", 1)

    interval = f"95 % {short(figure.low, '+')} to {short(figure.high, '+')}"
    return f"{short(figure.before)} → {short(figure.after)} ({short(figure.change, '+')}, {interval})"


def _labels(labelling: Labelling, now: Labelling, filled: Marks) -> Labels:
    """Merges and drops made since hold for the labels before as well, so that only what rows are labelled counts."""
    ids: LabelIds = now.label_set.resolve[labelling.current]
    classes = now.label_set.class_of[ids].astype(np.int64)
    return Labels(classes, filled & ~labelling.excluded & (classes >= 0))


def _split(rows: Rows, name: str) -> Marks:
    if name not in rows.meta.splits:
        return np.zeros(len(rows), np.bool_)
    return np.asarray(rows.splits == rows.meta.splits.index(name), np.bool_)


def _check(now: Labels, before: Labels, changed: Marks, train: Marks, validation: Marks) -> None:
    if not changed.any():
        raise UserError("no row is labelled otherwise than before", "Put some labels right first; S finds suspects.")
    for labels, words in ((before, "before"), (now, "now")):
        if len(np.unique(labels.classes[train & labels.used])) < 2:
            raise UserError(
                f"the training rows have fewer than two labels {words}, so there is nothing to compare",
                "Label training rows of at least two classes.",
            )
    if not (validation & now.used).any():
        raise UserError("there are no labelled validation rows to measure on", "Label some rows of that split.")


def _answers(
    vectors: RowVectors, labels: Labels, train: Ints, measured: Ints, names: tuple[str, ...], spec: GainSpec
) -> Ints:
    learned = drawn(train, labels.classes[train], spec.max_fit_rows, spec.seed)
    head = fit_head(vectors.of(learned), labels.classes[learned], len(names))
    parts = [head.probabilities(vectors.of(measured[at : at + _CHUNK])) for at in range(0, len(measured), _CHUNK)]
    return np.asarray(np.concatenate(parts).argmax(axis=1), np.int64)


def _compared(measured: Ints, labels: Labels, answers: list[Ints], classes: int, spec: GainSpec) -> Compared:
    """Both heads against these labels of the validation rows."""
    there = labels.used[measured]
    if not there.any():
        nothing = Difference(0.0, 0.0, 0.0, 0.0)
        return Compared(0, nothing, nothing)
    truth = labels.classes[measured[there]]
    before, after = (given[there] for given in answers)
    return compare(truth, before, after, classes, spec.resamples, spec.seed)


def _document(compared: Compared) -> dict[str, object]:
    return {
        "rows": compared.rows,
        "accuracy": compared.accuracy.document(),
        "macro_f1": compared.macro_f1.document(),
    }
