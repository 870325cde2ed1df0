"""How long a chart takes to draw: every figure of a run of 100 000 steps, at the size it has in two terminals.

    python -m tests.bench.bench_chart [--steps 100000] [--turns 7] [--bar 0.1]

Each turn repaints the whole chart: the arrays of what is drawn made into figures, both of them where the chart is tall
(140x45), thinned, smoothed, drawn by plotext, and every line rendered with its frame. As they are logged, smoothed,
on a logarithmic scale, and zoomed into. Then what comes with a live run: 200 steps more, appended. Seconds are of the
screen's thread (processor time), medians over the turns; the first of all turns, which reads the events, stands beside.

Exit status 1 when a median misses the bar. The machine should have nothing else to do.
"""

import argparse
import asyncio
import math
import statistics
import sys
import time
from collections.abc import Callable

import numpy as np
import plotext  # noqa: F401, loaded once and not with the first drawing
from textual.app import App, ComposeResult
from textual.content import Content

from tlworkbench.jobs.events import Evaluated, Step, TrainingBegan
from tlworkbench.jobs.run_state import RunState
from tlworkbench.jobs.steps import Steps
from tlworkbench.tui.themes import FALLBACK
from tlworkbench.tui.widgets.run_chart import RunChart
from tlworkbench.tui.widgets.run_figures import NAMES
from tlworkbench.tui.widgets.view import View

SIZES = {"80x24": (80, 13), "140x45": (84, 28)}
"""Terminals with the cells of the chart on the Train screen there."""
MORE = 200
NOTHING = Content("")


class Alone(App[None]):
    """A chart and nothing else."""

    def compose(self) -> ComposeResult:
        yield RunChart(FALLBACK)


def states(count: int) -> tuple[RunState, RunState]:
    """A run of so many noisy steps with ten evaluations, and the same `MORE` steps later."""
    noise = np.random.default_rng(7).normal(size=(count + MORE, 3))
    made = [
        Step(
            step=number,
            epoch=number / count,
            loss=0.4 + 0.9 * math.exp(-5 * number / count) + 0.08 * float(one),
            learning_rate=3e-5 * (1 - number / (2 * count)),
            grad_norm=abs(2 + float(two)),
            examples_per_second=70 + 5 * float(three),
        )
        for number, (one, two, three) in enumerate(noise, 1)
    ]
    evaluations = tuple(
        Evaluated(
            step=number, epoch=1, split="validation", loss=0.6, accuracy=0.5 + number / count / 5,
            macro_f1=0.5 + number / count / 6, per_class=(), confusion=(),
        )
        for number in range(count // 10, count + 1, count // 10)
    )  # fmt: skip
    began = TrainingBegan(
        classes=("a", "b"), train_rows=9, eval_rows=9, total_steps=2 * count, epochs=2, batch_size=8, max_length=64,
        precision="fp32", majority_macro_f1=0.3,
    )  # fmt: skip
    first, later = Steps(made[:count]), Steps(made)
    return (
        RunState(status="running", training=began, steps=first, evaluations=evaluations),
        RunState(status="running", training=began, steps=later, evaluations=evaluations),
    )


def seconds(chart: RunChart, work: Callable[[], None]) -> float:
    """Processor time of a piece of work with the rendering of all lines after it."""
    began = time.thread_time()
    work()
    for y in range(chart.size.height):
        chart.render_line(y)
    return time.thread_time() - began


async def measured(size: tuple[int, int], now: RunState, later: RunState, turns: int) -> dict[str, float]:
    """Seconds of each thing that is drawn, medians over the turns."""
    count = len(now.steps)
    looks = {
        "": View(),
        " smoothed": View(smoothing="strong"),
        " log": View(logarithmic=frozenset(NAMES)),
        " zoomed": View((count * 0.4, count * 0.5)),
    }
    app = Alone()
    found: dict[str, float] = {}
    async with app.run_test(size=size) as pilot:
        chart = app.query_one(RunChart)
        await pilot.pause()
        found["first of all, events read"] = seconds(chart, lambda: chart.follow(now, NOTHING))
        for name in NAMES:
            for words, look in looks.items():
                chart.view = look
                chart.show_figure(name)
                found[name + words] = statistics.median(
                    seconds(chart, lambda name=name: chart.show_figure(name))  # type: ignore[misc]
                    for _ in range(turns)
                )
        chart.view = View()
        chart.show_figure("loss")

        def append() -> None:
            chart.follow(later, NOTHING)
            chart.redraw()

        found[f"loss, {MORE} steps more"] = seconds(chart, append)
    return found


def main() -> int:
    """Make the run, measure, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=100_000)
    parser.add_argument("--turns", type=int, default=7)
    parser.add_argument("--bar", type=float, default=0.1)
    arguments = parser.parse_args()
    now, later = states(arguments.steps)
    good = True
    for terminal, size in SIZES.items():
        print(f"{terminal}: a chart of {size[0]} x {size[1]} cells, {arguments.steps} steps")
        for what, took in asyncio.run(measured(size, now, later, arguments.turns)).items():
            print(f"  {what:<28}{1000 * took:7.1f} ms")
            good &= took <= arguments.bar
    print(f"each at most {1000 * arguments.bar:.0f} ms: {'yes' if good else 'NO'}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
