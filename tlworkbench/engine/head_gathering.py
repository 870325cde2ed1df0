"""The features of all rows of a run: those that are kept are read, the others computed and kept."""

import shutil
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tlworkbench.data.embedding_files import EmbeddingsMeta, Floats, Keys, append
from tlworkbench.data.embeddings import Embeddings
from tlworkbench.data.rows import Rows
from tlworkbench.data.run_examples import RunExamples
from tlworkbench.engine.choice import texts_of
from tlworkbench.engine.context import JobContext
from tlworkbench.engine.head_features import (
    MODEL_FOLDER,
    Features,
    HeadLayer,
    joined_width,
    kept_features,
    missing_keys,
    read_layer,
)
from tlworkbench.engine.stopping import Stopped
from tlworkbench.jobs.spec import TrainSpec

_METHOD = "head"


@dataclass(frozen=True)
class GatheredFeatures:
    """Features of all rows of a run."""

    layer: HeadLayer
    train: Features
    validation: Features
    computed: int
    """Texts that went through the body now,"""
    seconds: float
    """and how long that took."""


def gather_features(
    context: JobContext, spec: TrainSpec, examples: RunExamples, rows: Rows, source: Path, cache: Path
) -> GatheredFeatures:
    """Features of a run's training and validation rows; those not in `cache` yet are computed and kept there.

    Raises Stopped when the job is asked to stop, UserError where rows are gone or the model can't be used.
    """
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
    return GatheredFeatures(
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
