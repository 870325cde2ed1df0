"""How many rows each choice of a filter would leave, the other conditions standing."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from tlworkbench.data.filters import (
    FIELDS,
    FilterInput,
    RowFilter,
    column,
    marks_of,
    predicted_other,
    predicted_same,
)
from tlworkbench.data.labelling import Marks

NAMED_FIELDS = ("labels", "source_labels", "splits")
EITHER_FIELDS = ("edited", "flagged", "excluded", "noted", "differs", "conflicts")


@dataclass(frozen=True)
class Choice:
    """One value that a condition may ask for."""

    value: str
    """A name (empty text: none), or `yes` and `no`."""
    rows: int
    """Rows that are left with it alone chosen in its field."""
    chosen: bool


class FilterCounts:
    """What a filter and each change of one of its conditions would leave of the rows, as they are now.

    Raises UserError as `filters.select` does.
    """

    def __init__(self, filter: RowFilter, given: FilterInput) -> None:
        self._filter, self._given = filter, given
        marks = [marks_of(field, filter, given) for field in FIELDS]
        before: list[Marks | None] = [None]
        for one in marks:
            before.append(_and(before[-1], one))
        after: Marks | None = None
        self._others: dict[str, Marks | None] = {}
        for place in reversed(range(len(FIELDS))):
            self._others[FIELDS[place]] = _and(before[place], after)
            after = _and(after, marks[place])
        self.left = _count(after, len(given.rows))
        """Rows that meet every condition."""

    def choices(self, field: str) -> tuple[Choice, ...]:
        """What a field other than `length` may ask for.

        A name that is chosen but exists no more stands last, with no rows.
        """
        others, given = self._others[field], self._given
        if field in EITHER_FIELDS:
            wanted = getattr(self._filter, field)
            if field == "differs":
                yes, no = (_count(_and(others, marks(given)), 0) for marks in (predicted_other, predicted_same))
            else:
                yes = _count(_and(others, column(field, given)), 0)
                no = _count(others, len(given.rows)) - yes
            return Choice("yes", yes, wanted is True), Choice("no", no, wanted is False)
        names, codes = _named(field, given)
        chosen = getattr(self._filter, field)
        counts = np.bincount((codes if others is None else codes[others]) + 1, minlength=len(names) + 1).tolist()
        made = [Choice(name, counts[place + 1], name in chosen) for place, name in enumerate(names)]
        if field != "splits" and "" not in names and (counts[0] or "" in chosen):
            made.append(Choice("", counts[0], "" in chosen))
        known = {choice.value for choice in made}
        return (*made, *(Choice(name, 0, True) for name in dict.fromkeys(chosen) if name not in known))


def _named(field: str, given: FilterInput) -> tuple[tuple[str, ...], np.ndarray[Any, Any]]:
    match field:
        case "labels":
            labels = given.labelling.label_set
            return labels.names, np.take(labels.class_of, given.labelling.current)
        case "source_labels":
            return given.rows.meta.label_values, given.rows.source_labels
        case _:
            return given.rows.meta.splits, given.rows.splits


def _and(one: Marks | None, other: Marks | None) -> Marks | None:
    return one if other is None else other if one is None else one & other


def _count(marks: Marks | None, rows: int) -> int:
    return rows if marks is None else int(np.count_nonzero(marks))
