"""How many rows each choice of a filter would leave, the other conditions standing."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from tlworkbench.data.filters import FilterInput, RowFilter, column, keeps, predicted_other, predicted_same
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


def left(filter: RowFilter, given: FilterInput) -> int:
    """Rows that meet every condition."""
    return _count(keeps(filter, given), len(given.rows))


def choices(field: str, filter: RowFilter, given: FilterInput) -> tuple[Choice, ...]:
    """What a field other than `length` may ask for, with the rows it would leave under the other conditions.

    A name that is chosen but exists no more stands last, with no rows. Raises UserError as `filters.select` does.
    """
    others = keeps(filter, given, without=field)
    if field in EITHER_FIELDS:
        wanted = getattr(filter, field)
        if field == "differs":
            counts = [_both(predicted_other(given), others), _both(predicted_same(given), others)]
        else:
            yes = _both(column(field, given), others)
            counts = [yes, _count(others, len(given.rows)) - yes]
        return Choice("yes", counts[0], wanted is True), Choice("no", counts[1], wanted is False)
    names, codes = _named(field, given)
    chosen = getattr(filter, field)
    codes = codes if others is None else codes[others]
    counts = np.bincount(codes.astype(np.int64) + 1, minlength=len(names) + 1).tolist()
    made = [Choice(name, counts[place + 1], name in chosen) for place, name in enumerate(names)]
    if field != "splits" and "" not in names and (counts[0] or "" in chosen):
        made.append(Choice("", counts[0], "" in chosen))
    known = {choice.value for choice in made}
    return (*made, *(Choice(name, 0, True) for name in chosen if name not in known))


def _named(field: str, given: FilterInput) -> tuple[tuple[str, ...], np.ndarray[Any, Any]]:
    match field:
        case "labels":
            labels = given.labelling.label_set
            return labels.names, labels.class_of[given.labelling.current]
        case "source_labels":
            return given.rows.meta.label_values, given.rows.source_labels
        case _:
            return given.rows.meta.splits, given.rows.splits


def _both(marks: Marks, others: Marks | None) -> int:
    return int(np.count_nonzero(marks if others is None else marks & others))


def _count(marks: Marks | None, rows: int) -> int:
    return rows if marks is None else int(np.count_nonzero(marks))
