"""What is checked: the rows with their labels of one moment, and what several checks need to know about the texts."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from tlworkbench.data.duplicates import Groups, has_text, text_groups
from tlworkbench.data.label_set import LabelIds, LabelSet
from tlworkbench.data.labelling import Indices, Labelling, Marks
from tlworkbench.data.near_duplicates import near_groups
from tlworkbench.data.rows import Rows

TRAIN = "train"
HELD_OUT = ("validation", "test")
"""Splits that a model is measured on."""


class TextFacts:
    """What only the texts decide, found out when first asked for and kept: labels may change meanwhile."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self.cancelled: Callable[[], bool] = lambda: False
        """Looked at while something takes long, which then raises `near_duplicates.Cancelled`."""
        self._near: Groups | None = None
        self._one_at_a_time = threading.Lock()

    @cached_property
    def has_text(self) -> Marks:
        """Rows whose text is more than white space."""
        return has_text(self.rows)

    @cached_property
    def groups(self) -> Groups:
        """The same number where the text is the same."""
        return text_groups(self.rows)

    @property
    def near(self) -> Groups:
        """The same number where the text is nearly the same, see `near_duplicates`."""
        # Who asks while another thread works on it waits for that one's result.
        with self._one_at_a_time:
            if self._near is None:
                self._near = near_groups(self.rows.text_column(), self.groups, lambda: self.cancelled())
            return self._near


@dataclass(frozen=True, eq=False)
class TextLengths:
    """Tokens of some rows' texts with the tokenizer of a model."""

    rows: Indices
    tokens: np.ndarray[Any, np.dtype[np.int32]]
    limit: int
    """Tokens that training keeps of a text."""
    model: str
    """The model, as it is called."""


@dataclass(frozen=True, eq=False)
class Subject:
    """The rows as they are labelled now. Excluded rows take no part in any check: what was left out is settled."""

    facts: TextFacts
    current: LabelIds
    """Id of each row's active label, -1 for none."""
    excluded: Marks
    label_set: LabelSet
    lengths: TextLengths | None = None
    why_no_lengths: str = "no model is chosen yet"

    @classmethod
    def of(cls, facts: TextFacts, labelling: Labelling) -> "Subject":
        """A copy of how the rows are labelled, for any thread."""
        return cls(facts, labelling.current.copy(), labelling.excluded.copy(), labelling.label_set)

    @property
    def rows(self) -> Rows:
        """The rows."""
        return self.facts.rows

    @cached_property
    def included(self) -> Marks:
        """Rows that take part."""
        return ~self.excluded

    @cached_property
    def worded(self) -> Marks:
        """Rows that take part and have a text."""
        return self.included & self.facts.has_text

    def measured(self, lengths: TextLengths) -> "Subject":
        """The same with the lengths of those texts that take part."""
        here = self.included[lengths.rows]
        return replace(self, lengths=replace(lengths, rows=lengths.rows[here], tokens=lengths.tokens[here]))

    def split(self, *names: str) -> Marks:
        """Rows of these splits, those that take no part among them."""
        numbers = [number for number, name in enumerate(self.rows.meta.splits) if name in names]
        return np.isin(self.rows.splits, np.array(numbers, np.int8))

    def counts(self, *splits: str) -> Indices:
        """Rows of each active label that take part, of all splits or of some, in the order of the label set."""
        wanted = self.included & self.split(*splits) if splits else self.included
        classes = self.label_set.class_of[self.current[wanted]]
        return np.bincount(classes[classes >= 0], minlength=len(self.label_set.labels)).astype(np.int64)


def sample_by_key(rows: Rows, wanted: Marks, most: int) -> Indices:
    """At most `most` of the wanted rows, ascending: those with the smallest keys, which are hashes, so a fair draw."""
    indices = np.flatnonzero(wanted)
    if len(indices) <= most:
        return indices
    return np.sort(indices[np.argpartition(rows.keys[indices], most)[:most]])
