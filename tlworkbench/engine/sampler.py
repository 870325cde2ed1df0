"""The order of the training rows: batches of texts of like length, the same for the same (seed, epoch)."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from torch.utils.data import Sampler

_MEGA = 50
"""Batches that are drawn together before they are sorted by length."""

Rows = np.ndarray[Any, np.dtype[np.int64]]


class LengthGroupedSampler(Sampler[int]):
    """Yields each row once an epoch so that consecutive `batch_size` rows make a batch of texts of like length.

    Rows are shuffled, cut into mega-batches, each sorted by length and cut into batches, whose order is shuffled
    again; a batch that isn't full comes last. Depends on nothing but (seed, epoch), no global random state, so that a
    run resumed in the middle of an epoch sees the rows it would have seen. `transformers`' own length grouping draws
    from the global generator and does not survive that.
    """

    def __init__(self, lengths: Rows, batch_size: int, seed: int) -> None:
        self._lengths = lengths
        self._batch_size = batch_size
        self._seed = seed
        self.epoch = 0

    def __len__(self) -> int:
        return len(self._lengths)

    def __iter__(self) -> Iterator[int]:
        return iter(self.order().tolist())

    def order(self) -> Rows:
        """Row numbers in the order of this epoch."""
        random = np.random.default_rng((self._seed, self.epoch))
        rows = self._drawn(random)
        mega = self._batch_size * _MEGA
        for start in range(0, len(rows), mega):
            part = rows[start : start + mega]
            rows[start : start + mega] = part[np.argsort(-self._lengths[part], kind="stable")]
        full = len(rows) // self._batch_size
        batches = random.permutation(full)
        if full and self.epoch == 0:
            # The longest batch first: what doesn't fit into memory fails at once, not after half an hour.
            longest = self._lengths[rows[: full * self._batch_size : self._batch_size]].argmax()
            at = int(np.flatnonzero(batches == longest)[0])
            batches[[0, at]] = batches[[at, 0]]
        grouped = rows[: full * self._batch_size].reshape(full, self._batch_size)[batches].reshape(-1)
        return np.concatenate([grouped, rows[full * self._batch_size :]])

    def _drawn(self, random: np.random.Generator) -> Rows:
        """The rows of an epoch, shuffled."""
        return random.permutation(len(self))


class BalancedSampler(LengthGroupedSampler):
    """The same with each class drawn equally often, to within one, in an epoch of as many rows as there are.

    A class with fewer rows than its share comes round again before any of its rows comes a third time; of one with
    more, each epoch draws others. Classes without rows have no share.
    """

    def __init__(self, lengths: Rows, batch_size: int, seed: int, classes: Rows) -> None:
        super().__init__(lengths, batch_size, seed)
        self._by_class = [np.flatnonzero(classes == number) for number in np.unique(classes)]

    def _drawn(self, random: np.random.Generator) -> Rows:
        share, rest = divmod(len(self), len(self._by_class))
        shares = share + random.permutation(np.arange(len(self._by_class)) < rest)
        drawn = [
            np.concatenate([random.permutation(rows) for _ in range(-(-count // len(rows)))] or [rows[:0]])[:count]
            for rows, count in zip(self._by_class, shares.tolist(), strict=True)
        ]
        return random.permutation(np.concatenate(drawn))
