"""Finding rows by what their text says."""

import contextlib
import itertools
import os
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from tlworkbench.data.rows import Rows
from tlworkbench.data.text_pattern import TextPattern, text_pattern

Indices = np.ndarray[Any, np.dtype[np.int64]]

THREADS = 2
"""Arrow lets go of the interpreter while it looks through texts, so that two threads are twice as fast."""
_NICE = 10
"""How far the threads step back for who types meanwhile."""
_PIECE_BYTES = 4 << 20
"""Texts looked through at a time: a search can be given up between two pieces."""


@dataclass(frozen=True, eq=False)
class Batch:
    """What one piece of the texts held."""

    rows: Indices
    """Rows that were found, ascending and after those of the batch before."""
    looked: int
    """Rows looked at until now."""


def find_text(rows: Rows, needle: str, *, cancelled: Callable[[], bool] = lambda: False) -> Indices:
    """Rows whose text holds `needle`, ascending; see `text_pattern` and `search_texts`."""
    return joined([batch.rows for batch in search_texts(rows, needle, cancelled=cancelled)])


def search_texts(rows: Rows, needle: str, *, cancelled: Callable[[], bool] = lambda: False) -> Iterator[Batch]:
    """Look through all texts, a piece at a time, in the order of the rows.

    `cancelled` is asked before each piece; then what was found until then is all there is.
    Raises UserError for an expression that can't be read.
    """
    pattern = text_pattern(needle)
    pieces = _pieces(rows.text_column())
    begin = 0
    with ThreadPoolExecutor(THREADS, thread_name_prefix="search", initializer=_step_back) as threads:
        ahead: deque[tuple[int, Future[Indices]]] = deque()
        for piece in itertools.chain(pieces, itertools.repeat(None, 2 * THREADS)):
            if len(ahead) == 2 * THREADS or (piece is None and ahead):
                if cancelled():
                    break
                length, found = ahead.popleft()
                yield Batch(found.result() + begin, begin + length)
                begin += length
            if piece is not None:
                ahead.append((len(piece), threads.submit(_places, pattern, piece)))
        for _, future in ahead:
            future.cancel()


def joined(parts: list[Indices]) -> Indices:
    """All of them as one."""
    return np.concatenate(parts) if parts else np.zeros(0, np.int64)


def _step_back() -> None:
    if sys.platform == "linux":
        # Linux, unlike others, gives each thread a priority of its own.
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)


def _places(pattern: TextPattern, texts: pa.Array) -> Indices:
    return np.flatnonzero(pattern.found_in(texts).to_numpy(zero_copy_only=False))


def _pieces(column: pa.ChunkedArray) -> Iterator[pa.Array]:
    for chunk in column.chunks:
        if len(chunk):
            rows = max(1, len(chunk) * _PIECE_BYTES // max(chunk.nbytes, _PIECE_BYTES))
            for begin in range(0, len(chunk), rows):
                yield chunk.slice(begin, rows)
