"""Parts of a source that an expression names, as the datasets library writes them: `train[:1000]+test`."""

import dataclasses
import re
from collections.abc import Callable, Iterator

import datasets
import pyarrow as pa

from tlworkbench.engine.import_parts import Part
from tlworkbench.errors import UserError


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
                selected.append(dataclasses.replace(part, tables=_window(part, low, high), rows=high - low, size=0))
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
