"""Filters against a reading of the same rows one by one."""

from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.data.finding import LABELS, SPLITS, VALUES, Drawn, drawn_rows, input_of
from tlworkbench.data.filter_counts import EITHER_FIELDS, NAMED_FIELDS, FilterCounts
from tlworkbench.data.filters import FIELDS, FilterInput, RowFilter, keeps, select
from tlworkbench.errors import UserError

either = st.booleans()
lengths = st.sampled_from((0, 1, 2, 8, 9, 300))
conditions: dict[str, st.SearchStrategy[Any]] = {
    "labels": st.lists(st.sampled_from(("bad", "positive", "unsure", "", "neutral", "gone")), max_size=3).map(tuple),
    "source_labels": st.lists(st.sampled_from((*VALUES, "", "gone")), max_size=2).map(tuple),
    "splits": st.lists(st.sampled_from((*SPLITS, "gone", "")), max_size=2).map(tuple),
    "edited": either,
    "flagged": either,
    "excluded": either,
    "noted": either,
    "differs": either,
    "conflicts": either,
    "shortest": lengths,
    "longest": lengths,
}


@st.composite
def filters(draw: st.DrawFn) -> RowFilter:
    """Few conditions at once, else no row would meet them all."""
    fields = draw(st.lists(st.sampled_from(sorted(conditions)), max_size=3, unique=True))
    return RowFilter(**{field: draw(conditions[field]) for field in fields})


def _predicted(row: Drawn) -> int:
    return LABELS.active(row.predicted)


def _conflicts(row: Drawn, drawn: list[Drawn]) -> bool:
    def counts(one: Drawn) -> bool:
        return not one.excluded and one.label >= 0 and bool(one.text.strip())

    return counts(row) and any(counts(other) and other.text == row.text and other.label != row.label for other in drawn)


def _fits(row: Drawn, drawn: list[Drawn], filter: RowFilter) -> bool:
    names = {label.id: label.name for label in LABELS.labels}
    predicted = _predicted(row)
    wanted = [
        (filter.edited, row.edited),
        (filter.flagged, row.flagged),
        (filter.excluded, row.excluded),
        (filter.noted, row.noted),
        (filter.conflicts, _conflicts(row, drawn)),
    ]
    return (
        (not filter.labels or names.get(row.label, "") in filter.labels)
        and (not filter.source_labels or (VALUES[row.source] if row.source >= 0 else "") in filter.source_labels)
        and (not filter.splits or SPLITS[row.split] in filter.splits)
        and all(asked is None or asked == there for asked, there in wanted)
        and (
            filter.differs is None or (predicted >= 0 and row.label >= 0 and (predicted != row.label) == filter.differs)
        )
        and (filter.shortest is None or len(row.text) >= filter.shortest)
        and (filter.longest is None or len(row.text) <= filter.longest)
    )


@settings(deadline=None, max_examples=60)
@given(drawn_rows, filters())
def test_a_filter_leaves_what_meets_every_condition(drawn: list[Drawn], filter: RowFilter) -> None:
    found = select(filter, input_of(drawn))
    assert found.tolist() == [place for place, row in enumerate(drawn) if _fits(row, drawn, filter)]
    assert found.dtype == np.int64


@pytest.mark.parametrize("field", conditions)
@settings(deadline=None, max_examples=25)
@given(st.data())
def test_one_condition_leaves_what_meets_it(field: str, data: st.DataObject) -> None:
    drawn = data.draw(drawn_rows)
    filter = RowFilter(**{field: data.draw(conditions[field])})
    assert select(filter, input_of(drawn)).tolist() == [n for n, row in enumerate(drawn) if _fits(row, drawn, filter)]


@settings(deadline=None, max_examples=60)
@given(drawn_rows, filters(), st.sampled_from(FIELDS))
def test_one_condition_can_be_left_out(drawn: list[Drawn], filter: RowFilter, field: str) -> None:
    fields = ("shortest", "longest") if field == "length" else (field,)
    default = RowFilter()
    others = msgspec.structs.replace(filter, **{name: getattr(default, name) for name in fields})
    given = input_of(drawn)
    left = keeps(filter, given, without=field)
    rows = np.arange(len(drawn)) if left is None else np.flatnonzero(left)
    assert rows.tolist() == select(others, given).tolist()


@settings(deadline=None, max_examples=60)
@given(filters())
def test_a_filter_outlives_the_program_as_json(filter: RowFilter) -> None:
    assert msgspec.json.decode(msgspec.json.encode(filter), type=RowFilter) == filter
    assert msgspec.convert(msgspec.to_builtins(filter), RowFilter) == filter


def test_no_condition_keeps_all_rows() -> None:
    assert keeps(RowFilter(), input_of([])) is None and RowFilter().words() == ()


def test_a_column_of_ours_is_never_written_into() -> None:
    given = input_of([Drawn("a", 0, 0, 0, 1, True, False, False, False, 0.0)] * 3)
    select(RowFilter(edited=True, flagged=False), given)
    select(RowFilter(edited=True, shortest=5), given)
    assert given.labelling.edited.all() and not given.labelling.flagged.any()


def test_without_predictions_the_filter_says_what_to_do() -> None:
    given = input_of([Drawn("a", 0, 0, 0, 1, True, False, False, False, 0.0)])
    bare = FilterInput(given.rows, given.labelling)
    with pytest.raises(UserError, match="nothing was predicted") as caught:
        select(RowFilter(differs=True), bare)
    assert "S" in caught.value.hint
    assert len(select(RowFilter(noted=True), bare)) == 0 and len(select(RowFilter(noted=False), bare)) == 1


@pytest.mark.parametrize(
    ("filter", "words"),
    [
        (RowFilter(labels=("bad", "", "good", "x")), ["label bad, none +2"]),
        (RowFilter(labels=("",), source_labels=("",)), ["no label", "no source label"]),
        (RowFilter(splits=("train",), edited=True), ["split train", "edited"]),
        (RowFilter(flagged=False, excluded=True, noted=True), ["not flagged", "excluded", "with a note"]),
        (RowFilter(differs=True, conflicts=True), ["predicted ≠ label", "conflicting"]),
        (RowFilter(shortest=100), ["≥ 100 characters"]),
        (RowFilter(longest=20), ["≤ 20 characters"]),
        (RowFilter(shortest=0, longest=20), ["0–20 characters"]),
    ],
)
def test_a_filter_tells_itself(filter: RowFilter, words: list[str]) -> None:
    assert list(filter.words()) == words


@settings(deadline=None, max_examples=60)
@given(drawn_rows, filters(), st.sampled_from((*NAMED_FIELDS, *EITHER_FIELDS)))
def test_a_choice_tells_how_many_rows_it_would_leave(drawn: list[Drawn], filter: RowFilter, field: str) -> None:
    given = input_of(drawn)
    shown = FilterCounts(filter, given).choices(field)
    for choice in shown:
        wanted = {"yes": True, "no": False}[choice.value] if field in EITHER_FIELDS else (choice.value,)
        changed = msgspec.structs.replace(filter, **{field: wanted})
        assert choice.rows == len(select(changed, given)) == FilterCounts(changed, given).left
        now = getattr(filter, field)
        assert choice.chosen == (choice.value in now if field in NAMED_FIELDS else now == wanted)
    values = [choice.value for choice in shown]
    assert len(set(values)) == len(values)
    assert field in EITHER_FIELDS or set(getattr(filter, field)) <= set(values)
