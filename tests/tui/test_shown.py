"""What the Data screen shows, as a value: kept between two starts, told in the frame."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tlworkbench.data.filters import RowFilter
from tlworkbench.tui.dataset.shown import Shown, shown_from, without
from tlworkbench.tui.dataset.title_parts import BETWEEN, fit_parts
from tlworkbench.tui.dataset.view import View


def test_what_is_shown_is_kept() -> None:
    shown = Shown(RowFilter(splits=("train",), edited=True, longest=20), "random", 42, True)
    assert shown_from(shown.kept()) == shown
    assert shown.order_words() == "random 42" and Shown().order_words() == ""


@pytest.mark.parametrize(
    "kept",
    [
        {},
        {"filter": {"labels": 3}, "order": "backwards", "seed": "x", "only_found": "yes"},
        {"filter": [], "order": None, "seed": -1, "only_found": 1},
        {"filter": None, "order": 5, "seed": True},
        {"filter": "all", "seed": 1.5},
    ],
)
def test_values_of_another_version_are_passed_over(kept: dict[str, Any]) -> None:
    assert shown_from(kept) == Shown()


def test_unknown_conditions_leave_the_known_ones() -> None:
    assert shown_from({"filter": {"edited": True, "colour": "red"}}).filter == RowFilter(edited=True)


def test_one_thing_less_at_a_time() -> None:
    shown, said = Shown(RowFilter(edited=True), "longest", 1, True), []
    while (less := without(shown)) is not None:
        shown, what = less
        said.append(what)
    assert said == ["only what was found", "the filter", "the order"] and shown == Shown()


@given(st.lists(st.text("ab 漢é", min_size=1, max_size=40), max_size=12), st.integers(1, 150))
def test_a_title_keeps_a_piece_of_every_part(parts: list[str], cells: int) -> None:
    fitted, between = fit_parts(parts, cells)
    assert len(fitted) == len(parts)
    assert all(
        new == old or (new.endswith("…") and old.startswith(new[:-1])) for new, old in zip(fitted, parts, strict=True)
    )
    wanted = cell_len(BETWEEN.join(parts))
    if wanted <= cells:
        assert (fitted, between) == (parts, BETWEEN)
    elif cells >= 3 * len(parts):
        assert cell_len(between.join(fitted)) <= cells


def test_a_view_knows_the_place_of_every_row() -> None:
    rows = np.random.default_rng(3).permutation(50)[:20]
    view = View(rows.astype(np.int64))
    assert [view.place(row) for row in range(60)] == [
        list(rows).index(row) if row in rows else None for row in range(60)
    ]
    wanted = np.arange(0, 60, 3)
    assert view.places(wanted).tolist() == sorted(list(rows).index(row) for row in wanted if row in rows)
    assert View(np.zeros(0, np.int64)).place(0) is None
    assert View(range(5)).places(np.array([4, 1])).tolist() == [1, 4]
