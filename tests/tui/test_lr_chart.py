"""The chart of a learning-rate finder: its axis, the suggestion, the cursor."""

import math

import numpy as np
import pytest
from rich.cells import cell_len
from textual.app import App, ComposeResult

from tlworkbench.tui.themes import FALLBACK
from tlworkbench.tui.widgets.lr_chart import LrChart

RATES = tuple(float(rate) for rate in np.geomspace(1e-7, 1e-1, 61))
LOSSES = tuple(0.4 + (math.log10(rate) + 3.5) ** 2 / 10 for rate in RATES)


class Alone(App[None]):
    """A chart and nothing else."""

    def compose(self) -> ComposeResult:
        yield LrChart(FALLBACK)

    @property
    def lines(self) -> list[str]:
        return [strip.text for strip in self.screen._compositor.render_strips()]


@pytest.mark.parametrize("size", [(74, 14), (120, 30), (30, 8)])
async def test_the_suggested_rate_is_marked_and_the_cursor_begins_on_it(size: tuple[int, int]) -> None:
    app = Alone()
    async with app.run_test(size=size) as pilot:
        chart = app.query_one(LrChart)
        chart.show(RATES, LOSSES, RATES[30])
        chart.focus()
        await pilot.pause()
        assert chart.rate == RATES[30]
        assert {cell_len(line) for line in app.lines} == {size[0]}
        if size[0] > 30:
            whole = "\n".join(app.lines)
            assert "suggested 1e-4" in whole and "┊" in whole and "1e-6" in app.lines[-2]
            assert f"rate 1e-4   ─ loss {LOSSES[30]:.4f}" in app.lines[-1]
        await pilot.press("right")
        assert chart.rate is not None and chart.rate > RATES[30] and chart.rate in RATES
        assert chart.readings()[0].value == LOSSES[RATES.index(chart.rate)]
        await pilot.press("left", "left", "home")
        assert chart.rate == RATES[30]


async def test_it_grows_while_rates_are_tried_and_has_no_suggestion_before_the_end() -> None:
    app = Alone()
    async with app.run_test(size=(74, 14)) as pilot:
        chart = app.query_one(LrChart)
        chart.show((), (), None)
        await pilot.pause()
        assert any("no rate tried yet" in line for line in app.lines) and not chart.readings()
        for count in (1, 2, 30, 61):
            chart.show(RATES[:count], LOSSES[:count], None)
            chart.redraw()
            await pilot.pause()
            assert chart.rate == RATES[count - 1]
            assert "suggested" not in "\n".join(app.lines)


async def test_losses_that_flew_away_are_left_out_and_told() -> None:
    app = Alone()
    async with app.run_test(size=(74, 14)) as pilot:
        chart = app.query_one(LrChart)
        chart.show(RATES, (*LOSSES[:-2], math.inf, math.nan), RATES[20])
        await pilot.pause()
        assert "2 values no number" in app.lines[-1]
