"""What of the dataset the Data screen shows: rows that were asked for, a filter, what was found, an order."""

from dataclasses import dataclass, field, replace
from typing import Any

import msgspec
import numpy as np

from tlworkbench.data.filters import FilterInput, RowFilter, keeps
from tlworkbench.data.orders import BY_SUGGESTIONS, FILE, RANDOM, OrderInput, find_order, ordered
from tlworkbench.tui.dataset.opened import Opened
from tlworkbench.tui.dataset.view import Indices, View


@dataclass(frozen=True, eq=False)
class AskedRows:
    """Rows that another screen, or a command, wants to be seen, in its order."""

    title: str
    rows: Indices
    suggests: bool = False
    """Whether they are looked at for what is suggested for them."""


@dataclass(frozen=True)
class Shown:
    """(Rows asked for, or all) that meet the filter and, if wanted, were found, in an order."""

    filter: RowFilter = field(default_factory=RowFilter)
    order: str = FILE
    seed: int = 1
    """Of the random order."""
    only_found: bool = False
    asked: AskedRows | None = None

    @property
    def suggests(self) -> bool:
        """Whether the rows are looked at for what is suggested for them."""
        asked = self.asked is not None and self.asked.suggests
        return asked or self.order in BY_SUGGESTIONS or self.filter.differs is not None

    def kept(self) -> dict[str, Any]:
        """What the next start shows again, as `Where` keeps it; rows asked for are not among it."""
        return {
            "filter": msgspec.to_builtins(self.filter),
            "order": self.order,
            "seed": self.seed,
            "only_found": self.only_found,
        }

    def order_words(self) -> str:
        """The order as the frame says it."""
        known = find_order(self.order)
        words = known.words if known is not None else ""
        return f"{words} {self.seed}" if self.order == RANDOM else words


def shown_from(kept: dict[str, Any]) -> Shown:
    """What was kept, so far as this version can read it."""
    try:
        filter = msgspec.convert(kept.get("filter", {}), RowFilter)
    except msgspec.ValidationError:
        filter = RowFilter()
    order, seed = kept.get("order"), kept.get("seed")
    return Shown(
        filter,
        order if isinstance(order, str) and find_order(order) else FILE,
        seed if isinstance(seed, int) and not isinstance(seed, bool) and seed >= 0 else 1,
        kept.get("only_found") is True,
    )


def filter_input(data: Opened) -> FilterInput:
    """What filters look at, as it is now."""
    labelling = data.labelling
    predicted = data.predicted if data.advice.suggestions is not None else None
    return FilterInput(data.rows, labelling, predicted, labelling.noted, data.facts)


def view_of(shown: Shown, data: Opened, found: Indices) -> View:
    """The rows to show, for now: edits made later change nothing in it. `found`: rows of the search, ascending.

    Raises UserError where the filter or the order needs what is not there.
    """
    count = len(data.rows)
    marks = keeps(shown.filter, filter_input(data))
    if shown.only_found:
        hits = np.zeros(count, np.bool_)
        hits[found] = True
        marks = hits if marks is None else hits & marks
    words = ((shown.asked.title,) if shown.asked else ()) + shown.filter.words()
    if shown.asked is not None:
        rows = shown.asked.rows if marks is None else shown.asked.rows[marks[shown.asked.rows]]
    elif marks is not None:
        rows = np.flatnonzero(marks)
    elif shown.order == FILE:
        return View(range(count), words, suggests=shown.suggests)
    else:
        rows = np.arange(count)
    rows = ordered(rows, shown.order, _order_input(shown, data))
    return View(rows, words, shown.order_words(), shown.only_found, shown.suggests)


def without(shown: Shown) -> tuple[Shown, str] | None:
    """One thing less: what is found alone first, then the filter, then the order; with what was taken away, in words.

    None where there is nothing to take away.
    """
    if shown.only_found:
        return replace(shown, only_found=False), "only what was found"
    if shown.filter != RowFilter():
        return replace(shown, filter=RowFilter()), "the filter"
    if shown.order != FILE:
        return replace(shown, order=FILE), "the order"
    return None


def _order_input(shown: Shown, data: Opened) -> OrderInput:
    suggestions = data.advice.suggestions
    return OrderInput(
        data.rows,
        suspicion=None if suggestions is None else suggestions.suspicion,
        uncertainty=None if suggestions is None else suggestions.uncertainty,
        latest=data.rows.indices_of(data.journal.latest()) if shown.order == "latest" else None,
        seed=shown.seed,
        facts=data.facts,
    )
