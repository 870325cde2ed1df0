"""A run's chart: the value at the cursor however it is looked at, figures, levels, odd values, what is remembered."""

import json
import math
from typing import Any

import numpy as np
import pytest
from rich.cells import cell_len
from textual.app import App, ComposeResult
from textual.content import Content
from textual.pilot import Pilot

from tlworkbench.jobs.events import Baseline, Evaluated, Step, TrainingBegan
from tlworkbench.jobs.run_state import RunState
from tlworkbench.jobs.steps import Steps
from tlworkbench.tui.themes import FALLBACK
from tlworkbench.tui.widgets.run_chart import RunChart
from tlworkbench.tui.widgets.run_figures import NAMES

NOTHING = Content("nothing yet")
NOISE = np.random.default_rng(3).normal(size=(400, 3))
BEGAN = TrainingBegan(
    classes=("a", "b"), train_rows=10, eval_rows=5, total_steps=400, epochs=4, batch_size=2, max_length=64,
    precision="fp32", majority_macro_f1=0.217,
)  # fmt: skip


def logged(number: int, **changes: float) -> Step:
    loss, norm, speed = NOISE[number - 1]
    figures = {
        "loss": 0.4 + math.exp(-number / 100) + 0.05 * float(loss),
        "learning_rate": 3e-5 * (400 - number) / 400,
        "grad_norm": abs(2 + float(norm)),
        "examples_per_second": 70 + float(speed),
    }
    return Step(step=number, epoch=number / 100, **(figures | changes))


def evaluated(number: int, macro_f1: float) -> Evaluated:
    return Evaluated(
        step=number, epoch=number / 100, split="validation", loss=1 - macro_f1, accuracy=macro_f1 + 0.0123,
        macro_f1=macro_f1, per_class=(), confusion=(),
    )  # fmt: skip


STEPS = tuple(logged(number) for number in range(1, 401))
EVALUATIONS = tuple(evaluated(number, 0.5 + number / 2001) for number in (100, 200, 300, 400))


def run(steps: tuple[Step, ...] = STEPS, evaluations: tuple[Evaluated, ...] = EVALUATIONS, **more: Any) -> RunState:
    return RunState(status="running", training=BEGAN, steps=Steps(steps), evaluations=evaluations, **more)


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


async def follow(pilot: Pilot[None], state: RunState) -> RunChart:
    """The chart of a run, drawn."""
    app = pilot.app
    assert isinstance(app, Alone)
    app.chart.follow(state, NOTHING)
    await pilot.pause()
    return app.chart


OF_STEPS = {
    "loss": ("train", "loss"),
    "learning rate": ("rate", "learning_rate"),
    "gradient norm": ("norm", "grad_norm"),
    "throughput": ("examples/s", "examples_per_second"),
}


@pytest.mark.parametrize("figure", NAMES)
@pytest.mark.parametrize("keys", ["", "+++<", "y+kky<++++"])
async def test_step_and_value_at_the_cursor_are_the_logged_ones_to_the_last_bit(figure: str, keys: str) -> None:
    app = Alone()
    async with app.run_test(size=(80, 15)) as pilot:
        chart = await follow(pilot, run())
        chart.show_figure(figure)
        chart.move(-30)
        for key in keys:
            match key:
                case "+":
                    chart.zoom(2)
                case "<":
                    chart.pan(-1)
                case "k":
                    chart.look_at(chart.view.smoother())
                case "y":
                    chart.turn_scale()
        seen = set()
        for by in (0, -1, -1, -7, 3, 1):
            chart.move(by)
            at = {reading.name: reading for reading in chart.readings()}
            for name, reading in at.items():
                validated = figure == "metric" or name == "validation"
                events: tuple[Step | Evaluated, ...] = EVALUATIONS if validated else STEPS
                column = {"accuracy": "accuracy", "macro-F1": "macro_f1", "validation": "loss"}.get(name)
                event = next(event for event in reversed(events) if event.step <= (chart.cursor or 400))
                assert reading.x == event.step
                assert reading.value == getattr(event, column or OF_STEPS[figure][1])
                seen.add(reading.x)
            await pilot.pause()
            assert chart.said().plain.split("   ")[0] in app.lines[-1]
        assert len(seen) > 1
        low, high = chart.view.ends(0, 400)
        assert chart.cursor is None or low <= chart.cursor <= high


async def test_the_frame_says_where_a_value_is_from_when_it_is_from_elsewhere() -> None:
    app = Alone()
    async with app.run_test(size=(100, 15)) as pilot:
        chart = await follow(pilot, run())
        chart.point_at(250)
        await pilot.pause()
        assert "step 250   ─ train " in app.lines[-1]
        assert "● validation 0.4000 at step 200" in app.lines[-1]


async def test_what_finds_no_room_in_the_frame_is_left_out_whole() -> None:
    app = Alone()
    async with app.run_test(size=(80, 15)) as pilot:
        chart = await follow(pilot, run())
        chart.point_at(250)
        said = [chart.said(width=width).plain for width in (60, 48, 31, 8)]
    assert said[1] == f"step 250   ─ train {STEPS[249].loss:.4f}   ● validation 0.4000"
    assert said[2] == f"step 250  ─ train {STEPS[249].loss:.4f}  …"
    assert said[0].endswith("at step 200") and said[3] == "step 25…"


async def test_only_logged_points_get_a_sign_also_where_a_window_cuts_the_line() -> None:
    app = Alone()
    async with app.run_test(size=(80, 15)) as pilot:
        chart = await follow(pilot, run())
        chart.show_figure("metric")
        chart.point_at(200)
        chart.zoom(2)
        chart.look_at(type(chart.view)((150.0, 350.0)))
        await pilot.pause()
        drawn = "".join(app.lines[1:-2])
        assert drawn.count("●") == 2


async def test_smoothing_keeps_what_was_logged_faintly_in_sight_and_says_how_far_it_reaches() -> None:
    app = Alone()
    async with app.run_test(size=(80, 15)) as pilot:
        chart = await follow(pilot, run())
        before = chart.said().plain
        chart.look_at(chart.view.smoother())
        await pilot.pause()
        assert "loss · smoothed over 5" in app.lines[0] and chart.said().plain == before
        inks = {
            style.color.get_truecolor().hex
            for strip in app.screen._compositor.render_strips()[1:-2]
            for text, style, _ in strip
            if style is not None and style.color is not None and any("⠀" < cell <= "⣿" for cell in text)
        }
        assert {FALLBACK.colours.dim, FALLBACK.colours.primary, FALLBACK.colours.accent} <= inks


async def test_on_a_logarithmic_scale_what_is_not_above_zero_is_told_in_words() -> None:
    app = Alone()
    async with app.run_test(size=(90, 15)) as pilot:
        chart = await follow(pilot, run(steps=(*STEPS[:200], logged(201, loss=0.0), logged(202, loss=-0.5))))
        chart.turn_scale()
        await pilot.pause()
        assert "loss · log" in app.lines[0] and "2 values not above 0" in app.lines[-1]
        chart.point_at(202)
        assert chart.readings()[0].value == -0.5


async def test_a_logarithmic_scale_with_nothing_on_it_says_so() -> None:
    app = Alone()
    async with app.run_test(size=(90, 15)) as pilot:
        chart = await follow(pilot, run(steps=(logged(1, loss=-1.0), logged(2, loss=0.0)), evaluations=()))
        chart.turn_scale()
        await pilot.pause()
        assert any("nothing above 0 to draw on a logarithmic scale" in line for line in app.lines)


async def test_levels_are_named_on_the_metrics_and_give_way_to_a_zoom() -> None:
    lines = (
        Baseline(name="majority", macro_f1=0.21),
        Baseline(name="as it is", macro_f1=0.213),
        Baseline(name="head", macro_f1=0.45),
        Baseline(name="of another kind"),
    )
    app = Alone()
    async with app.run_test(size=(80, 20)) as pilot:
        chart = await follow(pilot, run(baselines=lines))
        chart.show_figure("metric")
        await pilot.pause()
        whole = "\n".join(app.lines)
        assert "majority .210 · as it is .213 " in whole and "head .450 " in whole and "another" not in whole
        assert "┄┄" in whole
        chart.zoom(2)
        await pilot.pause()
        assert "majority" not in "\n".join(app.lines)
        await follow(pilot, run(baselines=()))
        chart.look_at(chart.view.whole())
        await pilot.pause()
        assert "majority .217 " in "\n".join(app.lines)


async def test_one_step_alone_can_be_seen() -> None:
    app = Alone()
    async with app.run_test(size=(80, 15)) as pilot:
        await follow(pilot, run(steps=STEPS[:1], evaluations=()))
        assert "".join(app.lines).count("•") == 1
        await follow(pilot, run(steps=STEPS[:2], evaluations=()))
        app.chart.redraw()
        await pilot.pause()
        assert "•" not in "".join(app.lines)


async def test_a_run_without_steps_has_its_evaluations_and_says_that_the_rest_is_not_there() -> None:
    app = Alone()
    async with app.run_test(size=(80, 15)) as pilot:
        chart = await follow(pilot, run(steps=(), evaluations=EVALUATIONS[:1]))
        await pilot.pause()
        assert "step 100   ● validation 0.4500" in app.lines[-1] and "●" in "".join(app.lines[1:-1])
        for name in OF_STEPS:
            chart.show_figure(name)
            chart.zoom(2)
            chart.move(-1)
            await pilot.pause()
            assert name == "loss" or any("no steps logged" in line or "this run logs no" in line for line in app.lines)


async def test_a_tall_chart_shows_a_second_figure_below_with_its_values_at_the_same_step() -> None:
    app = Alone()
    async with app.run_test(size=(90, 30)) as pilot:
        chart = await follow(pilot, run())
        chart.point_at(200)
        await pilot.pause()
        edge = next(line for line in app.lines if line.startswith("├"))
        assert "metric" in edge and "step 200" in edge and "● macro-F1 .600" in app.lines[-1]
        chart.next_figure()
        chart.entitle(Content("a run"))
        await pilot.pause()
        assert "metric  m learning rate" in app.lines[0]
        assert any(line.startswith("├─ loss") for line in app.lines)
    lower = Alone()
    async with lower.run_test(size=(80, 15)) as pilot:
        await follow(pilot, run())
        assert not any(line.startswith("├") for line in lower.lines)


async def test_before_the_first_validation_the_metrics_say_what_they_wait_for() -> None:
    app = Alone()
    async with app.run_test(size=(80, 15)) as pilot:
        app.chart.follow(run(steps=STEPS[:20], evaluations=()), NOTHING, "first validation after step 100")
        app.chart.show_figure("metric")
        await pilot.pause()
        assert any("first validation after step 100" in line for line in app.lines)


@pytest.mark.parametrize("size", [(140, 45), (21, 6)])
@pytest.mark.parametrize(
    "losses",
    [
        [0.5],
        [0.5, 0.5, 0.5],
        [math.nan, math.inf, -math.inf],
        [1.0, math.nan, 3e38, 1e-38],
        [1e-300, 3e-308, 0.0],
        [-1e9, 1e-9, 1e9],
        [1e12, 1e12 + 1e-4],
    ],
)
async def test_any_losses_can_be_looked_at_in_any_way(losses: list[float], size: tuple[int, int]) -> None:
    app = Alone()
    async with app.run_test(size=size) as pilot:
        chart = await follow(
            pilot, run(steps=tuple(logged(n, loss=x) for n, x in enumerate(losses, 1)), evaluations=())
        )
        for change in (
            chart.turn_scale,
            lambda: chart.zoom(2),
            lambda: chart.look_at(chart.view.smoother()),
            chart.turn_scale,
            lambda: chart.move(-1),
            chart.next_figure,
            lambda: chart.zoom(0.1),
        ):
            change()
            await pilot.pause()
            assert {cell_len(line) for line in app.lines} == {size[0]}
            assert app.lines[0].endswith("╮") and app.lines[-1].endswith("╯")
        left_out = sum(not math.isfinite(loss) for loss in losses)
        if left_out and size[0] >= 80:
            chart.show_figure("loss")
            await pilot.pause()
            assert f"{left_out} value{'s' if left_out > 1 else ''} no number" in app.lines[-1]


async def test_what_was_chosen_is_taken_up_again_and_nonsense_is_not() -> None:
    app = Alone()
    async with app.run_test(size=(80, 15)) as pilot:
        chart = await follow(pilot, run())
        chart.show_figure("gradient norm")
        chart.turn_scale()
        chart.zoom(4)
        chart.look_at(chart.view.smoother())
        place, view = json.loads(json.dumps(chart.place())), chart.view
        other = Alone()
    async with other.run_test(size=(80, 15)) as pilot:
        chart = await follow(pilot, run())
        chart.take_place({"figure": 3, "window": [5, "x"], "smoothing": [], "logarithmic": ["nothing"]})
        assert (chart.name_shown, chart.view) == ("loss", type(view)())
        chart.take_place(place)
        assert (chart.name_shown, chart.view) == ("gradient norm", view)


async def test_a_cursor_that_leaves_the_window_takes_it_along() -> None:
    app = Alone()
    async with app.run_test(size=(80, 15)) as pilot:
        chart = await follow(pilot, run())
        chart.point_at(200)
        chart.zoom(8)
        first = chart.view.ends(0, 400)
        chart.move(-60)
        low, high = chart.view.ends(0, 400)
        assert chart.cursor is not None and low <= chart.cursor <= high < first[1]
        assert high - low == pytest.approx(first[1] - first[0])


async def test_what_is_new_is_appended_and_the_rest_not_read_again() -> None:
    class Counted(Steps):
        """Counts what is read of it."""

        read = 0

        def __getitem__(self, place: Any) -> Any:
            found = super().__getitem__(place)
            if isinstance(place, slice):
                Counted.read += len(found)
            return found

    app = Alone()
    async with app.run_test(size=(80, 15)) as pilot:
        await follow(pilot, run(steps=STEPS[:300], evaluations=()))
        more = Counted(STEPS)
        chart = await follow(pilot, RunState(status="running", training=BEGAN, steps=more, evaluations=()))
        assert chart.curves.of_steps("loss").tolist() == [step.loss for step in STEPS]
    # Step numbers and losses of the hundred new ones.
    assert Counted.read == 200
