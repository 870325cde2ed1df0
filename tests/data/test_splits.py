"""Names of splits, and the cut by content."""

import numpy as np
import pytest

from tlworkbench.data.keys import content_hashes
from tlworkbench.data.splits import cut_validation, split_of


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("train", "train"),
        ("Training", "train"),
        ("train-00001-of-00002", "train"),
        ("tweets_val", "validation"),
        ("dev", "validation"),
        ("valid2", "validation"),
        ("test.en", "test"),
        ("eval", "test"),
        ("contest", None),
        ("trainer", None),
        ("data", None),
    ],
)
def test_a_name_speaks_of_a_split(name: str, split: str | None) -> None:
    assert split_of(name) == split


def test_the_cut_takes_about_its_share_and_never_changes() -> None:
    contents = content_hashes([f"text {n}" for n in range(10000)])
    cut = cut_validation(contents, 0.2)
    assert 0.18 < cut.mean() < 0.22
    assert np.array_equal(cut[:100], cut_validation(contents[:100], 0.2))
    # A larger share only adds rows.
    assert not (cut & ~cut_validation(contents, 0.3)).any()
    assert not cut_validation(contents, 0.0).any()
