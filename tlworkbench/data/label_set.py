"""The label set: which labels there are, in which order, on which keys, and what became of merged and dropped ones."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import msgspec
import numpy as np

from tlworkbench.errors import UserError, nearest

LabelIds: TypeAlias = np.ndarray[Any, np.dtype[np.int16]]

SHORTCUTS = "1234567890"
"""Keys that set a label, in the order in which new labels take them."""
MAX_NAME = 64
"""Characters a label's name may have."""
MAX_LABELS = 32_000
"""Labels a set may ever have had; ids are 16-bit."""
DROPPED = -1
"""`StoredLabel.into` of a dropped label; also the label id of a row without a label."""
# Marks that turn the writing direction round could make a name show as something else.
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


class StoredLabel(msgspec.Struct, frozen=True):
    """One label as the journal keeps it; active while `into` is None."""

    id: int
    name: str
    position: int
    shortcut: str = ""
    into: int | None = None
    """Label it was merged into, or `DROPPED`."""
    source: str | None = None
    """The source's own value, for labels that came with the source."""


@dataclass(frozen=True)
class Label:
    """An active label; its id never changes, whatever it is called."""

    id: int
    name: str
    shortcut: str


@dataclass(frozen=True)
class LabelSet:
    """The active labels in their order, and where every label id that ever was leads to."""

    labels: tuple[Label, ...]
    resolved: tuple[int, ...]
    """By label id: the active label it stands for, -1 where it was dropped."""

    @classmethod
    def of(cls, stored: Iterable[StoredLabel]) -> "LabelSet":
        """Build the set from the journal's labels.

        Names and keys are made unique here: a re-import may bring a class whose name a label of the user's has
        already; it then shows as "name (2)", to be merged or renamed, and its key is left to the first.
        """
        by_id = {label.id: label for label in stored}
        active = sorted((label for label in by_id.values() if label.into is None), key=lambda x: (x.position, x.id))
        names: set[str] = set()
        keys: set[str] = set()
        labels = []
        for label in active:
            name, number = label.name, 1
            while name in names:
                number += 1
                name = f"{label.name} ({number})"
            labels.append(Label(label.id, name, "" if label.shortcut in keys else label.shortcut))
            names.add(name)
            keys.add(label.shortcut)
        resolved = tuple(_end_of_chain(number, by_id) for number in range(max(by_id, default=-1) + 1))
        return cls(tuple(labels), resolved)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the active labels in order: the class names of a run."""
        return tuple(label.name for label in self.labels)

    def index(self, name: str) -> int:
        """Id of the active label called `name`; raises UserError naming the nearest."""
        wanted = normalised(name)
        if wanted not in self._ids:
            raise UserError(f"there is no label '{wanted}'", nearest(wanted, self.names))
        return self._ids[wanted]

    def get(self, label_id: int) -> Label | None:
        """The active label that an id stands for, or None."""
        return self._by_id.get(self.active(label_id))

    def active(self, label_id: int) -> int:
        """Id of the active label that an id stands for; -1 where there is none."""
        return self.resolved[label_id] if 0 <= label_id < len(self.resolved) else DROPPED

    def by_shortcut(self, key: str) -> Label | None:
        """The label on a key, or None."""
        return next((label for label in self.labels if label.shortcut == key), None) if key else None

    @cached_property
    def _ids(self) -> dict[str, int]:
        return {label.name: label.id for label in self.labels}

    @cached_property
    def _by_id(self) -> dict[int, Label]:
        return {label.id: label for label in self.labels}

    @cached_property
    def resolve(self) -> LabelIds:
        """`resolved` for whole columns, with -1 appended, so that `resolve[-1]` is -1 as well."""
        return np.array([*self.resolved, DROPPED], np.int16)

    @cached_property
    def class_of(self) -> LabelIds:
        """By label id: index of its active label in `labels`, -1 where there is none; `class_of[-1]` is -1 as well."""
        place = {label.id: number for number, label in enumerate(self.labels)}
        return np.array([*(place.get(label, DROPPED) for label in self.resolved), DROPPED], np.int16)


def normalised(name: str) -> str:
    """How names are compared: NFC, without white space around."""
    return unicodedata.normalize("NFC", name).strip()


def checked_name(name: str) -> str:
    """A new label's name, normalised; raises UserError when it is empty, too long or holds control characters."""
    clean = normalised(name)
    if not clean:
        raise UserError("a label's name can't be empty", "Give it a name.")
    if any(not _fit_for_a_name(character) for character in clean):
        raise UserError(f"label name {clean[:MAX_NAME]!r} holds control characters", "Use printable ones.")
    if len(clean) > MAX_NAME:
        raise UserError(f"label name '{clean[:MAX_NAME]}…' is too long", f"Use at most {MAX_NAME} characters.")
    return clean


def source_name(value: str) -> str:
    """A fit name for a label value of the source, whatever it holds."""
    clean = " ".join("".join(c if _fit_for_a_name(c) else " " for c in normalised(value)).split())
    return f"{clean[: MAX_NAME - 1]}…" if len(clean) > MAX_NAME else clean or "(empty)"


def _fit_for_a_name(character: str) -> bool:
    return unicodedata.category(character) not in {"Cc", "Cs", "Zl", "Zp"} and character not in _BIDI


def _end_of_chain(label_id: int, by_id: dict[int, StoredLabel]) -> int:
    for _ in range(len(by_id) + 1):
        label = by_id.get(label_id)
        if label is None:
            return DROPPED
        if label.into is None:
            return label.id
        label_id = label.into
    return DROPPED
