"""What there is to say of two runs' rows and answers, line by line, for screen and commands."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from tlworkbench.comparison.answers import SharedAnswers
from tlworkbench.comparison.pair import Pair
from tlworkbench.comparison.row_sets import NO_KEYS, Keys
from tlworkbench.comparison.training_rows import RowChanges, ValidationRows

CHANCE = 0.05
"""p-value from which a difference is put down to chance."""


@dataclass(frozen=True, eq=False)
class Told:
    """One line: a heading, a sentence, a doubt, or rows that can be looked at."""

    kind: Literal["heading", "sentence", "doubt", "rows"]
    words: str
    keys: Keys = field(default_factory=lambda: NO_KEYS)
    """The rows, for `rows`."""
    title: str = ""
    """Which rows they are, where they are shown by themselves."""


def pair_lines(pair: Pair) -> list[Told]:
    """All there is to say of a run beside the reference."""
    return [
        Told("heading", f"{pair.run} beside {pair.reference}"),
        *(Told("doubt", problem) for problem in pair.problems),
        *(_validation(pair.validation) if pair.validation is not None else ()),
        *(_answers(pair, pair.answers) if pair.answers is not None else [Told("sentence", pair.no_answers)]),
        *(_changes(pair, pair.changes) if pair.changes is not None else ()),
    ]


def p_value(value: float) -> str:
    """`p .032`, `p < .001`."""
    return "p < .001" if value < 0.001 else f"p {min(value, 1.0):.3f}".replace("0.", ".")


def _validation(rows: ValidationRows) -> Iterator[Told]:
    if rows.same:
        yield Told("sentence", f"measured on the same {_counted(rows.shared, 'row')}")
        return
    if rows.first == rows.second == rows.shared:
        words = f"measured on the same {_counted(rows.shared, 'row')}, {_number(rows.relabelled)} of them relabelled"
    else:
        words = (
            f"measured on other rows: {_number(rows.first)} and {_number(rows.second)}, {_number(rows.shared)} shared"
        )
    yield Told("doubt", f"{words}: their figures are not comparable")


def _answers(pair: Pair, found: SharedAnswers) -> Iterator[Told]:
    if pair.validation is not None and not pair.validation.same:
        figures = f"macro-F1 {_change(found.macro_f1)}, accuracy {_change(found.accuracy)}"
        judged = " by the later labels" if found.relabelled else ""
        yield Told("sentence", f"on the {_counted(found.rows, 'shared row')}{judged}: {figures}")
    mine, theirs = len(found.only_first), len(found.only_second)
    for run, other, keys in (
        (pair.reference, pair.run, found.only_first),
        (pair.run, pair.reference, found.only_second),
    ):
        if len(keys):
            yield Told("rows", f"{run} right, {other} wrong", keys, f"{run} right, {other} wrong")
    if len(found.both_wrong):
        yield Told("rows", "both wrong", found.both_wrong, f"{pair.reference} and {pair.run} both wrong")
    if not mine and not theirs:
        yield Told("sentence", "right and wrong on the same rows")
    else:
        chance = "hardly chance" if found.p_value < CHANCE else "this may well be chance"
        yield Told("sentence", f"{_number(mine)} to {_number(theirs)}, {p_value(found.p_value)}: {chance}")


def _changes(pair: Pair, changes: RowChanges) -> Iterator[Told]:
    if changes.none:
        yield Told("sentence", f"trained on the same {_counted(changes.shared, 'row')}")
        return
    yield Told("sentence", f"{_counted(changes.shared, 'training row')} in both")
    for one in changes.relabelled:
        words = f"relabelled {one.before} → {one.after}"
        yield Told("rows", words, one.keys, f"{words} between {pair.reference} and {pair.run}")
    for verb, groups, run in (("removed", changes.removed, pair.run), ("added", changes.added, pair.run)):
        for group in groups:
            yield Told("rows", f"{verb}, {group.words}", group.keys, f"{verb} in {run}: {group.words}")
    for before, after in changes.renamed:
        yield Told("sentence", f"class {before} became {after}")


def _change(pair: tuple[float, float]) -> str:
    return " → ".join(f"{value:.3f}".removeprefix("0") for value in pair)


def _number(count: int) -> str:
    return f"{count:,}".replace(",", " ")


def _counted(count: int, noun: str) -> str:
    return f"{_number(count)} {noun}{'' if count == 1 else 's'}"
