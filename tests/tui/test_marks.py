"""Marks and ranges, apart from any screen."""

import numpy as np

from tlworkbench.tui.dataset.marks import Marks
from tlworkbench.tui.dataset.view import all_rows, only

VIEW = only([9, 3, 7, 1, 5], "some")


def test_single_rows_are_marked_and_unmarked() -> None:
    marks = Marks(10)
    marks.toggle(3)
    marks.toggle(9)
    assert (3 in marks, 9 in marks, 4 in marks, 99 in marks, len(marks)) == (True, True, False, False, 2)
    marks.toggle(3)
    assert marks.rows(VIEW, 0).tolist() == [9] and len(marks) == 1


def test_a_range_follows_the_order_shown_in_both_directions() -> None:
    for anchor, cursor in ((1, 3), (3, 1)):
        marks = Marks(10)
        marks.toggle(8)
        marks.toggle(7)
        marks.anchor = anchor
        assert [marks.in_range(place, cursor) for place in range(5)] == [False, True, True, True, False]
        assert marks.rows(VIEW, cursor).tolist() == [1, 3, 7, 8]
        assert marks.count(VIEW, cursor) == 4
        marks.end_range(VIEW, cursor)
        assert not marks.in_range(1, 3)
        assert [row for row in range(10) if row in marks] == [1, 3, 7, 8] and len(marks) == 4


def test_a_range_over_all_rows_and_its_end() -> None:
    marks = Marks(1_000_000)
    marks.anchor = 10
    assert marks.count(all_rows(1_000_000), 500_009) == 500_000
    marks.end_range(all_rows(1_000_000), 500_009)
    assert np.array_equal(marks.rows(VIEW, 0), np.arange(10, 500_010))
    marks.clear()
    assert len(marks) == 0 and 10 not in marks
