"""Filters: which rows are left when several conditions hold at once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import msgspec
import numpy as np

from tlworkbench.data.filter_facts import FilterFacts, VersionedLabels
from tlworkbench.data.label_set import LabelIds, LabelSet
from tlworkbench.data.labelling import Indices, Marks
from tlworkbench.data.rows import Rows
from tlworkbench.errors import UserError

NAMED = 2
"""Names that a filter's words tell; of more it tells how many there are."""


class HasMarks(VersionedLabels, Protocol):
    """What is needed of a labelling; see `data.labelling`."""

    @property
    def label_set(self) -> LabelSet:
        """The labels as they are now."""

    @property
    def edited(self) -> Marks:
        """Rows whose label was set here."""

    @property
    def flagged(self) -> Marks:
        """Rows flagged for later."""


class RowFilter(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Conditions that all hold; one at its default asks nothing. Kept as JSON between two starts."""

    labels: tuple[str, ...] = ()
    """Names of labels, one of which the row has; empty text: no label."""
    source_labels: tuple[str, ...] = ()
    """Values of the source's label column; empty text: none."""
    splits: tuple[str, ...] = ()
    edited: bool | None = None
    flagged: bool | None = None
    excluded: bool | None = None
    noted: bool | None = None
    """Whether there is a note on the row."""
    differs: bool | None = None
    """Whether a label was predicted that is not (False: that is) the row's; rows lacking either match neither."""
    conflicts: bool | None = None
    """Whether the same text stands on another row with another label."""
    shortest: int | None = None
    """Characters the text has at least."""
    longest: int | None = None
    """Characters the text has at most."""

    def words(self) -> tuple[str, ...]:
        """Each condition in a few words, as the frame's title tells them."""
        return tuple(words for field in FIELDS if (words := _WORDS[field](self)))


FIELDS = (
    "labels",
    "source_labels",
    "splits",
    "edited",
    "flagged",
    "excluded",
    "noted",
    "differs",
    "conflicts",
    "length",
)
"""The conditions in their order; `length` stands for `shortest` and `longest`."""


@dataclass(frozen=True, eq=False)
class FilterInput:
    """What filters look at. Columns have one entry a row."""

    rows: Rows
    labelling: HasMarks
    predicted: LabelIds | None = None
    """Id of the label that was predicted, -1 for none; None where nothing was predicted at all."""
    noted: Marks | None = None
    """Rows with a note; None where there are no notes."""
    facts: FilterFacts | None = None
    """Lengths and conflicts that were worked out before."""

    @cached_property
    def texts(self) -> FilterFacts:
        """Facts about the texts."""
        return self.facts or FilterFacts(self.rows)


def select(filter: RowFilter, given: FilterInput) -> Indices:
    """The rows that meet every condition, ascending; raises UserError where one can't be looked at."""
    marks = keeps(filter, given)
    return np.arange(len(given.rows)) if marks is None else np.flatnonzero(marks)


def keeps(filter: RowFilter, given: FilterInput, without: str = "") -> Marks | None:
    """Marks of the rows that meet every condition but that of the field `without`; None where none is set.

    The marks may be the caller's own column: don't write into them. Raises UserError as `select` does.
    """
    kept: Marks | None = None
    for field in FIELDS:
        marks = None if field == without else marks_of(field, filter, given)
        if marks is not None:
            kept = marks if kept is None else kept & marks
    return kept


def marks_of(field: str, filter: RowFilter, given: FilterInput) -> Marks | None:
    """Marks of the rows that meet one condition; None where it is not set."""
    labelling, rows = given.labelling, given.rows
    match field:
        case "labels":
            return _among(filter.labels, label_values(labelling), labelling.current)
        case "source_labels":
            return _among(filter.source_labels, _places(rows.meta.label_values), rows.source_labels)
        case "splits":
            return _among(filter.splits, _places(rows.meta.splits), rows.splits)
        case "length":
            return _lengths(filter, given)
    wanted = getattr(filter, field)
    if wanted is None:
        return None
    if field == "differs":
        return predicted_other(given) if wanted else predicted_same(given)
    marks = column(field, given)
    return marks if wanted else ~marks


def column(field: str, given: FilterInput) -> Marks:
    """The marks that a condition of yes or no looks at."""
    match field:
        case "noted":
            return given.noted if given.noted is not None else np.zeros(len(given.rows), np.bool_)
        case "conflicts":
            return given.texts.conflicts(given.labelling)
        case _:
            marks: Marks = getattr(given.labelling, field)
            return marks


def predicted_other(given: FilterInput) -> Marks:
    """Rows for which another label than theirs was predicted."""
    predicted = _predicted(given)
    current = given.labelling.current
    marks: Marks = (predicted >= 0) & (current >= 0) & (predicted != current)
    return marks


def predicted_same(given: FilterInput) -> Marks:
    """Rows for which their own label was predicted."""
    predicted = _predicted(given)
    marks: Marks = (predicted >= 0) & (predicted == given.labelling.current)
    return marks


def label_values(labelling: HasMarks) -> dict[str, int]:
    """Ids of the active labels by name."""
    return {label.name: label.id for label in labelling.label_set.labels}


def _predicted(given: FilterInput) -> LabelIds:
    if given.predicted is None:
        raise UserError("nothing was predicted for these rows yet", "Press S to look for suspects.")
    # What was predicted may have been merged or renamed since; an id of no label at all is none.
    resolve = given.labelling.label_set.resolve
    return resolve[np.where(given.predicted < len(resolve) - 1, given.predicted, -1)]


def _places(names: Sequence[str]) -> dict[str, int]:
    return {name: place for place, name in enumerate(names)}


def _among(names: Sequence[str], values: dict[str, int], column: np.ndarray[Any, Any]) -> Marks | None:
    if not names:
        return None
    # -1, a row that has none, is the last place.
    wanted = np.zeros(max(values.values(), default=-1) + 2, np.bool_)
    wanted[[-1 if not name and "" not in values else values[name] for name in names if not name or name in values]] = 1
    return np.take(wanted, column)


def _lengths(filter: RowFilter, given: FilterInput) -> Marks | None:
    if filter.shortest is None and filter.longest is None:
        return None
    lengths = given.texts.lengths
    marks = np.ones(len(lengths), np.bool_)
    if filter.shortest is not None:
        marks &= lengths >= filter.shortest
    if filter.longest is not None:
        marks &= lengths <= filter.longest
    return marks


def _names(one: str, names: Sequence[str], none: str = "") -> str:
    if not names:
        return ""
    if tuple(names) == ("",):
        return f"no {none or one}"
    more = f" +{len(names) - NAMED}" if len(names) > NAMED else ""
    return f"{one} {', '.join(name or 'none' for name in names[:NAMED])}{more}"


def _either(wanted: bool | None, yes: str, no: str) -> str:
    return "" if wanted is None else yes if wanted else no


def _length(filter: RowFilter) -> str:
    low, high = filter.shortest, filter.longest
    if low is not None and high is not None:
        return f"{low}–{high} characters"
    return f"≥ {low} characters" if low is not None else f"≤ {high} characters" if high is not None else ""


_WORDS: dict[str, Callable[[RowFilter], str]] = {
    "labels": lambda filter: _names("label", filter.labels),
    "source_labels": lambda filter: _names("source", filter.source_labels, "source label"),
    "splits": lambda filter: _names("split", filter.splits),
    "edited": lambda filter: _either(filter.edited, "edited", "not edited"),
    "flagged": lambda filter: _either(filter.flagged, "flagged", "not flagged"),
    "excluded": lambda filter: _either(filter.excluded, "excluded", "not excluded"),
    "noted": lambda filter: _either(filter.noted, "with a note", "without a note"),
    "differs": lambda filter: _either(filter.differs, "predicted ≠ label", "predicted = label"),
    "conflicts": lambda filter: _either(filter.conflicts, "conflicting", "not conflicting"),
    "length": _length,
}
