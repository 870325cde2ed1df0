"""Orders in which rows are shown."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from tlworkbench.data.filter_facts import FilterFacts
from tlworkbench.data.labelling import Indices
from tlworkbench.data.mixing import UInt64s, seeded
from tlworkbench.data.rows import Rows
from tlworkbench.errors import UserError

Scores = np.ndarray[Any, np.dtype[np.float32]]


@dataclass(frozen=True)
class Order:
    """One order: its name, the key that chooses it in the menu, and its words."""

    name: str
    key: str
    words: str
    """As the frame's title tells it; empty where there is nothing to tell."""
    help: str


FILE = "file"
RANDOM = "random"
ORDERS: tuple[Order, ...] = (
    Order(FILE, "f", "", "as in the file, or as they were asked for"),
    Order("suspicious", "s", "suspicious first", "whose label is probably wrong"),
    Order("uncertain", "u", "uncertain first", "of which the model is least sure"),
    Order("longest", "l", "longest first", "by characters"),
    Order("shortest", "h", "shortest first", "by characters"),
    Order(RANDOM, "r", "random", "the same seed gives the same order"),
    Order("latest", "t", "latest edit first", "what was edited last, then the rest"),
)
BY_SUGGESTIONS = ("suspicious", "uncertain")
"""Orders that need suggestions."""
_BY_NAME = {order.name: order for order in ORDERS}


@dataclass(frozen=True, eq=False)
class OrderInput:
    """What orders look at. Scores have one entry a row, NaN where there is none."""

    rows: Rows
    suspicion: Scores | None = None
    """Higher is worse; None before suspects were looked for."""
    uncertainty: Scores | None = None
    latest: Indices | None = None
    """Rows in the order of their last edit, newest first."""
    seed: int = 0
    facts: FilterFacts | None = None
    """Lengths that were worked out before."""


def find_order(name: str) -> Order | None:
    """The order called so."""
    return _BY_NAME.get(name)


def ordered(indices: Indices, order: str, given: OrderInput) -> Indices:
    """The rows `indices` in an order; rows that are equal in it stay as they were.

    Raises UserError for an order that needs suggestions where there are none, and for one that does not exist.
    """
    match order:
        case "file":
            return indices
        case "suspicious":
            return _descending(indices, _needed(given.suspicion))
        case "uncertain":
            return _descending(indices, _needed(given.uncertainty))
        case "longest":
            # All bits turned round: the longest becomes the smallest.
            return _ascending(indices, ~_lengths(indices, given))
        case "shortest":
            return _ascending(indices, _lengths(indices, given))
        case "random":
            return _ascending(indices, _shuffled(given.rows.keys[indices], given.seed))
        case "latest":
            return _latest(indices, given)
    raise UserError(f"there is no order '{order}'", f"Orders are {', '.join(_BY_NAME)}.")


def _needed(scores: Scores | None) -> Scores:
    if scores is None:
        raise UserError("nothing was predicted for these rows yet", "Press S to look for suspects.")
    return scores


def _lengths(indices: Indices, given: OrderInput) -> np.ndarray[Any, np.dtype[np.uint32]]:
    facts = given.facts or FilterFacts(given.rows)
    return facts.lengths[indices].astype(np.uint32)


def _latest(indices: Indices, given: OrderInput) -> Indices:
    if given.latest is None:
        return indices
    latest = given.latest[given.latest >= 0]
    ranks = np.full(len(given.rows), 2**32 - 1, np.uint32)
    ranks[latest[::-1]] = np.arange(len(latest), dtype=np.uint32)[::-1]
    return _ascending(indices, ranks[indices])


def _descending(indices: Indices, scores: Scores) -> Indices:
    # Adding zero makes -0.0 a plain 0.0.
    wanted = scores[indices].astype(np.float32) + np.float32(0)
    ranks = wanted.view(np.uint32)
    unknown = np.isnan(wanted)
    # IEEE 754 orders like sign and magnitude: with the magnitude of what is not negative turned round, floats sort as
    # whole numbers, here from high to low.
    ranks ^= ((ranks >> np.uint32(31)) - np.uint32(1)) & np.uint32(2**31 - 1)
    ranks[unknown] = 2**32 - 1
    return _ascending(indices, ranks)


def _ascending(indices: Indices, ranks: np.ndarray[Any, np.dtype[np.uint32]]) -> Indices:
    # One sort of whole numbers that carry their place is ten times as fast as a stable argsort.
    tagged = ranks.astype(np.uint64)
    tagged <<= np.uint64(32)
    tagged |= np.arange(len(indices), dtype=np.uint64)
    tagged.sort()
    tagged &= np.uint64(2**32 - 1)
    found: Indices = indices[tagged.view(np.int64)]
    return found


def _shuffled(keys: UInt64s, seed: int) -> np.ndarray[Any, np.dtype[np.uint32]]:
    """A row's place among others depends on nothing else, so filters and new rows leave a random order as it was."""
    # The upper half will do: of a million rows a hundred share theirs with another one.
    return (seeded(keys, seed) >> np.uint64(32)).astype(np.uint32)
