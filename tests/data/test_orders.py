"""Orders against Python's own sort of the same rows."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.data.finding import Drawn, drawn_rows, rows_of
from tlworkbench.data.orders import ORDERS, OrderInput, find_order, ordered
from tlworkbench.errors import UserError

ROW = Drawn("a", 0, 0, 0, 1, True, False, False, False, 0.5)


def _input(drawn: list[Drawn], seed: int = 0, latest: list[int] | None = None) -> OrderInput:
    scores = np.array([row.score for row in drawn], np.float32)
    changed = None if latest is None else np.array(latest, np.int64)
    return OrderInput(rows_of(drawn), scores, scores, changed, seed)


@st.composite
def some_rows(draw: st.DrawFn) -> tuple[list[Drawn], list[int]]:
    drawn = draw(drawn_rows)
    shuffled = draw(st.permutations(range(len(drawn))))
    return drawn, shuffled[: draw(st.integers(0, len(drawn)))]


@settings(deadline=None, max_examples=60)
@given(some_rows())
def test_rows_are_sorted_and_equal_ones_stay_as_they_were(given: tuple[list[Drawn], list[int]]) -> None:
    drawn, rows = given

    def falling(row: int) -> tuple[bool, float]:
        # Nothing known about a row comes last, after the lowest score too.
        score = drawn[row].score
        return math.isnan(score), 0.0 if math.isnan(score) else -score

    expected = {
        "file": rows,
        "longest": sorted(rows, key=lambda row: -len(drawn[row].text)),
        "shortest": sorted(rows, key=lambda row: len(drawn[row].text)),
        "suspicious": sorted(rows, key=falling),
        "uncertain": sorted(rows, key=falling),
    }
    for name, wanted in expected.items():
        assert ordered(np.array(rows, np.int64), name, _input(drawn)).tolist() == wanted


@settings(deadline=None, max_examples=60)
@given(some_rows(), st.lists(st.integers(-1, 5), unique=True))
def test_the_latest_edit_comes_first(given: tuple[list[Drawn], list[int]], latest: list[int]) -> None:
    drawn, rows = given
    latest = [row for row in latest if row < len(drawn)]
    found = ordered(np.array(rows, np.int64), "latest", _input(drawn, latest=latest)).tolist()
    edited = [row for row in latest if row in rows]
    assert found == edited + [row for row in rows if row not in edited]


@settings(deadline=None, max_examples=60)
@given(some_rows(), st.integers(0, 10**12))
def test_a_random_order_is_the_seeds_alone(given: tuple[list[Drawn], list[int]], seed: int) -> None:
    drawn, rows = given
    everything = ordered(np.arange(len(drawn)), "random", _input(drawn, seed)).tolist()
    assert sorted(everything) == list(range(len(drawn)))
    some = ordered(np.array(rows, np.int64), "random", _input(drawn, seed)).tolist()
    assert some == [row for row in everything if row in rows]


def test_another_seed_is_another_order_and_none_is_the_files() -> None:
    rows = np.arange(200)
    orders = {tuple(ordered(rows, "random", _input([ROW] * 200, seed)).tolist()) for seed in range(20)}
    assert len(orders) == 20 and tuple(rows) not in orders


def test_what_an_order_lacks_is_said() -> None:
    given = OrderInput(rows_of([ROW]))
    for name in ("suspicious", "uncertain"):
        with pytest.raises(UserError, match="nothing was predicted") as caught:
            ordered(np.arange(1), name, given)
        assert "Press S" in caught.value.hint
    assert ordered(np.arange(1), "latest", given).tolist() == [0]
    with pytest.raises(UserError, match="there is no order 'backwards'"):
        ordered(np.arange(1), "backwards", given)


def test_every_order_of_the_table_works_and_has_its_own_key() -> None:
    assert len({order.key for order in ORDERS}) == len(ORDERS)
    for order in ORDERS:
        assert find_order(order.name) is order
        assert ordered(np.arange(3), order.name, _input([ROW] * 3, latest=[])).shape == (3,)
    assert find_order("backwards") is None
