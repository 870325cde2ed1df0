"""Which columns are the text and which is the label: by their names, else by what stands in them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa

from tlworkbench.data.label_codes import MAX_VALUES, grouped, label_text
from tlworkbench.errors import UserError, nearest

NO_LABEL = "-"
"""Given as the label: there is none, whatever the columns look like."""
_SAMPLE = 1000
_TEXT_NAMES = (
    *("text", "sentence", "review", "content", "tweet", "message", "body", "comment", "post", "utterance"),
    *("document", "description", "question", "query", "prompt", "headline", "title"),
)
_TEXT_PAIRS = (("sentence1", "sentence2"), ("premise", "hypothesis"), ("question1", "question2"))
_LABEL_NAMES = (
    *("label", "labels", "sentiment", "class", "category", "target", "emotion", "intent", "topic", "stars", "rating"),
    *("polarity", "score", "y"),
)
_MAX_LABEL_LENGTH = 40
_MAX_FOUND_VALUES = 50


@dataclass(frozen=True)
class Columns:
    """The columns chosen; `label` is empty where there is none."""

    text: tuple[str, ...]
    label: str
    why: str
    """A sentence for the user: what was chosen and by what."""


def choose_columns(
    sample: pa.Table,
    text: tuple[str, ...] = (),
    label: str = "",
    *,
    class_names: Mapping[str, tuple[str, ...]] | None = None,
) -> Columns:
    """Choose among the columns of `sample` (first rows of the source); what `text` and `label` name is taken as told.

    class_names: names of the ClassLabel columns. Raises UserError when a column isn't there or can't be what it is told
    to be, or no column holds text.
    """
    cells = {name: _cells(sample, name) for name in sample.column_names}
    for name in (*text, *(() if label in ("", NO_LABEL) else (label,))):
        if name not in cells:
            there = ", ".join(cells) or "none"
            raise UserError(f"no column '{name}'; there are: {there}", _did_you_mean(name, cells))
    if label in text:
        raise UserError(f"column '{label}' is told to be both text and label", "Name another one with --label.")
    for name in text:
        _check_text(name, sample.schema.field(name).type, cells[name])
    # A label that is named is no text, and the other way round.
    text, why_text = (text, "as told") if text else _find_text(sample, cells, label)
    if label == NO_LABEL and label not in cells:
        label, why_label = "", "none, as told"
    elif label:
        why_label = "as told"
    else:
        label, why_label = _find_label(sample, cells, text, class_names or {})
    named = " + ".join(f"'{name}'" for name in text)
    labels = f"column '{label}' ({why_label})" if label else why_label
    return Columns(text, label, f"text: column{'s' if len(text) > 1 else ''} {named} ({why_text}); labels: {labels}")


def looks_like_data(names: tuple[str, ...], sample: pa.Table) -> bool:
    """Whether column names look like a first row of data, as in a file without a header."""
    for name, column in zip(names, sample.columns, strict=False):
        if not name or len(name) > 60 or len(name.split()) > 5 or _is_number(name):
            return True
        values = [str(value) for value in column.slice(0, _SAMPLE).to_pylist() if value is not None]
        # A name that keeps coming back as a value of its own column.
        if values.count(name) > 1:
            return True
    return False


def _find_text(sample: pa.Table, cells: dict[str, list[object]], label: str) -> tuple[tuple[str, ...], str]:
    texts = [name for name in cells if name != label and _holds_text(sample.schema.field(name).type, cells[name])]
    if not texts:
        there = ", ".join(cells) or "none"
        raise UserError(f"no column holds text; there are: {there}", "Name the column of the text with --text.")
    for pair in _TEXT_PAIRS:
        if all(name in texts for name in pair):
            return pair, "by their names"
    found = _by_name(texts, _TEXT_NAMES)
    if found:
        return (found,), "by its name"
    if len(texts) == 1:
        return (texts[0],), "the only one that holds text"
    return (max(texts, key=lambda name: _mean_length(cells[name])),), "it holds the longest texts"


def _find_label(
    sample: pa.Table,
    cells: dict[str, list[object]],
    text: tuple[str, ...],
    class_names: Mapping[str, tuple[str, ...]],
) -> tuple[str, str]:
    others = {
        name: values
        for name, values in cells.items()
        if name not in text and not pa.types.is_nested(sample.schema.field(name).type)
    }
    named = [name for name in others if name in class_names]
    if named:
        return _by_name(named, _LABEL_NAMES) or named[0], "it has named classes"
    doubt = ""
    left = list(others)
    while found := _by_name(left, _LABEL_NAMES):
        left.remove(found)
        values = _distinct(others[found])
        rows = len(others[found])
        if len(values) <= MAX_VALUES and (rows < 50 or len(values) <= 0.9 * rows):
            return found, "by its name"
        doubt = doubt or f"; '{found}' has {grouped(len(values))} different values in {grouped(rows)} rows"
    fitting = [name for name in others if _looks_like_labels(others[name])]
    if fitting:
        # The fewest values; among equals the last column, where labels mostly stand.
        return min(
            reversed(fitting), key=lambda name: len(_distinct(others[name]))
        ), "it holds few different short values"
    return "", f"no column looks like labels{doubt}, so the rows begin unlabelled (name one with --label)"


def _by_name(columns: list[str], wanted: tuple[str, ...]) -> str:
    """The column whose name is the first of `wanted`, or failing that has it as a word (`tweet_text`)."""
    for word in wanted:
        for name in columns:
            if name.lower() == word:
                return name
    for word in wanted:
        for name in columns:
            words = re.split(r"[^a-z]+", name.lower())
            if len(word) > 1 and word in words and "id" not in words:
                return name
    return ""


def _check_text(name: str, type_: pa.DataType, values: list[object]) -> None:
    if _holds_text(type_, values):
        return
    kind = "numbers"
    if pa.types.is_nested(type_):
        kind = "lists or objects"
    elif pa.types.is_binary(type_) or pa.types.is_large_binary(type_):
        kind = "bytes"
    elif pa.types.is_boolean(type_):
        kind = "true and false"
    elif pa.types.is_temporal(type_):
        kind = "dates"
    elif pa.types.is_null(type_):
        kind = "nothing"
    raise UserError(f"column '{name}' holds {kind}, not text", "Name the column of the text with --text.")


def _holds_text(type_: pa.DataType, values: list[object]) -> bool:
    if not pa.types.is_string(type_) and not pa.types.is_large_string(type_):
        return False
    filled = [value for value in values if value not in (None, "")]
    return not filled or not all(_is_number(str(value)) for value in filled)


def _looks_like_labels(values: list[object]) -> bool:
    filled = [value for value in values if value is not None and value != ""]
    distinct = _distinct(filled)
    if not 2 <= len(distinct) <= min(_MAX_FOUND_VALUES, len(filled) // 2):
        return False
    # Fractions are measurements, not classes.
    if any(isinstance(value, float) and not value.is_integer() for value in filled):
        return False
    return max(map(len, distinct)) <= _MAX_LABEL_LENGTH


def _distinct(values: list[object]) -> set[str]:
    return {label_text(value) for value in values} - {""}


def _mean_length(values: list[object]) -> float:
    return sum(len(str(value)) for value in values if value is not None) / max(1, len(values))


def _cells(sample: pa.Table, name: str) -> list[object]:
    column = sample.column(name).slice(0, _SAMPLE)
    if pa.types.is_nested(column.type) or pa.types.is_binary(column.type):
        return []
    values: list[object] = column.to_pylist()
    return values


def _did_you_mean(name: str, columns: Mapping[str, object]) -> str:
    by_case = [column for column in columns if column.lower() == name.lower()]
    hint = f"Did you mean '{by_case[0]}'?" if by_case else nearest(name, columns)
    return hint if hint.startswith("Did") else "Choose one of these."


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
