"""A filter as it is being put together: its lines, what each choice would leave, what a key makes of it."""

from dataclasses import dataclass

import msgspec
import numpy as np

from tlworkbench.data.filter_counts import EITHER_FIELDS, NAMED_FIELDS, Choice, FilterCounts
from tlworkbench.data.filters import FilterInput, RowFilter
from tlworkbench.errors import UserError


@dataclass(frozen=True)
class FilterLine:
    """One condition of the menu."""

    key: str
    field: str
    name: str
    yes: str = "yes"
    no: str = "no"


LINES = (
    FilterLine("l", "labels", "label"),
    FilterLine("s", "source_labels", "source label"),
    FilterLine("p", "splits", "split"),
    FilterLine("e", "edited", "edited"),
    FilterLine("f", "flagged", "flagged"),
    FilterLine("x", "excluded", "excluded"),
    FilterLine("m", "noted", "note"),
    FilterLine("d", "differs", "predicted", "≠ label", "= label"),
    FilterLine("c", "conflicts", "conflicting"),
    FilterLine("n", "length", "length"),
)
LETTERS = tuple(line.key for line in LINES)


@dataclass(frozen=True)
class LineState:
    """What a line tells."""

    choices: tuple[Choice, ...] = ()
    told: str = ""
    """Instead of choices: why there are none, or the length asked for."""
    chosen: bool = False


class FilterDraft:
    """A filter and what it leaves; see `at` for another one of the same rows."""

    def __init__(self, filter: RowFilter, given: FilterInput) -> None:
        self.filter = filter
        self.given = given
        self._counts: FilterCounts | None = None

    def at(self, filter: RowFilter) -> "FilterDraft":
        """Another filter of these rows."""
        return FilterDraft(filter, self.given)

    def choices(self, field: str) -> tuple[Choice, ...]:
        """What a field may ask for; raises UserError where it can't be looked at."""
        if self._counts is None:
            self._counts = FilterCounts(self.filter, self.given)
        return self._counts.choices(field)

    @property
    def counted(self) -> bool:
        """Whether everything the filter looks at has been worked out."""
        facts, filter = self.given.texts, self.filter
        lengths = (filter.shortest is None and filter.longest is None) or facts.knows_lengths
        return lengths and (filter.conflicts is None or facts.knows_conflicts(self.given.labelling))

    def left(self) -> int | None:
        """Rows that the filter leaves; None while that is not known."""
        if not self.counted:
            return None
        try:
            if self._counts is None:
                self._counts = FilterCounts(self.filter, self.given)
        except UserError:
            return None
        return self._counts.left

    def state(self, line: FilterLine) -> LineState:
        """The line as it is now."""
        if not self.counted:
            return LineState(told="counting …", chosen=self.is_set(line.field))
        if line.field == "length":
            return self._length()
        if line.field == "conflicts" and not self.given.texts.knows_conflicts(self.given.labelling):
            return LineState(told="comparing the texts …")
        try:
            shown = self.choices(line.field)
        except UserError as error:
            return LineState(told=error.hint, chosen=self.is_set(line.field))
        if line.field in EITHER_FIELDS:
            words = {"yes": line.yes, "no": line.no}
            shown = tuple(Choice(words[choice.value], choice.rows, choice.chosen) for choice in shown)
        return LineState(shown, chosen=self.is_set(line.field))

    def is_set(self, field: str) -> bool:
        """Whether the condition asks for something."""
        return self.without(field) != self.filter

    def without(self, field: str) -> RowFilter:
        """The filter with one condition taken away."""
        fields = ("shortest", "longest") if field == "length" else (field,)
        default = RowFilter()
        return msgspec.structs.replace(self.filter, **{name: getattr(default, name) for name in fields})

    def turned(self, field: str) -> RowFilter:
        """The next choice of a condition of yes or no, or of the split: none, each in turn, none again."""
        if field in NAMED_FIELDS:
            return self.named(field, self._next_name(field))
        order: tuple[bool | None, ...] = (None, True, False)
        now = order.index(getattr(self.filter, field))
        return msgspec.structs.replace(self.filter, **{field: order[(now + 1) % len(order)]})

    def named(self, field: str, names: tuple[str, ...]) -> RowFilter:
        """The filter with these names asked for."""
        return msgspec.structs.replace(self.filter, **{field: names})

    def _next_name(self, field: str) -> tuple[str, ...]:
        names = [choice.value for choice in self.at(self.without(field)).choices(field) if choice.rows]
        chosen = getattr(self.filter, field)
        if not chosen:
            return tuple(names[:1])
        after = names.index(chosen[0]) + 1 if len(chosen) == 1 and chosen[0] in names else len(names)
        return tuple(names[after : after + 1])

    def _length(self) -> LineState:
        filter = self.filter
        asked = f"{length_text(filter)} characters" if self.is_set("length") else ""
        if not self.given.texts.knows_lengths:
            return LineState(told="measuring the texts …")
        lengths = self.given.texts.lengths
        if asked or not len(lengths):
            return LineState(told=asked or "no texts", chosen=bool(asked))
        return LineState(
            told=f"{lengths.min()} to {lengths.max()} characters, half of them ≤ {int(np.median(lengths))}"
        )


def length_text(filter: RowFilter) -> str:
    """The length as one types it: `20-100`, `100-`, `-20`, empty for any."""
    low, high = filter.shortest, filter.longest
    if low is None and high is None:
        return ""
    return f"{'' if low is None else low}-{'' if high is None else high}"


def with_length(filter: RowFilter, typed: str) -> RowFilter:
    """The filter with a length as it was typed; a single number is the longest. Raises UserError."""
    low, dash, high = typed.replace(" ", "").replace("–", "-").partition("-")
    if not dash:
        low, high = "", low
    if not all(part.isascii() and (part.isdigit() or not part) for part in (low, high)) or len(low + high) > 18:
        raise UserError(f"'{typed}' is no length", "Type it as 20-100, 100- or -20 characters.")
    shortest, longest = int(low) if low else None, int(high) if high else None
    if shortest is not None and longest is not None and shortest > longest:
        shortest, longest = longest, shortest
    return msgspec.structs.replace(filter, shortest=shortest, longest=longest)
