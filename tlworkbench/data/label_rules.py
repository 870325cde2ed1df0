"""Labels given by rule to the source's values, as a relabelling function would: rules in order, the first that fits."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from tlworkbench.data.label_edits import Labels, by_source
from tlworkbench.data.label_set import DROPPED, LabelSet, checked_name
from tlworkbench.errors import UserError

_NUMBER = r"[-+]?\d+(?:\.\d+)?"
_RANGE = re.compile(rf"({_NUMBER})?\s*\.\.\s*({_NUMBER})?")
_REST = "*"
_PATTERN = "re:"
HOW = "A rule is VALUE=NAME, 1..2=NAME, ..3=NAME, 7..=NAME, re:PATTERN=NAME or *=NAME; without NAME it drops."
"""How rules are written, for people."""


@dataclass(frozen=True)
class Rule:
    """What one rule fits, and the label it gives ("" for none)."""

    text: str
    """The left side as it was written."""
    target: str
    low: float | None = None
    high: float | None = None
    """The ends of a range, both included; None where it is open."""
    kind: str = "value"
    """value, range, pattern or rest."""

    def fits(self, value: str) -> bool:
        """Whether the rule is for a value of the source."""
        if self.kind == "rest":
            return True
        if self.kind == "pattern":
            return re.search(self.text.removeprefix(_PATTERN), value) is not None
        number = _number(value)
        if self.kind == "range":
            above = self.low is None or (number is not None and number >= self.low)
            below = self.high is None or (number is not None and number <= self.high)
            return number is not None and above and below
        wanted = self.text[1:-1] if _quoted(self.text) else self.text
        return value == wanted or (number is not None and number == _number(wanted))


@dataclass(frozen=True)
class ValuePreview:
    """What rules make of one value of the source."""

    value: str
    rows: int
    """Rows that carry its label now, as they were set or by their source."""
    before: str
    after: str
    """Names of the label now and then, empty for none."""
    matched: bool


@dataclass(frozen=True)
class Preview:
    """The labels that rules would make, with their rows."""

    values: tuple[ValuePreview, ...]
    after: tuple[tuple[str, int], ...]
    """Names and rows, in order."""
    unlabelled: int
    """Rows without a label."""
    unused: tuple[str, ...]
    """Rules that no value needs."""


def parse_rule(text: str) -> Rule:
    """A rule from `LEFT=NAME`; raises UserError that says how rules are written."""
    left, equals, target = (part.strip() for part in text.rpartition("="))
    if not equals or not left:
        raise UserError(f"'{text.strip()}' is no rule", HOW)
    target = checked_name(target) if target else ""
    if left == _REST:
        return Rule(left, target, kind="rest")
    if left.startswith(_PATTERN):
        try:
            re.compile(left.removeprefix(_PATTERN))
        except re.error as error:
            raise UserError(f"'{left}' is no pattern: {error}", "Write it as Python's re does: re:^neg") from error
        return Rule(left, target, kind="pattern")
    found = _RANGE.fullmatch(left)
    if found is None:
        return Rule(left, target)
    low, high = (None if end is None else float(end) for end in found.groups())
    if low is None and high is None:
        raise UserError(f"'{left}' is no range", "Give one end: 1..2, ..3 or 7..; all of the rest are *.")
    if low is not None and high is not None and low > high:
        raise UserError(f"'{left}' holds nothing: {low:g} is more than {high:g}", f"Write {high:g}..{low:g}.")
    return Rule(left, target, low, high, "range")


def parse_rules(text: str) -> tuple[Rule, ...]:
    """Rules from one line, with semicolons between them."""
    return tuple(parse_rule(part) for part in text.split(";") if part.strip())


def apply_rules(values: Sequence[str], rules: Sequence[Rule]) -> dict[str, str]:
    """The name ("" to drop) for every value that a rule fits; of several rules the first counts."""
    found = {}
    for value in values:
        rule = next((rule for rule in rules if rule.fits(value)), None)
        if rule is not None:
            found[value] = rule.target
    return found


def preview(stored: Labels, rows_by_id: Sequence[int], unlabelled: int, rules: Sequence[Rule]) -> Preview:
    """What rules would make of the labels as they stand.

    rows_by_id: rows that were given each label id, before merges. unlabelled: rows that were given none.
    """
    values = {label.source: label for label in stored.values() if label.source is not None}
    mapping = apply_rules(list(values), rules)
    after_labels = dict(stored) | {label.id: label for label in by_source(stored, mapping).after}
    before, after = LabelSet.of(stored.values()), LabelSet.of(after_labels.values())
    counts = dict.fromkeys((label.id for label in after.labels), 0)
    for number, rows in enumerate(rows_by_id):
        if after.active(number) == DROPPED:
            unlabelled += rows
        else:
            counts[after.active(number)] += rows
    shown = []
    for value, label in values.items():
        rows = rows_by_id[label.id] if label.id < len(rows_by_id) else 0
        shown.append(ValuePreview(value, rows, _name(before, label.id), _name(after, label.id), value in mapping))
    needed = {next(rule for rule in rules if rule.fits(value)).text for value in mapping}
    unused = tuple(rule.text for rule in rules if rule.text not in needed)
    return Preview(tuple(shown), tuple((label.name, counts[label.id]) for label in after.labels), unlabelled, unused)


def in_words(rules: Sequence[Rule]) -> str:
    """Rules as the journal names the edit: `..2 → negative; * dropped`."""
    return "; ".join(f"{rule.text} → {rule.target}" if rule.target else f"{rule.text} dropped" for rule in rules)


def _name(labels: LabelSet, number: int) -> str:
    label = labels.get(number)
    return label.name if label else ""


def _number(text: str) -> float | None:
    return float(text) if re.fullmatch(_NUMBER, text.strip()) else None


def _quoted(text: str) -> bool:
    return len(text) > 2 and text.startswith('"') and text.endswith('"')
