"""Whether a classifier can be trained on some rows: refusals with what to do, and doubts worth a note.

A run and the look ahead at one go by the same rules: this is where they stand.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tlworkbench.data.checks.classes import FEWEST_TRAINING_ROWS
from tlworkbench.data.examples import Examples, examples
from tlworkbench.data.findings import Finding
from tlworkbench.data.labelling import Labelling
from tlworkbench.data.rows import Rows
from tlworkbench.errors import nearest

_MANY_TRUNCATED = 0.05


@dataclass(frozen=True)
class TrainingRows:
    """The rows a run learns from and is measured on, and what they were drawn from."""

    train: Examples
    validation: Examples
    train_rows: int
    """Rows of the training split in all."""
    split_rule: str
    """As in `RowsMeta`."""

    @property
    def usable_rows(self) -> int:
        """Training rows that have a label and a text and are not excluded, drawn or not."""
        return self.train_rows - self.train.unlabelled - self.train.excluded - self.train.empty

    @property
    def names(self) -> tuple[str, ...]:
        """The class names."""
        return self.train.class_names

    def counts(self) -> tuple[list[int], list[int]]:
        """Rows of each class in training and in validation."""
        both = (np.bincount(part.classes, minlength=len(self.names)) for part in (self.train, self.validation))
        train, validation = (counts.tolist() for counts in both)
        return train, validation


def draw_training_rows(
    rows: Rows, labelling: Labelling, max_train_rows: int, max_eval_rows: int, seed: int
) -> TrainingRows:
    """Draw a run's rows; 0 draws all there are."""
    train = split_examples(rows, labelling, "train", max_train_rows, seed)
    validation = split_examples(rows, labelling, "validation", max_eval_rows, seed)
    known = "train" in rows.meta.splits
    in_all = int((rows.splits == rows.meta.splits.index("train")).sum()) if known else 0
    return TrainingRows(train, validation, in_all, rows.meta.split_rule)


def split_examples(rows: Rows, labelling: Labelling, split: str, max_rows: int, seed: int) -> Examples:
    """Examples of a split; none where the rows have no such split at all."""
    if split in rows.meta.splits:
        return examples(rows, labelling, split, max_rows, seed)
    nothing = np.zeros(0, np.int64)
    return Examples(nothing, nothing, labelling.label_set.names)


def judge(drawn: TrainingRows, class_weights: str | Mapping[str, float] = "none") -> list[Finding]:
    """What there is to say of these rows; after a refusal nothing else, as it stands in the way of the rest."""
    refusal = _refusal(drawn) or unknown_class(class_weights, drawn.names)
    return [refusal] if refusal else _doubts(drawn)


def unknown_class(class_weights: str | Mapping[str, float], names: Sequence[str]) -> Finding | None:
    """A refusal where a table of weights names what is no class."""
    for name in () if isinstance(class_weights, str) else class_weights:
        if name not in names:
            what = f"class_weights names '{name}', which is no label of this dataset"
            return Finding("refusal", what, nearest(name, names))
    return None


def truncated(share: float, max_length: int) -> Finding | None:
    """A warning where many training texts are longer than what is kept of them."""
    if share <= _MANY_TRUNCATED:
        return None
    words = f"{share:.0%} of the training texts are longer than {max_length} tokens and cut there"
    return Finding("warning", words, "Set max_length higher, or long_texts = windows, or let the beginning suffice.")


def unread(share: float, most: int, max_length: int) -> Finding | None:
    """A warning where training texts have more windows than are read of a text."""
    if not share:
        return None
    words = f"{share:.1%} of the training texts have more than {most} windows of {max_length} tokens: "
    return Finding("warning", f"{words}the rest of them is not read", "Set max_windows higher, or let that suffice.")


def counted(number: int, noun: str) -> str:
    """`1 000 rows`, `1 row`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}".replace(",", " ")


def _refusal(drawn: TrainingRows) -> Finding | None:
    if not len(drawn.train.indices):
        return _empty(drawn.train_rows)
    present = np.unique(drawn.train.classes)
    if len(present) < 2:
        return Finding(
            "refusal",
            f"all {counted(len(drawn.train.indices), 'training row')} are '{drawn.names[present[0]]}': "
            "a classifier needs at least two classes",
            "The source may be ordered by class: take rows from both ends, as in --split "
            "'train[:500]+train[-500:]', or label some rows with another class.",
        )
    if not len(drawn.validation.indices):
        return Finding(
            "refusal",
            "no labelled row is in the validation split, so nothing could tell how good the model gets",
            _validation_hint(drawn.split_rule),
        )
    return None


def _empty(train_rows: int) -> Finding:
    if train_rows == 0:
        return Finding("refusal", "the dataset has no training rows", "Open a source that has some.")
    none = "the only training row has no label"
    return Finding(
        "refusal",
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


def _doubts(drawn: TrainingRows) -> list[Finding]:
    doubts = []
    for name, learnt, measured in zip(drawn.names, *drawn.counts(), strict=True):
        if not learnt and measured:
            doubts.append(
                Finding(
                    "warning",
                    f"'{name}' has {counted(measured, 'validation row')} but no training rows: "
                    "the model can't learn it, those rows count as wrong",
                )
            )
        elif not learnt:
            words = f"'{name}' has no rows yet: the model keeps an answer for it but learns none"
            doubts.append(Finding("info", words))
        elif not measured:
            doubts.append(
                Finding(
                    "warning",
                    f"'{name}' has {counted(learnt, 'training row')} but none in validation: "
                    "no figure will tell how well it is learnt",
                )
            )
        if 0 < learnt < FEWEST_TRAINING_ROWS and measured:
            words = f"'{name}' has only {counted(learnt, 'training row')}: hardly enough to learn it from"
            doubts.append(Finding("warning", words, "Label more of them, or merge the class into another."))
    return doubts
