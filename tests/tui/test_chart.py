"""A run's chart: thinning, axes, what plotext draws, the cursor, and how long all of it takes."""

import dataclasses
import math
import time
from collections.abc import Awaitable, Callable, Sequence
from itertools import pairwise

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.app import App, ComposeResult
from textual.content import Content

from tlworkbench.jobs.events import Evaluated, Step, TrainingBegan
from tlworkbench.jobs.run_state import RunState
from tlworkbench.jobs.steps import Steps
from tlworkbench.tui.themes import FALLBACK
from tlworkbench.tui.widgets import figures, plot
from tlworkbench.tui.widgets.axes import Axis, epoch_labels, label_line, spanning, ticks
from tlworkbench.tui.widgets.readout import readings
from tlworkbench.tui.widgets.run_chart import RunChart
from tlworkbench.tui.widgets.run_curves import RunCurves
from tlworkbench.tui.widgets.run_figures import figure_of
from tlworkbench.tui.widgets.thinning import thin

Until = Callable[..., Awaitable[None]]
NOTHING = Content("nothing yet")


def training(total: int, epochs: float = 3) -> TrainingBegan:
    return TrainingBegan(
        classes=("a", "b"), train_rows=10, eval_rows=5, total_steps=total, epochs=epochs, batch_size=2, max_length=64,
        precision="fp32",
    )  # fmt: skip


def step(number: int, loss: float) -> Step:
    return Step(step=number, epoch=number / 100, loss=loss, learning_rate=1e-4)


def evaluated(number: int, loss: float) -> Evaluated:
    return Evaluated(
        step=number, epoch=1, split="validation", loss=loss, accuracy=0.5, macro_f1=0.5, per_class=(), confusion=()
    )


def running(losses: Sequence[float], total: int = 300, evaluations: Sequence[Evaluated] = ()) -> RunState:
    steps = Steps(step(number, loss) for number, loss in enumerate(losses, 1))
    return RunState(status="running", training=training(total), steps=steps, evaluations=tuple(evaluations))


def noisy(count: int) -> list[float]:
    noise = np.random.default_rng(7).normal(0, 0.05, count)
    return [0.4 + 0.9 * math.exp(-3 * n / count) + float(noise[n]) for n in range(count)]


class Alone(App[None]):
    """A chart and nothing else."""

    def compose(self) -> ComposeResult:
        yield RunChart(FALLBACK)

    @property
    def chart(self) -> RunChart:
        return self.query_one(RunChart)

    @property
    def lines(self) -> list[str]:
        return [strip.text for strip in self.screen._compositor.render_strips()]


# Thinning


@given(st.lists(st.tuples(st.integers(0, 9), st.floats(-1e6, 1e6)), max_size=60))
def test_thinning_keeps_each_columns_lowest_and_highest_in_their_order(points: list[tuple[int, float]]) -> None:
    points.sort(key=lambda point: point[0])
    columns = np.array([column for column, _ in points], np.int64)
    values = np.array([value for _, value in points])
    kept = thin(columns, values)
    assert list(kept) == sorted(kept)
    for column in set(columns.tolist()):
        whole = values[columns == column]
        rest = values[kept][columns[kept] == column]
        assert (rest.min(), rest.max()) == (whole.min(), whole.max())
        assert len(rest) <= 2


def test_one_peak_among_a_hundred_thousand_points_is_not_lost() -> None:
    values = np.zeros(100_000)
    values[54_321] = 9.0
    kept = thin(np.arange(100_000) // 1000, values)
    assert 54_321 in kept and len(kept) <= 200


# Axes


@pytest.mark.parametrize("most", [2, 3, 7])
@pytest.mark.parametrize(
    ("low", "high"), [(0.31, 1.24), (0, 1), (0.69312, 0.69318), (-3, 4000), (1e-7, 3e-7), (5, 1e12)]
)
def test_ticks_are_round_distinct_on_the_axis_and_not_too_many(low: float, high: float, most: int) -> None:
    found = ticks(Axis(low, high, 40), most)
    assert 1 <= len(found) <= most
    assert all(low <= value * (1 + 1e-9) and value <= high * (1 + 1e-9) for value, _ in found)
    assert len({label for _, label in found}) == len(found)
    for value, label in found:
        assert float(label) == pytest.approx(value, rel=0.06, abs=(high - low) * 0.06)


def test_an_axis_finds_room_for_one_value_only() -> None:
    axis = spanning([0.5, 0.5], 40)
    assert 0 < axis.place(0.5) < 39


def test_labels_never_touch_and_the_first_named_win() -> None:
    line = label_line([(0, "0"), (40, "step 960"), (38, "epoch 2"), (13, "epoch 1")], 40)
    assert line == "0         epoch 1               step 960"
    assert len(line) == 40


def test_epochs_are_labelled_at_even_distances() -> None:
    assert epoch_labels(0, 300, 100, 80) == [(26, "epoch 1"), (53, "epoch 2"), (79, "epoch 3")]
    assert epoch_labels(150, 250, 100, 80) == [(40, "epoch 2")]
    assert [label for _, label in epoch_labels(0, 29, 1, 90)] == [
        "epoch 5",
        "epoch 10",
        "epoch 15",
        "epoch 20",
        "epoch 25",
    ]
    assert epoch_labels(0, 100, 0.001, 100) == []


# plotext


@pytest.mark.parametrize(("width", "height"), [(20, 3), (83, 17), (240, 50)])
def test_the_canvas_has_its_size_whatever_plotext_takes_for_the_terminal(width: int, height: int) -> None:
    lines = plot.draw([plot.Curve([0, 2 * width - 1], [0, 4 * height - 1], "#5fafff")], width, height)
    assert [sum(segment.cell_length for segment in line) for line in lines] == [width] * height


def test_every_dot_stands_where_it_was_asked_for() -> None:
    for x, y in [(0, 0), (39, 0), (0, 11), (39, 11), (17, 6)]:
        text = [
            "".join(segment.text for segment in line) for line in plot.draw([plot.Curve([x], [y], "#5fafff")], 20, 3)
        ]
        cells = [(row, column) for row, line in enumerate(text) for column, cell in enumerate(line) if cell.strip()]
        assert cells == [(2 - y // 4, x // 2)]


def test_the_two_curves_have_their_colours_and_validation_its_signs() -> None:
    lines = plot.draw(
        [plot.Curve([0, 39], [0, 0], "#5fafff"), plot.Curve([10, 30], [8, 8], "#ffaf5f", mark="●", marked=[0, 1])],
        20,
        3,
    )
    seen = {
        (segment.style.color.get_truecolor().hex, cell == "●")
        for line in lines
        for segment in line
        if segment.style is not None and segment.style.color is not None
        for cell in segment.text.strip()
    }
    assert seen == {("#5fafff", False), ("#ffaf5f", False), ("#ffaf5f", True)}


def test_escape_sequences_become_segments_and_nothing_is_left_of_them() -> None:
    found = plot.segments("ab\x1b[38;2;1;2;3mcd\x1b[0m e\x1b[0m")
    assert [segment.text for segment in found] == ["ab", "cd", " e"]
    assert found[1].style is not None and found[1].style.color is not None
    assert found[1].style.color.get_truecolor() == (1, 2, 3)


# The curve


def test_a_curve_takes_over_what_is_new_and_begins_anew_for_a_resumed_run() -> None:
    curve = RunCurves()
    first = running([3, 2, 1])
    assert curve.follow(first) and not curve.follow(first)
    assert curve.follow(RunState(**{**vars(first), "steps": Steps((*first.steps, step(4, 0.5)))}))
    assert curve.of_steps("loss").tolist() == [3, 2, 1, 0.5]
    assert curve.follow(running([3, 2.5]))
    assert curve.of_steps("loss").tolist() == [3, 2.5]
    assert curve.follow(running([9, 8, 7]))
    assert curve.of_steps("loss").tolist() == [9, 8, 7]


def test_a_validation_counts_from_its_own_step_on() -> None:
    curve = RunCurves()
    curve.follow(running([1.0] * 250, evaluations=[evaluated(100, 0.8), evaluated(200, 0.7)]))
    loss = figure_of("loss", curve, FALLBACK.colours)
    found = [[reading.value for reading in readings(loss, at) if reading.name == "validation"] for at in (99, 100, 199)]
    assert found == [[], [0.8], [0.8]]


def test_losses_that_are_no_numbers_are_left_out_and_counted() -> None:
    curve = RunCurves()
    curve.follow(running([1, math.nan, 2, math.inf]))
    train = figure_of("loss", curve, FALLBACK.colours).series[0]
    assert train.x.tolist() == [1, 3] and train.left_out == 2


def test_the_right_edge_stays_until_the_epoch_is_over() -> None:
    curve = RunCurves()
    edges = []
    for count in (1, 50, 100, 101, 200, 300):
        curve.follow(running([1.0] * count))
        edges.append(curve.until)
    assert edges == [100, 100, 100, 200, 200, 300]


# The widget


async def test_the_value_at_the_cursor_is_the_logged_one() -> None:
    losses = noisy(250)
    app = Alone()
    async with app.run_test(size=(80, 15)) as pilot:
        app.chart.follow(running(losses, evaluations=[evaluated(100, 0.8123), evaluated(200, 0.7)]), NOTHING)
        await pilot.pause()
        assert f"step 250   ─ train {losses[249]:.4f}   ● validation 0.7000" in app.lines[-1]
        seen = []
        for _ in range(40):
            app.chart.move(-1)
            await pilot.pause()
            words = app.lines[-1].split()
            number, loss = int(words[words.index("step") + 1]), words[words.index("train") + 1]
            assert loss == f"{losses[number - 1]:.4f}"
            validated = "0.7000" if number >= 200 else "0.8123" if number >= 100 else None
            assert (words[words.index("validation") + 1] if "validation" in words else None) == validated
            seen.append(number)
        assert all(after < before for before, after in pairwise(seen))
        app.chart.move(1000)
        await pilot.pause()
        assert "step 250" in app.lines[-1]


async def test_the_cursor_stays_on_its_step_while_the_run_goes_on() -> None:
    losses = noisy(250)
    app = Alone()
    async with app.run_test(size=(80, 15)) as pilot:
        app.chart.follow(running(losses[:150]), NOTHING)
        await pilot.pause()
        app.chart.move(-5)
        before = app.chart.said().plain
        app.chart.follow(running(losses), NOTHING)
        await pilot.pause(0.3)
        assert app.chart.said().plain == before
        app.chart.point_at(1)
        assert "step 1 " in app.chart.said().plain


async def test_a_pointed_column_stands_out_and_only_one() -> None:
    app = Alone()
    async with app.run_test(size=(80, 15)) as pilot:
        app.chart.follow(running(noisy(250)), NOTHING)
        await pilot.pause()

        def pointed() -> set[int]:
            found = set()
            for strip in app.screen._compositor.render_strips()[1:-2]:
                at = 0
                for text, style, _ in strip:
                    if style is not None and style.bgcolor is not None:
                        colour = style.bgcolor.get_truecolor().hex
                        found |= {at + n for n in range(cell_len(text)) if colour == FALLBACK.colours.frame}
                    at += cell_len(text)
            return found

        assert pointed() == set()
        app.chart.move(-3)
        await pilot.pause()
        assert len(pointed()) == 1


async def test_without_losses_a_message_stands_there() -> None:
    app = Alone()
    async with app.run_test(size=(80, 15)) as pilot:
        app.chart.follow(RunState(), NOTHING)
        await pilot.pause()
        assert any("nothing yet" in line for line in app.lines)
        app.chart.follow(running([1.0]), NOTHING)
        await pilot.pause()
        assert not any("nothing yet" in line for line in app.lines)
        app.chart.follow(None, NOTHING)
        await pilot.pause()
        assert any("nothing yet" in line for line in app.lines)


@pytest.mark.parametrize("size", [(80, 15), (140, 24), (24, 7), (12, 4), (300, 70)])
async def test_no_line_is_wider_than_the_screen(size: tuple[int, int]) -> None:
    app = Alone()
    async with app.run_test(size=size) as pilot:
        app.chart.follow(running(noisy(250), evaluations=[evaluated(100, 12345.678)]), NOTHING)
        await pilot.pause()
        assert {cell_len(line) for line in app.lines} == {size[0]}
        assert app.lines[0].endswith("╮") and app.lines[-1].endswith("╯")


async def test_other_colours_draw_it_anew() -> None:
    app = Alone()
    async with app.run_test(size=(80, 15)) as pilot:
        app.chart.follow(running(noisy(50)), NOTHING)
        await pilot.pause()
        other = msgspec.structs.replace(FALLBACK.colours, primary="#010203")
        app.chart.take_look(dataclasses.replace(FALLBACK, colours=other))
        await pilot.pause()
        inks = {
            style.color.get_truecolor().hex
            for strip in app.screen._compositor.render_strips()
            for _, style, _ in strip
            if style is not None and style.color is not None and style.color.triplet is not None
        }
        assert "#010203" in inks and "#5fafff" not in inks


def slowness() -> float:
    """How much slower than when quiet this machine is just now: other work shares its cores and their caches."""
    began = time.thread_time()
    count = 0
    for number in range(300_000):
        count += number
    return max(1.0, (time.thread_time() - began) / 0.02)


async def test_a_hundred_thousand_steps_are_drawn_in_a_tenth_of_a_second() -> None:
    state = running(noisy(100_000), total=150_000)
    app = Alone()
    async with app.run_test(size=(140, 30)) as pilot:
        app.chart.follow(running([1.0]), NOTHING)
        await pilot.pause()
        took = []
        for _ in range(5):
            app.chart.begin()
            slow = slowness()
            began = time.thread_time()
            app.chart.follow(state, NOTHING)
            took.append((time.thread_time() - began) / slow)
            assert app.chart.said().plain.startswith("step 100 000")
    # Measured 0.03 s.
    assert min(took) < 0.1


async def test_what_comes_in_quick_succession_is_drawn_later_but_drawn(until: Until) -> None:
    losses = noisy(250)
    app = Alone()
    async with app.run_test(size=(80, 15)) as pilot:
        drawn = []
        original = plot.draw

        def counting(*arguments: object) -> object:
            drawn.append(1)
            return original(*arguments)  # type: ignore[arg-type]

        plot.draw = counting  # type: ignore[assignment]
        try:
            for count in range(1, 101):
                app.chart.follow(running(losses[:count]), NOTHING)
            assert len(drawn) < 20
            await until(pilot, lambda: "step 100 " in app.lines[-1])
        finally:
            plot.draw = original


@pytest.mark.parametrize(
    ("value", "words"),
    [(0.61234, "0.6123"), (0.0, "0.0000"), (12345.6, "1.2e4"), (0.00012, "1.2e-4"), (9.99999, "10.0000")],
)
def test_a_loss_is_written_as_logged(value: float, words: str) -> None:
    assert figures.loss(value) == words
