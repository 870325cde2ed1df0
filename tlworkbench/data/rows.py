"""The rows of a workspace: an Arrow IPC file, memory-mapped, so that a million rows open at once."""

import bisect
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tlworkbench.data.rows_meta import FORMAT, KEY, LABEL, OWN_COLUMNS, SPLIT, RowsMeta, decode_meta
from tlworkbench.data.widening import as_text
from tlworkbench.errors import UserError


class Rows:
    """Rows in the order of their source; never changed once written (labels are changed in the journal)."""

    def __init__(self, table: pa.Table, meta: RowsMeta) -> None:
        self.meta = meta
        self._table = table
        self._starts = _chunk_starts(table.column(KEY))
        self._texts = [as_text(table.column(name)) for name in meta.text]
        self._text_chunks: list[list[Any]] = [column.chunks for column in self._texts]

    @classmethod
    def open(cls, path: Path) -> "Rows":
        """Map `path`; raises UserError when it is missing, damaged or written by a newer program."""
        try:
            reader = pa.ipc.open_file(pa.memory_map(str(path)))
            meta = decode_meta(reader.schema.metadata)
            table = reader.read_all()
        except FileNotFoundError:
            raise UserError(f"{path} does not exist", "Open a dataset first: tlworkbench open SOURCE.") from None
        except (OSError, pa.ArrowInvalid, KeyError, msgspec.DecodeError) as error:
            raise UserError(f"{path} is damaged or no file of rows: {error}", "Open the source again.") from error
        if meta.format > FORMAT:
            raise UserError(f"{path} was written by a newer tlworkbench (format {meta.format})", "Update this one.")
        return cls(table, meta)

    def __len__(self) -> int:
        return int(self._table.num_rows)

    @property
    def columns(self) -> tuple[str, ...]:
        """The source's columns in their order."""
        return tuple(name for name in self._table.column_names if name not in OWN_COLUMNS)

    @property
    def table(self) -> pa.Table:
        """All columns, ours first; zero-copy."""
        return self._table

    @cached_property
    def keys(self) -> np.ndarray[Any, np.dtype[np.uint64]]:
        """Key of each row."""
        return np.asarray(self._table.column(KEY).to_numpy(), np.uint64)

    @cached_property
    def splits(self) -> np.ndarray[Any, np.dtype[np.int8]]:
        """Split of each row as index into `meta.splits`."""
        return np.asarray(self._table.column(SPLIT).to_numpy(), np.int8)

    @cached_property
    def source_labels(self) -> np.ndarray[Any, np.dtype[np.int32]]:
        """Label of each row as index into `meta.label_values`; -1 where the source gives none."""
        return np.asarray(self._table.column(LABEL).to_numpy(), np.int32)

    def text(self, row: int) -> str:
        """Text of a row, its text columns joined by a line break; nulls are empty."""
        chunk = bisect.bisect_right(self._starts, row) - 1
        offset = row - self._starts[chunk]
        return "\n".join([chunks[chunk][offset].as_py() or "" for chunks in self._text_chunks])

    def texts(self, rows: Iterable[int]) -> list[str]:
        """Texts of several rows in the given order."""
        return [self.text(int(row)) for row in rows]

    def record(self, row: int) -> dict[str, object]:
        """The source's columns of a row, as Python values."""
        return {name: _plain(self._table.column(name)[row]) for name in self.columns}

    def text_column(self) -> pa.ChunkedArray:
        """Text of every row as string; not copied where there is a single text column without nulls."""
        return self._text_column

    def split_name(self, row: int) -> str:
        """Split of a row: `train`, `validation`, `test` or the source's own name."""
        return self.meta.splits[int(self.splits[row])]

    def index_of(self, key: int) -> int | None:
        """Row with a key, or None."""
        row = int(self.indices_of([key])[0])
        return None if row < 0 else row

    def indices_of(self, keys: Iterable[int]) -> np.ndarray[Any, np.dtype[np.int64]]:
        """Rows with the given keys, in their order; -1 where there is none."""
        wanted = np.asarray(keys if isinstance(keys, np.ndarray) else list(keys), np.uint64)
        if not len(self) or not len(wanted):
            return np.full(len(wanted), -1, np.int64)
        order, ordered = self._key_order
        places = np.minimum(np.searchsorted(ordered, wanted), len(ordered) - 1)
        return np.where(ordered[places] == wanted, order[places], -1).astype(np.int64)

    def prepare(self) -> None:
        """Make ready what looking for keys needs, so that the first edit need not wait for it; any thread may."""
        _ = self._key_order

    def find_key(self, prefix: str) -> int:
        """The key that begins with `prefix`, hex digits as shown; raises UserError when none or several do."""
        digits = prefix.strip().lower()
        if not digits or len(digits) > 16 or set(digits) - set("0123456789abcdef"):
            raise UserError(f"'{prefix}' is not a row's key", "A key is 16 hex digits, or the first few of them.")
        free = 4 * (16 - len(digits))
        first = int(digits, 16) << free
        ordered = self._key_order[1]
        low = int(np.searchsorted(ordered, np.uint64(first)))
        high = int(np.searchsorted(ordered, np.uint64(first + (1 << free) - 1), side="right"))
        if high == low:
            raise UserError(f"no row's key begins with '{prefix}'", "Keys stand beside the rows in Data.")
        if high - low > 1:
            raise UserError(f"{high - low} rows' keys begin with '{prefix}'", "Give more digits.")
        return int(ordered[low])

    @cached_property
    def _key_order(self) -> tuple[np.ndarray[Any, np.dtype[np.int64]], np.ndarray[Any, np.dtype[np.uint64]]]:
        order = np.argsort(self.keys, kind="stable")
        return order, self.keys[order]

    @cached_property
    def _text_column(self) -> pa.ChunkedArray:
        columns = [pc.fill_null(column, "") for column in self._texts]
        if len(columns) == 1:
            return columns[0]
        chunks = zip(*(column.chunks for column in columns), strict=True)
        return pa.chunked_array([pc.binary_join_element_wise(*parts, "\n") for parts in chunks], pa.string())


def key_text(key: int) -> str:
    """A key as it is shown and typed: 16 hex digits."""
    return f"{key:016x}"


def _plain(value: pa.Scalar) -> object:
    try:
        return value.as_py()
    except ValueError:
        # Times in nanoseconds are finer than Python's own.
        return str(value.cast(pa.string()).as_py())


def _chunk_starts(column: pa.ChunkedArray) -> list[int]:
    lengths = [len(chunk) for chunk in column.chunks]
    return [0, *np.cumsum(lengths).tolist()[:-1]] if lengths else [0]
