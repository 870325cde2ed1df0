"""A source in parts: one for each file, or for each split of a dataset from the Hub."""

import dataclasses
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import datasets
import pyarrow as pa
from huggingface_hub.utils import disable_progress_bars

from tlworkbench.errors import UserError

BATCH_ROWS = 2048
"""Rows read at a time: a stop is heard, and progress told, between two batches."""


@dataclass(frozen=True)
class Part:
    """Rows that belong to one split, read batch by batch and never all at once."""

    split: str
    name: str
    """As the user knows it: the file's path inside the source, or the split of a dataset."""
    tables: Callable[[], Iterator[pa.Table]]
    rows: int = 0
    """How many there are; 0 where that isn't known before reading."""
    class_names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Names of the classes, by ClassLabel column."""
    header: tuple[str, ...] = ()
    """Column names that came from a first line, which might have been data."""


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


def split_expressions(expression: str) -> list[tuple[str, str]]:
    """`train[:1000]+test` as [("train", "train[:1000]"), ("test", "test")]; raises UserError for nonsense."""
    pieces = []
    for piece in re.split(r"\s*\+\s*", expression.strip()):
        match = re.match(r"[\w.-]+", piece)
        try:
            datasets.ReadInstruction.from_spec(piece)
        except ValueError:
            match = None
        if match is None:
            raise UserError(f"'{expression}' is no split", "Write it as in train[:1000], train[:10%] or train+test.")
        pieces.append((match[0], piece))
    return pieces


def select(parts: list[Part], expression: str, between: Callable[[], None]) -> list[Part]:
    """The rows of `parts` that a split expression names. Reads all once, to count; calls `between` meanwhile."""
    lengths: dict[str, list[int]] = {}
    for part in parts:
        lengths.setdefault(part.split, []).append(_count(part, between))
    selected = []
    totals = {split: sum(counts) for split, counts in lengths.items()}
    for split, piece in split_expressions(expression):
        try:
            (window,) = datasets.ReadInstruction.from_spec(piece).to_absolute(totals)
        except (ValueError, AssertionError) as error:
            there = ", ".join(f"{name} ({count} rows)" for name, count in totals.items())
            raise UserError(f"'{piece}' is no part of this source: {error}", f"There are: {there}.") from error
        begin = 0
        for part, count in zip((part for part in parts if part.split == split), lengths[split], strict=True):
            low, high = max(window.from_ - begin, 0), min(window.to - begin, count)
            if low < high:
                selected.append(dataclasses.replace(part, tables=_window(part, low, high), rows=high - low))
            begin += count
    return selected


def _count(part: Part, between: Callable[[], None]) -> int:
    if part.rows:
        return part.rows
    count = 0
    for table in part.tables():
        between()
        count += table.num_rows
    return count


def _window(part: Part, low: int, high: int) -> Callable[[], Iterator[pa.Table]]:
    def tables() -> Iterator[pa.Table]:
        begin = 0
        for table in part.tables():
            piece = table.slice(max(low - begin, 0), max(high - max(begin, low), 0))
            if piece.num_rows:
                yield piece
            begin += table.num_rows
            if begin >= high:
                return

    return tables
