"""Embeddings of rows by key, memory-mapped from the cache; which rows are like which."""

from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from tlworkbench import paths
from tlworkbench.data.embedding_files import (
    KEY_TYPE,
    KEYS_NAME,
    NUMBER_TYPE,
    VECTORS_NAME,
    EmbeddingsMeta,
    Floats,
    Keys,
    committed,
    read_meta,
)
from tlworkbench.errors import UserError

_CHUNK = 16_384
"""Vectors looked at together."""
_PRODUCTS = 8_000_000
"""Similarities held at once."""

Places = np.ndarray[Any, np.dtype[np.int64]]


def embeddings_folder(identity: str) -> Path:
    """Where the embeddings by a model lie, whatever dataset they are of."""
    return paths.cache_dir() / "embeddings" / identity


class Embeddings:
    """The vectors of a folder as they were when it was opened; what is added later shows in a new one.

    A million vectors stay on the disk: they are read in pieces, and only their keys are held.
    """

    def __init__(self, folder: Path, meta: EmbeddingsMeta, keys: Keys) -> None:
        self.folder = folder
        self.meta = meta
        self.keys = keys

    @classmethod
    def open(cls, folder: Path) -> "Embeddings | None":
        """Open a folder; None where there are none yet. Raises UserError where it is damaged."""
        meta = read_meta(folder)
        if meta is None:
            return None
        count = committed(folder, meta.dimensions)
        keys = np.fromfile(folder / KEYS_NAME, KEY_TYPE, count) if count else np.zeros(0, KEY_TYPE)
        return cls(folder, meta, keys.astype(np.uint64, copy=False))

    def __len__(self) -> int:
        return len(self.keys)

    def places(self, keys: "Keys | Iterable[int]") -> Places:
        """Place of each key in the files, -1 where there is no vector for it."""
        wanted = np.asarray(keys if isinstance(keys, np.ndarray) else list(keys), np.uint64)
        if not len(self) or not len(wanted):
            return np.full(len(wanted), -1, np.int64)
        order, ordered = self._order
        found = np.minimum(np.searchsorted(ordered, wanted), len(ordered) - 1)
        return np.where(ordered[found] == wanted, order[found], -1).astype(np.int64)

    def has(self, keys: "Keys | Iterable[int]") -> np.ndarray[Any, np.dtype[np.bool_]]:
        """Whether there is a vector for each key."""
        return np.asarray(self.places(keys) >= 0, np.bool_)

    def vectors(self, keys: "Keys | Iterable[int]") -> Floats:
        """Vectors of rows in the given order: float32, rows × dimensions. Raises UserError for rows without one."""
        places = self.places(keys)
        missing = int((places < 0).sum())
        if missing:
            raise UserError(f"{missing} rows have no embeddings yet", "Look for suspects: tlworkbench suspects.")
        vectors = np.empty((len(places), self.meta.dimensions), np.float32)
        for start in range(0, len(places), _CHUNK):
            # A map of its own for each piece: what was read is let go of again.
            vectors[start : start + _CHUNK] = self._mapped(0, len(self))[places[start : start + _CHUNK]]
        return vectors

    def nearest(self, key: int, k: int = 20, among: Keys | None = None) -> tuple[Keys, Floats]:
        """The `k` rows most like one, best first, with their cosine similarities; the row itself is not among them.

        among: keys to choose from, as those of one dataset; all of the cache where it is None. Raises UserError where
        the row has no embedding.
        """
        keys, similarities = self.nearest_to([key], k, among)
        return keys[0], similarities[0]

    def nearest_to(self, keys: "Keys | Iterable[int]", k: int, among: Keys | None = None) -> tuple[Keys, Floats]:
        """The same for several rows: keys and similarities, rows × `k` (fewer where there are not so many)."""
        wanted = np.asarray(keys if isinstance(keys, np.ndarray) else list(keys), np.uint64)
        queries = _normalised(self.vectors(wanted))
        own = self.places(wanted)
        best = np.full((len(wanted), k), -1, np.int64)
        scores = np.full((len(wanted), k), -np.inf, np.float32)
        for places, vectors in self._pieces(among, max(64, min(_CHUNK, _PRODUCTS // max(1, len(wanted))))):
            # Dividing the products costs less than dividing the vectors.
            lengths = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))
            found = queries @ vectors.T / np.maximum(lengths, 1e-12)
            found[own[:, None] == places[None, :]] = -np.inf
            top = min(k, found.shape[1])
            kept = np.argpartition(-found, top - 1, axis=1)[:, :top]
            scores = np.concatenate([scores, np.take_along_axis(found, kept, axis=1)], axis=1)
            best = np.concatenate([best, places[kept]], axis=1)
            order = np.argsort(-scores, axis=1, kind="stable")[:, :k]
            scores, best = np.take_along_axis(scores, order, axis=1), np.take_along_axis(best, order, axis=1)
        full = int(np.isfinite(scores).sum(axis=1).min()) if len(wanted) else 0
        return self.keys[best[:, :full]], scores[:, :full]

    def _pieces(self, among: Keys | None, size: int) -> Iterator[tuple[Places, Floats]]:
        """Places and vectors of the rows to choose from, in the order of the files."""
        if among is None or np.array_equal(among, self.keys):
            places = np.arange(len(self), dtype=np.int64)
        else:
            wanted = np.zeros(len(self) + 1, np.bool_)
            wanted[self.places(among)] = True
            # Rows without a vector have marked the last one.
            places = np.flatnonzero(wanted[:-1])
        for start in range(0, len(places), size):
            piece = places[start : start + size]
            first, last = int(piece[0]), int(piece[-1]) + 1
            mapped = self._mapped(first, last)
            # Most often the rows stand side by side.
            taken = mapped if last - first == len(piece) else mapped[piece - first]
            yield piece, np.asarray(taken, np.float32)

    def _mapped(self, first: int, last: int) -> Any:
        width = self.meta.dimensions
        shape = (last - first, width)
        return np.memmap(self.folder / VECTORS_NAME, NUMBER_TYPE, "r", offset=first * width * 2, shape=shape)

    @cached_property
    def _order(self) -> tuple[Places, Keys]:
        order = np.argsort(self.keys, kind="stable")
        return order, self.keys[order]


def _normalised(vectors: Floats) -> Floats:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-12), np.float32)
