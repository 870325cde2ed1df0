"""Looks at a chart: zoom around a place, pan, and the ends that neither leaves."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tlworkbench.tui.widgets.view import View

WHOLE = (0.0, 1000.0)


@given(st.lists(st.tuples(st.sampled_from("+-<>"), st.floats(0, 1000)), max_size=40))
def test_no_key_leads_out_of_the_whole_or_too_near(keys: list[tuple[str, float]]) -> None:
    view = View()
    for key, around in keys:
        if key in "+-":
            view = view.zoomed(2.0 if key == "+" else 0.5, around, *WHOLE, finest=8)
        else:
            view = view.panned(1 if key == ">" else -1, *WHOLE)
        low, high = view.ends(*WHOLE)
        assert -1e-6 <= low < high <= 1000 + 1e-6
        assert high - low >= 8 - 1e-6


def test_what_it_is_zoomed_around_keeps_its_column() -> None:
    view = View().zoomed(2, 250, *WHOLE, finest=8)
    assert view.ends(*WHOLE) == (125, 625)
    assert view.zoomed(0.5, 250, *WHOLE, finest=8).window is None


def test_at_an_end_the_window_stops_and_keeps_its_width() -> None:
    view = View((800, 1000))
    assert view.panned(1, *WHOLE) == view
    assert view.panned(-1, *WHOLE).ends(*WHOLE) == (750, 950)
    assert View().panned(1, *WHOLE).window is None


def test_a_place_out_of_sight_is_brought_into_it() -> None:
    view = View((200, 300))
    assert view.with_sight_of(250, *WHOLE) == view
    assert view.with_sight_of(310, *WHOLE).ends(*WHOLE) == (210, 310)
    assert view.with_sight_of(190, *WHOLE).ends(*WHOLE) == (190, 290)


@pytest.mark.parametrize("window", [(2000.0, 3000.0), (-5.0, -1.0)])
def test_a_window_beside_the_whole_shows_the_whole(window: tuple[float, float]) -> None:
    assert View(window).ends(*WHOLE) == WHOLE


def test_smoothing_goes_round_and_a_scale_turns_back() -> None:
    view = View()
    for degree in ("light", "strong", "off"):
        view = view.smoother()
        assert view.smoothing == degree
    turned = view.with_scale_turned("loss")
    assert turned.logarithmic == {"loss"} and turned.with_scale_turned("loss") == view
