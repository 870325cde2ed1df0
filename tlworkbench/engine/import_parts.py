"""A source in parts: one for each file, or for each split of a dataset from the Hub."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import pyarrow as pa


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
    size: int = 0
    """Bytes of the file; 0 where it is none, or is read in part."""
    position: Callable[[], int] = lambda: 0
    """Bytes of the file that `tables` has read so far."""
