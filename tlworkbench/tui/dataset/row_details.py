"""One row as the detail pane shows it, put together from rows, journal, suggestions and the answers of past runs."""

import json
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from tlworkbench.data.row_edits import RowChange
from tlworkbench.data.rows import Rows, key_text
from tlworkbench.tui.dataset.row_source import FirstRows
from tlworkbench.tui.widgets.detail_lines import Change, Detail, Label, Suggestion
from tlworkbench.tui.widgets.label_bar import LabelCount

if TYPE_CHECKING:
    from tlworkbench.tui.dataset.opened import Opened


def detail_of(opened: "Opened", row: int) -> Detail:
    """A row of an open dataset."""
    state = opened.labelling.state(row)
    meta = opened.rows.meta
    key = opened.key(row)
    marks = {"edited": state.edited, "flagged": state.flagged, "excluded": state.excluded}
    value = meta.label_values[state.source_value] if state.source_value >= 0 else ""
    # After a rename or merge the source's own word stands beside what became of it.
    source = (value, _named(opened, state.source)[1]) if meta.label else None
    places = {label.name: place for place, label in enumerate(opened.labelling.label_set.labels)}
    return Detail(
        number=row + 1,
        text=opened.rows.text(row),
        now=_named(opened, state.label),
        source=source,
        marks=tuple(name for name, there in marks.items() if there),
        split=opened.rows.split_name(row),
        key=key_text(key),
        others=_others(opened.rows, row),
        suggestion=_suggestion(opened, row),
        note=opened.journal.note(key) if state.noted else "",
        answers=tuple(
            (answer.run, (answer.label, places.get(answer.label, -1)), answer.probability)
            for answer in opened.predictions.of(key)
        ),
        history=tuple(
            Change(change.at, _in_words(change, value), change.means, change.who, change.state)
            for change in opened.journal.row_history(key)
        ),
    )


def first_detail(rows: Rows, row: int) -> Detail:
    """A row of an import that still runs."""
    look = FirstRows(rows).look(row)
    return Detail(
        number=row + 1,
        text=rows.text(row),
        now=(look.label, look.place),
        marks=("being imported",),
        others=_others(rows, row),
    )


def first_counts(rows: Rows) -> tuple[list[LabelCount], int]:
    """Labels of an import that still runs with their rows so far, and the rows without one."""
    names = rows.meta.label_values
    counts = np.bincount(rows.source_labels + 1, minlength=len(names) + 1).tolist()
    return [LabelCount("", name, count) for name, count in zip(names, counts[1:], strict=True)], counts[0]


def _named(opened: "Opened", label_id: int) -> Label:
    labels = opened.labelling.label_set
    label = labels.get(label_id)
    return (label.name if label else "", int(labels.class_of[label_id]))


def _suggestion(opened: "Opened", row: int) -> Suggestion | None:
    found, suggestions = opened.advice.of(row), opened.advice.suggestions
    if found is None or suggestions is None:
        return None
    near = opened.rows.indices_of(suggestions.nearest(row))
    counts = Counter(int(opened.labelling.current[other]) for other in near.tolist() if other >= 0)
    nearest = tuple((_named(opened, label), count) for label, count in counts.most_common())
    return Suggestion((found.name, found.place), found.probability, found.suspect, nearest)


def _in_words(change: RowChange, source: str) -> str:
    """The change, with the source's own word for its label."""
    return change.text.replace("the source's label", source) if source and change.field == "label" else change.text


def _others(rows: Rows, row: int) -> tuple[tuple[str, str], ...]:
    """The source's columns that are neither text nor label; lists and objects as JSON."""
    return tuple(
        (name, _as_text(value))
        for name, value in rows.record(row).items()
        if name not in rows.meta.text and name != rows.meta.label
    )


def _as_text(value: object) -> str:
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False, default=str)
    return "" if value is None else str(value)
