"""The order in which rows are trained on."""

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from tlworkbench.engine.sampler import LengthGroupedSampler

lengths_of = st.lists(st.integers(1, 300), min_size=1, max_size=400).map(lambda x: np.array(x, np.int64))


@given(lengths_of, st.integers(1, 40), st.integers(0, 3))
def test_each_row_once_and_the_part_batch_last(
    lengths: np.ndarray[tuple[int], np.dtype[np.int64]], batch: int, epoch: int
) -> None:
    sampler = LengthGroupedSampler(lengths, batch, seed=3)
    sampler.epoch = epoch
    order = list(sampler)
    assert sorted(order) == list(range(len(lengths))) and len(sampler) == len(order)
    if epoch == 0 and len(lengths) >= batch:
        longest = max(max(lengths[order[i : i + batch]]) for i in range(0, len(order) // batch * batch, batch))
        assert max(lengths[order[:batch]]) == longest


def test_depends_on_seed_and_epoch_and_nothing_else() -> None:
    lengths = np.arange(1, 201)
    one, two = (LengthGroupedSampler(lengths, 8, seed=7) for _ in range(2))
    torch.manual_seed(1)
    first = list(one)
    torch.rand(5), np.random.rand(5)
    # As in a resumed run: later epochs don't need the earlier ones to be drawn.
    two.epoch = one.epoch = 1
    second = list(two)
    assert list(one) == second != first
    two.epoch = 2
    assert list(two) not in (first, second)
    two.epoch = 0
    assert list(two) == first != list(LengthGroupedSampler(lengths, 8, seed=8))


def test_batches_are_of_like_length_in_an_order_that_is_not_sorted() -> None:
    lengths = np.random.default_rng(1).integers(5, 200, 3200)
    batches = np.array(LengthGroupedSampler(lengths, 32, seed=7).order()).reshape(-1, 32)
    widths = lengths[batches].max(axis=1)
    padded = float((widths * 32).sum())
    assert padded < 1.06 * lengths.sum()
    assert padded < 0.7 * float(lengths.reshape(-1, 32).max(axis=1).sum() * 32)
    assert 0.4 < np.mean(np.diff(widths) > 0) < 0.6
    assert np.std([batch.mean() for batch in batches]) < len(lengths) / 4
