"""A curve of any length brought down to what a chart of some width can show."""

from typing import Any, TypeAlias

import numpy as np

Floats: TypeAlias = np.ndarray[Any, np.dtype[np.float64]]
Ints: TypeAlias = np.ndarray[Any, np.dtype[np.int64]]


def thin(columns: Ints, values: Floats) -> Ints:
    """Places of the lowest and the highest value of each column, in the order in which they came.

    columns: column of each value, ascending. At most two places a column; no peak is lost.
    """
    if len(columns) == 0:
        return np.zeros(0, np.int64)
    places = np.arange(len(columns))
    starts = np.flatnonzero(np.concatenate(([True], columns[1:] != columns[:-1])))
    lengths = np.diff(np.append(starts, len(columns)))
    lowest = _first(values == np.repeat(np.minimum.reduceat(values, starts), lengths), places, starts)
    highest = _first(values == np.repeat(np.maximum.reduceat(values, starts), lengths), places, starts)
    return np.unique(np.concatenate((lowest, highest)))


def _first(wanted: np.ndarray[Any, np.dtype[np.bool_]], places: Ints, starts: Ints) -> Ints:
    # The first wanted place of each column.
    return np.minimum.reduceat(np.where(wanted, places, len(places)), starts)
