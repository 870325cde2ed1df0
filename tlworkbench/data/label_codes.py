"""The source's labels as numbers: codes given as values appear, put into natural order when all are known."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tlworkbench.errors import UserError

MAX_VALUES = 1000
"""More different values than this are no set of labels that a person puts right by hand."""
_GIVE_UP = 50_000
"""So many are not even counted to the end."""
_FEW_ROWS = 50
_NEARLY_ALL = 0.9

Codes = np.ndarray[Any, np.dtype[np.int32]]


class LabelCodes:
    """Codes of a label column that is read piece by piece.

    names: names of a ClassLabel, whose numbers are the column's values; empty for a column that holds labels as such.
    """

    def __init__(self, column: str, names: tuple[str, ...] = ()) -> None:
        self._column = column
        self._named = bool(names)
        self._values: dict[str, int] = {name: code for code, name in enumerate(names)}
        self._rows = 0

    @property
    def values(self) -> tuple[str, ...]:
        """Labels by code, in order of first appearance (of the ClassLabel where there is one)."""
        return tuple(self._values)

    def encode(self, cells: pa.Array) -> Codes:
        """Codes of the cells, -1 for null and empty ones; raises UserError when they can't be labels."""
        if pa.types.is_nested(cells.type):
            raise UserError(
                f"the label column '{self._column}' holds lists or objects",
                "One label a row: name another with --label.",
            )
        encoded = cells.dictionary_encode()
        codes = np.asarray([self._code(value) for value in encoded.dictionary.to_pylist()] or [-1], np.int32)
        self._rows += len(cells)
        if not self._named and len(self._values) > _GIVE_UP:
            raise self._too_many("the first ")
        places = pc.fill_null(encoded.indices, -1).to_numpy(zero_copy_only=False)
        return np.where(places < 0, np.int32(-1), codes[places]).astype(np.int32)

    def natural_order(self) -> tuple[tuple[str, ...], Codes]:
        """The labels in natural order, and for each code its place there; raises UserError when too many differ."""
        if self._named:
            return self.values, np.arange(len(self._values), dtype=np.int32)
        nearly_all = self._rows >= _FEW_ROWS and len(self._values) > _NEARLY_ALL * self._rows
        if nearly_all or len(self._values) > MAX_VALUES:
            raise self._too_many("")
        return ordered_labels(self.values)

    def _code(self, value: object) -> int:
        if self._named and isinstance(value, int):
            return value if 0 <= value < len(self._values) else -1
        text = label_text(value)
        if not text:
            return -1
        return self._values.setdefault(text, len(self._values))

    def _too_many(self, which: str) -> UserError:
        return UserError(
            f"the label column '{self._column}' has {grouped(len(self._values))} different values"
            f" in {which}{grouped(self._rows)} rows: these are no labels",
            "Name the column of labels with --label, or --label - for none.",
        )


def ordered_labels(values: Sequence[str]) -> tuple[tuple[str, ...], Codes]:
    """Labels in natural order (numbers by value, else by alphabet), and for each one given its place there."""
    order = sorted(values, key=_by_number if all(map(_is_number, values)) else _by_alphabet)
    at = {value: place for place, value in enumerate(order)}
    return tuple(order), np.array([at[value] for value in values], np.int32)


def label_text(value: object) -> str:
    """A label as text: `true`, `3` for 3.0, without blanks around it; empty for none."""
    if value is None or value != value:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def grouped(number: int) -> str:
    """A number in groups of three: `12 284`."""
    return f"{number:,}".replace(",", " ")


def _is_number(text: str) -> bool:
    try:
        return float(text) == float(text)
    except ValueError:
        return False


def _by_number(text: str) -> tuple[float, str]:
    return float(text), text


def _by_alphabet(text: str) -> tuple[str, str]:
    return text.casefold(), text
