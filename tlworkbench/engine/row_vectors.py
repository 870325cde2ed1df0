"""The embeddings of a dataset's rows as heads take them: of length one, centred, in one scale whatever the model."""

import numpy as np

from tlworkbench.data.embedding_files import Floats, Keys
from tlworkbench.data.embeddings import Embeddings
from tlworkbench.engine.metrics import Ints

_HELD = 512 << 20
"""Bytes up to which all vectors are read once and kept."""
_SAMPLE = 20_000


class RowVectors:
    """Vectors by row index. Hidden states of many models share one large direction, which centring takes away; divided
    by their mean length they then suit one penalty."""

    def __init__(self, embeddings: Embeddings, keys: Keys) -> None:
        self._embeddings, self._keys = embeddings, keys
        sample = self._unit(np.arange(0, len(keys), max(1, len(keys) // _SAMPLE)))
        self._centre = sample.mean(axis=0)
        spread = float(np.sqrt(((sample - self._centre) ** 2).sum(axis=1).mean()))
        self._scale = np.float32(1.0 / max(spread, 1e-6))
        self._all: Floats | None = None
        if len(keys) * self.dimensions * 4 <= _HELD:
            self._all = self._put_right(self._unit(np.arange(len(keys))))

    @property
    def dimensions(self) -> int:
        """Numbers a vector."""
        return self._embeddings.meta.dimensions

    def of(self, rows: Ints) -> Floats:
        """Vectors of rows: float32, rows × dimensions."""
        return self._put_right(self._unit(rows)) if self._all is None else self._all[rows]

    def _unit(self, rows: Ints) -> Floats:
        vectors = self._embeddings.vectors(self._keys[rows])
        return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12), np.float32)

    def _put_right(self, vectors: Floats) -> Floats:
        return np.asarray((vectors - self._centre) * self._scale, np.float32)
