"""The time a run was at work: what it stood still between a stop and its resumption does not count."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np

Times: TypeAlias = np.ndarray[Any, np.dtype[np.float64]]
Pauses: TypeAlias = tuple[tuple[float, float], ...]
"""When a run went on again, and how long it had stood still by then; seconds."""


def pauses(logged: Times, begun: Sequence[float]) -> Pauses:
    """The pauses of a run whose processes began at `begun`, as far as its steps, logged at ascending times, tell.

    A pause begins at the last step that is kept: what was done after it was done again.
    """
    found = []
    for before, again in pairwise(begun):
        place = int(np.searchsorted(logged, again))
        last = float(logged[place - 1]) if place else before
        found.append((again, max(0.0, again - max(before, last))))
    return tuple(found)


def at_work(times: Times, began: float, stood_still: Pauses) -> Times:
    """Seconds since a run began at each of these times, without its pauses."""
    seconds = times - began
    for again, length in stood_still:
        seconds = np.where(times >= again, seconds - length, seconds)
    return np.maximum(seconds, 0.0)
