"""`suspects`: judge every label by what rows like it are labelled, and say which are probably wrong."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from threadpoolctl import threadpool_limits

from tlworkbench.data.duplicates import Groups, has_text, text_groups
from tlworkbench.data.embedding_files import Floats
from tlworkbench.data.labelling import Labelling, Marks
from tlworkbench.data.rows import Rows
from tlworkbench.data.suggestions import FILE_NAME, SuggestionColumns, SuggestionsMeta, write_suggestions
from tlworkbench.engine.choice import labelling_at
from tlworkbench.engine.context import JobContext
from tlworkbench.engine.embed import Embedded, embed_rows
from tlworkbench.engine.folds import drawn, fold_of, groups_by_class
from tlworkbench.engine.label_ranking import begin_import, suspects, suspicion
from tlworkbench.engine.machine import usable_cores
from tlworkbench.engine.metrics import Ints
from tlworkbench.engine.row_vectors import RowVectors
from tlworkbench.engine.stopping import Stopped
from tlworkbench.errors import UserError
from tlworkbench.jobs.events import Finished
from tlworkbench.jobs.spec import SuspectsSpec
from tlworkbench.jobs.suspects import judging_model
from tlworkbench.workspace import open_workspace

if TYPE_CHECKING:
    from tlworkbench.engine.logistic_head import Head

_FEWEST_ROWS = 10
_THREADS = 4
"""Folds at once, each of which holds its rows' vectors three times."""
_CHUNK = 65_536
_LOOKED_AT = ("key", "suggestion")
"""Means of an edit by which someone decided on this very row."""
_REMEMBERED = 50_000
_NEAREST = 5
_COMPARED = 500_000_000
"""Pairs of rows compared for the nearest at most, so that a million rows cost seconds;"""
_MOST, _LEAST = 2000, 500
"""in between so many of the worst rows get their nearest."""


@dataclass(frozen=True)
class Judged:
    """The rows whose labels are judged, and the classes they are of."""

    rows: Ints
    """Row indices, ascending."""
    classes: Ints
    """Class of each, index into `label_ids`."""
    label_ids: Ints
    """Labels that have two different texts or more."""
    groups: Groups
    """Rows with the same text have the same number."""


def run(context: JobContext, spec: SuspectsSpec) -> Finished:
    """Write `suggestions.arrow` into the workspace; embeddings that are missing are computed first and kept.

    Raises UserError where there is too little to judge by.
    """
    began = time.monotonic()
    begin_import()
    workspace = open_workspace(str(context.workspace))
    rows = workspace.rows()
    labelling = labelling_at(workspace, rows, spec.journal_version)
    judged = judge_which(rows, labelling, context)
    try:
        embedded = embed_rows(context, rows, judging_model(workspace, spec.model), workspace.jobs_dir)
        ranking_began = time.monotonic()
        columns = _judge(context, spec, RowVectors(embedded.embeddings, rows.keys), labelling, judged)
        nearest = _nearest(rows, columns, embedded)
    except Stopped:
        return Finished(status="stopped", what="stopped; the embeddings made until then are kept")
    meta = SuggestionsMeta(
        model=judging_model(workspace, spec.model),
        embeddings=embedded.identity,
        journal_version=labelling.version,
        labelled=len(judged.rows),
        suspects=int(columns.suspect.sum()),
    )
    write_suggestions(workspace.root / FILE_NAME, rows.keys, columns, nearest, meta)
    return context.done(
        f"{meta.suspects} suspects in {meta.labelled} labelled rows",
        suspects=meta.suspects,
        labelled=meta.labelled,
        model=meta.model,
        embedded=embedded.computed,
        journal_version=meta.journal_version,
        seconds=round(time.monotonic() - began, 1),
        ranking_seconds=round(time.monotonic() - ranking_began, 1),
    )


def judge_which(rows: Rows, labelling: Labelling, context: JobContext) -> Judged:
    """Every labelled row with a text that is not excluded, of all splits.

    Labels with a single text are left out, which a note tells: nothing could vouch for it. Raises UserError where fewer
    than two labels or ten rows are left.
    """
    groups = text_groups(rows)
    labels = labelling.label_set
    usable = np.flatnonzero((labelling.current >= 0) & ~labelling.excluded & has_text(rows))
    classes = labels.class_of[labelling.current[usable]].astype(np.int64)
    texts = groups_by_class(groups[usable], classes, len(labels.labels))
    known = np.flatnonzero(texts >= 2)
    if len(known) < 2:
        raise UserError(
            f"only {len(known)} label{'s have' if len(known) != 1 else ' has'} rows enough to compare with others",
            "Give rows of at least two labels, two different texts each, then look again.",
        )
    alone = [labels.names[number] for number in np.flatnonzero(texts == 1)]
    if alone:
        context.note(f"not judged, as no other text has the label: {', '.join(alone[:8])}{' …' * (len(alone) > 8)}")
    kept = texts[classes] >= 2
    usable, classes = usable[kept], classes[kept]
    if len(usable) < _FEWEST_ROWS:
        raise UserError(
            f"{len(usable)} labelled rows are too few to judge labels by",
            f"Label at least {_FEWEST_ROWS}, then look again.",
        )
    places = np.full(len(labels.labels), -1, np.int64)
    places[known] = np.arange(len(known))
    ids = np.array([labels.labels[number].id for number in known.tolist()], np.int64)
    return Judged(usable, places[classes], ids, groups)


def out_of_fold(vectors: RowVectors, judged: Judged, spec: SuspectsSpec, context: JobContext) -> Floats:
    """Probabilities of each judged row's classes by a head that saw neither it nor another row with its text."""
    fold = fold_of(judged.groups[judged.rows], judged.classes, spec.folds, spec.seed)
    found = np.zeros((len(judged.rows), len(judged.label_ids)), np.float32)

    def judge(number: int) -> Ints:
        _check(context)
        held = np.flatnonzero(fold == number)
        if len(held):
            head = _fit(vectors, judged, np.flatnonzero(fold != number), spec)
            found[held] = _probabilities(head, vectors, judged.rows[held])
        return held

    done = 0
    # One thread a fold and none within it: threads of matrix products wait for one another by spinning.
    with threadpool_limits(1, "blas"), ThreadPoolExecutor(min(usable_cores(), _THREADS)) as threads:
        for held in threads.map(judge, range(spec.folds)):
            done += len(held)
            context.progress("judging the labels", done, len(judged.rows))
    return found


def _judge(
    context: JobContext, spec: SuspectsSpec, vectors: RowVectors, labelling: Labelling, judged: Judged
) -> SuggestionColumns:
    count = len(labelling.current)
    if spec.max_fit_rows and len(judged.rows) * (spec.folds - 1) > spec.max_fit_rows * spec.folds:
        context.note(f"each head learned from {spec.max_fit_rows} rows, drawn by class; all {count} rows are judged")
    probabilities = np.empty((count, len(judged.label_ids)), np.float32)
    own = out_of_fold(vectors, judged, spec, context)
    probabilities[judged.rows] = own
    others = np.ones(count, np.bool_)
    others[judged.rows] = False
    if others.any():
        head = _fit(vectors, judged, np.arange(len(judged.rows)), spec)
        probabilities[others] = _probabilities(head, vectors, np.flatnonzero(others))
    _check(context)
    suspicious = np.full(count, np.nan, np.float32)
    suspicious[judged.rows] = suspicion(judged.classes, own)
    best = probabilities.argmax(axis=1)
    marked: Marks = np.zeros(count, np.bool_)
    marked[judged.rows] = suspects(judged.classes, own) & (best[judged.rows] != judged.classes)
    marked[_decided(labelling)] = False
    logs = np.log(np.maximum(probabilities, 1e-12))
    return SuggestionColumns(
        given=labelling.current,
        suggested=judged.label_ids[best].astype(np.int16),
        probability=probabilities.max(axis=1),
        suspicion=suspicious,
        uncertainty=np.asarray(-(probabilities * logs).sum(axis=1) / np.log(probabilities.shape[1]), np.float32),
        suspect=marked,
    )


def _decided(labelling: Labelling) -> Ints:
    """Rows whose label someone chose looking at them: they are not asked about again."""
    keys = [row.key for row in labelling.journal.recent_rows(_REMEMBERED) if row.means in _LOOKED_AT]
    found = labelling.rows.indices_of(keys)
    return found[found >= 0]


def _nearest(rows: Rows, columns: SuggestionColumns, embedded: Embedded) -> dict[int, list[int]]:
    """Keys of the nearest rows of the worst suspects."""
    marked = np.flatnonzero(columns.suspect)
    many = int(np.clip(_COMPARED // max(1, len(rows)), _LEAST, _MOST))
    worst = marked[np.argsort(-columns.suspicion[marked], kind="stable")][:many]
    if not len(worst):
        return {}
    keys, _ = embedded.embeddings.nearest_to(rows.keys[worst], _NEAREST, rows.keys)
    return dict(zip(worst.tolist(), keys.tolist(), strict=True))


def _fit(vectors: RowVectors, judged: Judged, which: Ints, spec: SuspectsSpec) -> "Head":
    # What it imports takes a second, which passes beside the reading of the rows.
    from tlworkbench.engine.logistic_head import fit_head

    learned = drawn(which, judged.classes[which], spec.max_fit_rows, spec.seed)
    return fit_head(vectors.of(judged.rows[learned]), judged.classes[learned], len(judged.label_ids))


def _probabilities(head: "Head", vectors: RowVectors, rows: Ints) -> Floats:
    parts = [head.probabilities(vectors.of(rows[at : at + _CHUNK])) for at in range(0, len(rows), _CHUNK)]
    return np.concatenate(parts)


def _check(context: JobContext) -> None:
    if context.stop_requested:
        raise Stopped
