"""Whether a classifier can be trained on what was chosen: refusals with the reason, and doubts worth a note."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tlworkbench.engine.examples_file import Classes, RunExamples
from tlworkbench.errors import UserError


@dataclass(frozen=True)
class Doubt:
    """Something the user ought to know before trusting the figures."""

    text: str
    warning: bool


def check_trainable(examples: RunExamples, train_rows: int, split_rule: str) -> list[Doubt]:
    """Return the doubts about `examples`; raises UserError where no classifier could come of them.

    train_rows: rows in the training split, labelled or not. split_rule: as in `RowsMeta`.
    """
    names = examples.class_names
    if not len(examples.train):
        _refuse_empty(train_rows)
    train = np.bincount(examples.train.classes, minlength=len(names))
    present = np.flatnonzero(train)
    if len(present) < 2:
        raise UserError(
            f"all {counted(len(examples.train), 'training row')} are '{names[present[0]]}': "
            "a classifier needs at least two classes",
            "The source may be ordered by class: take rows from both ends, as in --split "
            "'train[:500]+train[-500:]', or label some rows with another class.",
        )
    if not len(examples.validation):
        raise UserError(
            "no labelled row is in the validation split, so nothing could tell how good the model gets",
            _validation_hint(split_rule),
        )
    return _doubts(names, train, np.bincount(examples.validation.classes, minlength=len(names)))


def counted(number: int, noun: str) -> str:
    """`1 000 rows`, `1 row`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}".replace(",", " ")


def _refuse_empty(train_rows: int) -> None:
    if train_rows == 0:
        raise UserError("the dataset has no training rows", "Open a source that has some.")
    none = "the only training row has no label"
    raise UserError(
        none if train_rows == 1 else f"none of the {counted(train_rows, 'training row')} has a label (and a text)",
        "Label some of them in Data with the digit keys, or name the label column: tlworkbench open SOURCE --label C.",
    )


def _validation_hint(split_rule: str) -> str:
    if split_rule.startswith("hash"):
        return "Label more rows, or open the source again with a larger share for it: --validation 0.3."
    return (
        "Label rows of the validation split, or open the training part alone (--split train): "
        "a share of it is then cut off for validation."
    )


def _doubts(names: Sequence[str], train: Classes, validation: Classes) -> list[Doubt]:
    doubts = []
    for name, learnt, measured in zip(names, train.tolist(), validation.tolist(), strict=True):
        if not learnt and measured:
            doubts.append(
                Doubt(
                    f"'{name}' has {counted(measured, 'validation row')} but no training rows: "
                    "the model can't learn it, those rows count as wrong",
                    warning=True,
                )
            )
        elif not learnt:
            doubts.append(Doubt(f"'{name}' has no rows yet: the model keeps an answer for it but learns none", False))
        elif not measured:
            doubts.append(
                Doubt(
                    f"'{name}' has {counted(learnt, 'training row')} but none in validation: "
                    "no figure will tell how well it is learnt",
                    warning=True,
                )
            )
    return doubts
