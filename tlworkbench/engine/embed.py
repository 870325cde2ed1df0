"""Embeddings of all rows of a dataset: what the cache lacks is computed, the rest is there already."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tlworkbench.catalog.resolve import resolve_model
from tlworkbench.data.embedding_files import EmbeddingsMeta, Keys, append
from tlworkbench.data.embeddings import Embeddings, embeddings_folder
from tlworkbench.data.rows import Rows
from tlworkbench.engine.context import JobContext
from tlworkbench.engine.model_identity import model_identity
from tlworkbench.errors import UserError

POOLING = "mean"
MAX_LENGTH = 256
"""Tokens at which texts are cut; less where the model takes fewer."""


@dataclass(frozen=True)
class Embedded:
    """The embeddings of a dataset by one model."""

    embeddings: Embeddings
    identity: str
    """Name of their folder in the cache."""
    computed: int
    """Rows that were not in the cache."""


def embed_rows(context: JobContext, rows: Rows, model: str, jobs_dir: Path) -> Embedded:
    """Embeddings of every row by `model`, as `resolve_model` takes it.

    torch is imported only where something is to be computed. Raises UserError for a model that can't be used, and
    `Stopped` when the job is asked to stop; what was computed until then is kept.
    """
    folder = resolve_model(model, jobs_dir)
    identity = model_identity(folder, POOLING, MAX_LENGTH)
    cache = embeddings_folder(identity)
    there = Embeddings.open(cache)
    missing = np.arange(len(rows)) if there is None else np.flatnonzero(~there.has(rows.keys))
    if len(missing):
        from tlworkbench.engine.embed_texts import embed_texts, load_encoder

        context.progress("loading the model", 0, len(missing))
        encoder = load_encoder(folder, model, MAX_LENGTH)
        for note in encoder.notes:
            context.note(note, warning=True)
        meta = EmbeddingsMeta(
            dimensions=encoder.dimensions, model=model, pooling=POOLING, max_length=encoder.max_length
        )

        def keep(keys: Keys, vectors: "np.ndarray[tuple[int, int], np.dtype[np.float32]]") -> None:
            append(cache, meta, keys, vectors)

        embed_texts(context, encoder, rows, missing, keep)
        there = Embeddings.open(cache)
    if there is None or not len(rows):
        raise UserError("the dataset has no rows", "Open one that has some: tlworkbench open SOURCE.")
    return Embedded(there, identity, len(missing))
