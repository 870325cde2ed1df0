"""Text and label columns found by themselves."""

from typing import Any

import pyarrow as pa
import pytest

from tlworkbench.data.columns import choose_columns, looks_like_data
from tlworkbench.errors import UserError

_LONG = [f"a longer sentence number {n} with words in it" for n in range(100)]
_IDS = [f"u{n}" for n in range(100)]
_FEW = ["up", "down", "up", "sideways"] * 25


def _table(**columns: Any) -> pa.Table:
    return pa.table(columns)


@pytest.mark.parametrize(
    ("columns", "text", "label"),
    [
        ({"label": _FEW, "text": _LONG}, ("text",), "label"),
        ({"id": _IDS, "Review": _LONG, "Sentiment": _FEW}, ("Review",), "Sentiment"),
        ({"tweet_id": _IDS, "tweet_text": _LONG, "airline_sentiment": _FEW}, ("tweet_text",), "airline_sentiment"),
        ({"title": _IDS, "content": _LONG, "stars": [1, 2, 3, 4] * 25}, ("content",), "stars"),
        ({"premise": _LONG, "hypothesis": _IDS, "label": [0, 1, 2, 1] * 25}, ("premise", "hypothesis"), "label"),
        ({"col_a": _IDS, "col_b": _LONG, "col_c": _FEW}, ("col_b",), "col_c"),
        ({"a": _LONG, "b": [1, 0] * 50}, ("a",), "b"),
        ({"a": _LONG, "b": [0.5, 0.25] * 50}, ("a",), ""),
        ({"text": _LONG, "id": _IDS}, ("text",), ""),
        ({"text": _LONG, "score": [n / 7 for n in range(100)]}, ("text",), ""),
        ({"text": _LONG, "score": [n / 7 for n in range(100)], "kind": _FEW}, ("text",), "kind"),
        ({"text": _LONG, "label": [["x"]] * 100}, ("text",), ""),
        ({"number": [str(n) for n in range(100)], "words": _LONG}, ("words",), ""),
        ({"text": _LONG, "label_id": [str(n) for n in range(100)], "label": _FEW}, ("text",), "label"),
    ],
)
def test_columns_are_found(columns: dict[str, Any], text: tuple[str, ...], label: str) -> None:
    chosen = choose_columns(_table(**columns))
    assert (chosen.text, chosen.label) == (text, label)


def test_named_classes_are_the_label() -> None:
    table = _table(text=_LONG, source=[0, 1] * 50, label=_FEW)
    chosen = choose_columns(table, class_names={"source": ("web", "mail")})
    assert chosen.label == "source"


def test_why_is_said() -> None:
    assert choose_columns(_table(text=_LONG, label=_FEW)).why == (
        "text: column 'text' (by its name); labels: column 'label' (by its name)"
    )
    assert choose_columns(_table(x=_LONG, y2=_FEW, i=_IDS), text=("x", "i")).why == (
        "text: columns 'x' + 'i' (as told); labels: column 'y2' (it holds few different short values)"
    )
    why = choose_columns(_table(text=_LONG, score=[n / 7 for n in range(100)])).why
    assert why == (
        "text: column 'text' (by its name); labels: no column looks like labels;"
        " 'score' has 100 different values in 100 rows, so the rows begin unlabelled (name one with --label)"
    )


@pytest.mark.parametrize(
    ("column", "kind"),
    [
        ([1, 2], "numbers"),
        (["1", "2.5"], "numbers"),
        ([["a"], ["b"]], "lists or objects"),
        ([b"a", b"b"], "bytes"),
        ([True, False], "true and false"),
        ([None, None], "nothing"),
    ],
)
def test_a_text_column_holds_text(column: list[Any], kind: str) -> None:
    with pytest.raises(UserError, match=f"column 'c' holds {kind}, not text"):
        choose_columns(_table(c=column, text=["a", "b"]), text=("c",))


def test_a_missing_column_offers_the_nearest() -> None:
    with pytest.raises(UserError, match="no column 'Text'; there are: text, label") as caught:
        choose_columns(_table(text=["a"], label=["b"]), text=("Text",))
    assert caught.value.hint == "Did you mean 'text'?"


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("text", "label"), False),
        (("I liked this film a lot, really", "label"), True),
        (("text", "up"), True),
        (("3", "label"), True),
        (("", "label"), True),
    ],
)
def test_a_header_that_looks_like_data(names: tuple[str, ...], expected: bool) -> None:
    assert looks_like_data(names, pa.table([_LONG, _FEW], names=list(names))) is expected
