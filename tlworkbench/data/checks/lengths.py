"""How long the texts are in tokens."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tlworkbench.data.checks.subject import TextFacts, TextLengths, sample_by_key
from tlworkbench.data.near_duplicates import Cancelled

MOST = 100_000
"""Texts measured at most."""
_AT_ONCE = 1000
_FIRST_EDGE = 8


@dataclass(frozen=True)
class Bin:
    """Texts of `first` to `last` tokens."""

    first: int
    last: int
    rows: int
    over: bool
    """Whether they are longer than training reads."""


def measure(
    facts: TextFacts,
    count: Callable[[Sequence[str]], np.ndarray[Any, np.dtype[np.int32]]],
    limit: int,
    model: str,
    cancelled: Callable[[], bool] = lambda: False,
    most: int = MOST,
) -> TextLengths:
    """Count the tokens of the texts, or of `most` of them drawn by key; `count` does so for some at once.

    Raises Cancelled soon after `cancelled` says so.
    """
    rows = sample_by_key(facts.rows, facts.has_text, most)
    tokens = np.zeros(len(rows), np.int32)
    for begin in range(0, len(rows), _AT_ONCE):
        if cancelled():
            raise Cancelled
        tokens[begin : begin + _AT_ONCE] = count(facts.rows.texts(rows[begin : begin + _AT_ONCE]))
    return TextLengths(rows, tokens, limit, model)


def histogram(lengths: TextLengths) -> tuple[Bin, ...]:
    """Texts by length from the shortest to the longest; edges at powers of two and at the limit."""
    longest = int(lengths.tokens.max(initial=0))
    edges = [0]
    while edges[-1] < longest:
        edge = max(_FIRST_EDGE, 2 ** (edges[-1].bit_length()))
        edges.append(lengths.limit if edges[-1] < lengths.limit < edge else edge)
    counts = np.histogram(lengths.tokens, np.array(edges) + 0.5)[0].tolist() if longest else []
    empty = int((lengths.tokens == 0).sum())
    bins = [
        Bin(first + 1, last, rows + (empty if first == 0 else 0), first >= lengths.limit)
        for first, last, rows in zip(edges[:-1], edges[1:], counts, strict=True)
    ]
    shortest = next((place for place, part in enumerate(bins) if part.rows), 0)
    return tuple(bins[shortest:])


def in_words(lengths: TextLengths) -> str:
    """Median, what most stay under, and the longest."""
    if not len(lengths.tokens):
        return "there are no texts to measure"
    median, most = np.percentile(lengths.tokens, [50, 95]).round().astype(int).tolist()
    return f"median {median}, 95 % up to {most}, longest {int(lengths.tokens.max())}"
