"""How the rows of two runs differ: added, removed and why, and relabelled from what to what."""

from dataclasses import dataclass

import numpy as np

from tlworkbench.comparison.class_names import Renamed
from tlworkbench.comparison.dataset import Dataset
from tlworkbench.comparison.row_sets import Ints, Keys, Marks, places_in
from tlworkbench.comparison.run_files import RunFiles, RunRows


@dataclass(frozen=True, eq=False)
class RowGroup:
    """Rows of which the same can be said."""

    words: str
    keys: Keys


@dataclass(frozen=True, eq=False)
class Relabelled:
    """Rows that were of one class in the first run and are of another in the second."""

    before: str
    after: str
    keys: Keys


@dataclass(frozen=True, eq=False)
class RowChanges:
    """The way from the rows of one run to those of another."""

    shared: int
    """Training rows that both have."""
    removed: tuple[RowGroup, ...]
    """Training rows of the first run alone, by why the second does without them."""
    added: tuple[RowGroup, ...]
    """Training rows of the second run alone, by why the first did without them."""
    relabelled: tuple[Relabelled, ...]
    """Rows of training or validation that both have, most frequent first."""
    renamed: tuple[tuple[str, str], ...]
    """Classes that are called otherwise in the run with the later labels, or went into another class."""

    @property
    def none(self) -> bool:
        """Whether both learned from the same rows with the same labels."""
        return not (self.removed or self.added or self.relabelled or self.renamed)


@dataclass(frozen=True, eq=False)
class ValidationRows:
    """What two runs were measured on."""

    first: int
    second: int
    shared: int
    relabelled: int
    """Of the shared ones, those whose class is another in the second run."""

    @property
    def same(self) -> bool:
        """Whether the figures of both are of the same rows with the same labels."""
        return self.first == self.second == self.shared and not self.relabelled


def row_changes(first: RunFiles, second: RunFiles, renaming: Renamed, dataset: Dataset | None) -> RowChanges | None:
    """Compare what two runs learned from; None where one of them has not kept it.

    dataset: tells why a run did without a row. Raises UserError where its journal is not the runs' own.
    """
    a, b = first.rows, second.rows
    if a is None or b is None:
        return None
    in_second = places_in(b.train.keys, a.train.keys) >= 0
    in_first = places_in(a.train.keys, b.train.keys) >= 0
    gone, new = a.train.keys[~in_second], b.train.keys[~in_first]
    return RowChanges(
        shared=int(in_second.sum()),
        removed=_by_reason(gone, second, _GONE, dataset),
        added=_by_reason(new, first, _NEW, dataset),
        relabelled=_relabelled(a, b, renaming),
        renamed=renaming.pairs,
    )


def validation_rows(a: RunRows, b: RunRows, renaming: Renamed) -> ValidationRows:
    """Compare what two runs were measured on."""
    places = places_in(b.validation.keys, a.validation.keys)
    here = places >= 0
    before, after = _classes(renaming, a.validation.classes[here], b.validation.classes[places[here]])
    return ValidationRows(len(a.validation), len(b.validation), int(here.sum()), int((before != after).sum()))


_GONE = ("moved to validation", "no longer in the dataset", "excluded", "without a label", "in another split",
         "not drawn", "left out")  # fmt: skip
_NEW = ("were in validation", "no longer in the dataset", "were excluded", "had no label", "of another split now",
        "were not drawn", "new in the dataset")  # fmt: skip


def _by_reason(keys: Keys, other: RunFiles, words: tuple[str, ...], dataset: Dataset | None) -> tuple[RowGroup, ...]:
    """Why another run does without these rows; the first reason that holds."""
    assert other.rows is not None
    if not len(keys):
        return ()
    reasons: list[Marks] = [places_in(other.rows.validation.keys, keys) >= 0]
    rest = "why can't be told"
    if dataset is not None:
        rows, labels = dataset.rows, dataset.labels_at(other.rows.journal_version)
        found = rows.indices_of(keys)
        train = rows.meta.splits.index("train") if "train" in rows.meta.splits else -1
        reasons += [found < 0, labels.excluded[found], labels.current[found] < 0, rows.splits[found] != train]
        drawn = other.spec is not None and other.spec.max_train_rows > 0
        reasons.append(np.full(len(keys), drawn))
        rest = words[-1]
    left = np.ones(len(keys), np.bool_)
    groups = []
    for word, holds in zip(words, reasons, strict=False):
        groups.append(RowGroup(word, keys[left & holds]))
        left &= ~holds
    groups.append(RowGroup(rest, keys[left]))
    return tuple(sorted((group for group in groups if len(group.keys)), key=lambda group: -len(group.keys)))


def _relabelled(a: RunRows, b: RunRows, renaming: Renamed) -> tuple[Relabelled, ...]:
    first, second = a.train.joined(a.validation), b.train.joined(b.validation)
    places = places_in(second.keys, first.keys)
    here = places >= 0
    keys, mine, theirs = first.keys[here], first.classes[here], second.classes[places[here]]
    before, after = _classes(renaming, mine, theirs)
    changed = before != after
    keys, mine, theirs = keys[changed], mine[changed], theirs[changed]
    kinds, kind, counts = np.unique(mine * len(b.class_names) + theirs, return_inverse=True, return_counts=True)
    return tuple(
        Relabelled(
            a.class_names[int(kinds[place]) // len(b.class_names)],
            b.class_names[int(kinds[place]) % len(b.class_names)],
            keys[kind == place],
        )
        for place in np.argsort(-counts, kind="stable")
    )


def _classes(renaming: Renamed, first: Ints, second: Ints) -> tuple[Ints, Ints]:
    # Both in the words of the newer run.
    return (first, renaming.place[second]) if renaming.newer_first else (renaming.place[first], second)
