"""Sets of rows by their keys, as sorted arrays: a million of them are compared in a blink."""

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

Keys: TypeAlias = np.ndarray[Any, np.dtype[np.uint64]]
Ints: TypeAlias = np.ndarray[Any, np.dtype[np.int64]]
Marks: TypeAlias = np.ndarray[Any, np.dtype[np.bool_]]

NO_KEYS: Keys = np.zeros(0, np.uint64)


@dataclass(frozen=True, eq=False)
class RowClasses:
    """Rows and the class each of them had; `keys` ascend."""

    keys: Keys
    classes: Ints

    @classmethod
    def of(cls, keys: Keys, classes: Ints) -> "RowClasses":
        """From keys in any order."""
        order = np.argsort(keys, kind="stable")
        return cls(keys[order], classes[order])

    def __len__(self) -> int:
        return len(self.keys)

    def joined(self, other: "RowClasses") -> "RowClasses":
        """The rows of both."""
        return self.of(np.concatenate((self.keys, other.keys)), np.concatenate((self.classes, other.classes)))


def places_in(ascending: Keys, wanted: Keys) -> Ints:
    """Where each wanted key stands among ascending ones; -1 where it doesn't."""
    if not len(ascending):
        return np.full(len(wanted), -1, np.int64)
    places = np.minimum(np.searchsorted(ascending, wanted), len(ascending) - 1)
    return np.where(ascending[places] == wanted, places, -1).astype(np.int64)
