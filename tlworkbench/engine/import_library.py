"""The datasets library as imports use it; importing it takes two seconds, so local files do without."""

from collections.abc import Iterator
from typing import Any

import datasets
import pyarrow as pa
from huggingface_hub.utils import disable_progress_bars

BATCH_ROWS = 2048
"""Rows read at a time: a stop is heard, and progress told, between two batches."""


def prepare_library() -> None:
    """Have the datasets library do no more than it is asked to."""
    datasets.disable_progress_bars()
    disable_progress_bars()
    # A request goes out to the Hub for every local file, to count uses of the builders.
    datasets.config.HF_UPDATE_DOWNLOAD_COUNTS = False
    # Each stream imports torch, which takes two seconds, to be shared among loader workers that there are none of.
    datasets.config.TORCH_AVAILABLE = False


def class_names(features: Any) -> dict[str, tuple[str, ...]]:
    """Names of the ClassLabel columns among a dataset's features (None where those aren't known)."""
    return {
        name: tuple(feature.names)
        for name, feature in (features or {}).items()
        if isinstance(feature, datasets.ClassLabel)
    }


def read_batches(dataset: Any) -> Iterator[pa.Table]:
    """Arrow tables of a datasets Dataset or IterableDataset."""
    yield from dataset.with_format("arrow").iter(batch_size=BATCH_ROWS)
