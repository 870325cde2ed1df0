"""Finding rows by what their text says."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tlworkbench.data.rows import Rows
from tlworkbench.errors import UserError

REGEX = "re:"
"""A needle that begins so is a regular expression."""

Indices = np.ndarray[Any, np.dtype[np.int64]]


def find_text(
    rows: Rows, needle: str, *, indices: Indices | None = None, cancelled: Callable[[], bool] = lambda: False
) -> Indices:
    """Rows whose text holds `needle`, in their order (or that of `indices`, when only those are looked at).

    Capitals count only where the needle has one. After `re:` the needle is a regular expression (RE2 syntax).
    `cancelled` is looked at between two chunks; what was found until then is returned.
    Raises UserError for an expression that can't be read.
    """
    matches = _matcher(needle)
    column = rows.text_column()
    if indices is None:
        return _search(column, matches, cancelled)
    if len(indices) * 4 < len(rows):
        return indices[_search(column.take(pa.array(indices)), matches, cancelled)]
    found = np.zeros(len(rows), np.bool_)
    found[_search(column, matches, cancelled)] = True
    return indices[found[indices]]


def _search(column: pa.ChunkedArray, matches: Callable[[pa.Array], pa.Array], cancelled: Callable[[], bool]) -> Indices:
    found = [np.zeros(0, np.int64)]
    begin = 0
    for chunk in column.chunks:
        if cancelled():
            break
        found.append(np.flatnonzero(matches(chunk).to_numpy(zero_copy_only=False)) + begin)
        begin += len(chunk)
    return np.concatenate(found)


def _matcher(needle: str) -> Callable[[pa.Array], pa.Array]:
    if not needle.startswith(REGEX):
        ignore_case = needle == needle.lower()
        return lambda chunk: pc.match_substring(chunk, needle, ignore_case=ignore_case)
    pattern = needle.removeprefix(REGEX)
    letters = re.sub(r"\\.", "", pattern)
    ignore_case = letters == letters.lower()

    def matches(chunk: pa.Array) -> pa.Array:
        return pc.match_substring_regex(chunk, pattern, ignore_case=ignore_case)

    try:
        matches(pa.array([""]))
    except pa.ArrowInvalid as error:
        reason = str(error).removeprefix("Invalid regular expression: ")
        raise UserError(
            f"'{pattern}' is no regular expression: {reason}", "Look-around and back-references don't exist here."
        ) from error
    return matches
