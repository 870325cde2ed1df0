"""The label set as a value: names, order, keys, and where ids lead."""

import pytest

from tlworkbench.data.label_set import LabelSet, StoredLabel, checked_name, source_name
from tlworkbench.errors import UserError


def test_ids_lead_along_merges_and_end_in_nothing_where_a_label_was_dropped() -> None:
    labels = LabelSet.of(
        [
            StoredLabel(0, "a", 0, into=1),
            StoredLabel(1, "b", 1, into=2),
            StoredLabel(2, "c", 2),
            StoredLabel(3, "d", 3, into=-1),
            StoredLabel(4, "e", 4, into=3),
        ]
    )
    assert labels.names == ("c",)
    assert labels.resolve.tolist() == [2, 2, 2, -1, -1, -1]
    assert labels.class_of.tolist() == [0, 0, 0, -1, -1, -1]
    assert labels.resolve.dtype == "int16"
    assert [labels.active(number) for number in (-1, 0, 3, 99)] == [-1, 2, -1, -1]


def test_order_is_by_position_and_classes_are_contiguous() -> None:
    labels = LabelSet.of([StoredLabel(0, "a", 9), StoredLabel(5, "b", 3), StoredLabel(2, "c", 4)])
    assert labels.names == ("b", "c", "a")
    assert [int(labels.class_of[number]) for number in (5, 2, 0, 1)] == [0, 1, 2, -1]


def test_two_labels_of_one_name_or_key_stay_apart() -> None:
    labels = LabelSet.of([StoredLabel(0, "spam", 0, "1"), StoredLabel(1, "spam", 1, "1"), StoredLabel(2, "spam", 2)])
    assert labels.names == ("spam", "spam (2)", "spam (3)")
    assert [label.shortcut for label in labels.labels] == ["1", "", ""]
    assert labels.index("spam (2)") == 1
    found = labels.by_shortcut("1")
    assert found is not None and found.id == 0
    assert labels.by_shortcut("") is None


def test_names_are_compared_after_nfc_and_strip_and_an_unknown_one_names_the_nearest() -> None:
    labels = LabelSet.of([StoredLabel(0, "caf\u00e9", 0), StoredLabel(1, "negative", 1)])
    assert labels.index("  cafe\u0301 ") == 0
    with pytest.raises(UserError, match="no label 'negativ'") as raised:
        labels.index("negativ")
    assert "negative" in raised.value.hint
    with pytest.raises(UserError, match="no label"):
        LabelSet.of([]).index("x")


@pytest.mark.parametrize(
    ("name", "why"),
    [
        *(("", "empty"), (" \t", "empty"), ("x" * 65, "too long")),
        *((name, "control") for name in ("a\x1b[31m", "a\nb", "a\u202eb", "a\ud800", "\x00")),
    ],
)
def test_names_that_are_refused(name: str, why: str) -> None:
    with pytest.raises(UserError, match=why):
        checked_name(name)


def test_names_that_are_taken() -> None:
    assert checked_name(" cafe\u0301 ") == "caf\u00e9"
    assert checked_name("x" * 64) == "x" * 64
    assert checked_name("👩\u200d🔬 ok") == "👩\u200d🔬 ok"


def test_any_value_of_a_source_gets_a_fit_name() -> None:
    assert source_name("a\x1b[31m\n b") == "a [31m b"
    assert source_name(" ") == "(empty)"
    assert source_name("x" * 99) == "x" * 63 + "…"
    for value in ("a\x1b[31m\n b", " ", "x" * 99, "\ud800"):
        assert checked_name(source_name(value)) == source_name(value)
