"""What the user ought to know about rows that have just been read."""

from collections.abc import Iterator

from tlworkbench.data.label_codes import grouped
from tlworkbench.data.rows_summary import RowsSummary


def cut_in_words(summary: RowsSummary, share: float) -> str:
    """Where the validation rows come from when the source brings none."""
    return (
        f"the source has no validation split: {share * 100:.3g} % of train, chosen by content, became validation"
        f" ({_rows(summary.rows.get('validation', 0))})"
    )


def warnings_on(summary: RowsSummary) -> Iterator[str]:
    """Sentences on what stands in the way of training, or is not what one might expect."""
    train = summary.rows.get("train", 0)
    if not train:
        yield "there are no training rows in this source"
    present = [label for label, count in summary.labels.items() if count]
    if len(present) == 1:
        yield f"every labelled row has the same label, '{present[0]}': there is nothing to tell apart"
    by_train = summary.by_label.get("train", {})
    by_validation = summary.by_label.get("validation", {})
    without = [label for label in present if by_train.get(label) and not by_validation.get(label)]
    if without:
        yield f"no validation rows for: {_some(without)}"
    if present and summary.unlabelled:
        yield f"{_rows(summary.unlabelled)} without a label"
    if summary.empty_texts:
        yield f"{_rows(summary.empty_texts)} with an empty text"


def rows_in_words(summary: RowsSummary) -> str:
    """`12 284 rows: 9 827 train, 2 457 validation`."""
    splits = ", ".join(f"{grouped(count)} {name}" for name, count in summary.rows.items())
    return f"{grouped(sum(summary.rows.values()))} rows: {splits}"


def _rows(count: int) -> str:
    return f"{grouped(count)} row{'s' if count != 1 else ''}"


def _some(names: list[str]) -> str:
    return ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
