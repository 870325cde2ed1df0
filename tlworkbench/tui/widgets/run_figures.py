"""The figures of a training run, in the order in which one key leads through them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tlworkbench.tui.themes import Colours
from tlworkbench.tui.widgets import figures
from tlworkbench.tui.widgets.figure import MARK, RING, Figure, Level, Series, Steps, series
from tlworkbench.tui.widgets.run_curves import RunCurves

LOSS, METRIC = "loss", "metric"


@dataclass(frozen=True)
class _OfSteps:
    """A figure that every step logs."""

    column: str
    """As the event calls it."""
    name: str
    """Of its series."""
    written: Callable[[float], str]
    smooth: bool
    empty: str


_OF_STEPS = {
    "learning rate": _OfSteps("learning_rate", "rate", figures.precise, False, "no steps logged"),
    "gradient norm": _OfSteps("grad_norm", "norm", figures.precise, True, "this run logs no gradient norm"),
    "throughput": _OfSteps("examples_per_second", "examples/s", figures.precise, True, "this run logs no throughput"),
}
NAMES = (LOSS, METRIC, *_OF_STEPS)


def figure_of(name: str, curves: RunCurves, colours: Colours, waiting: str = "") -> Figure:
    """The figure of that name. waiting: what stands there instead of metrics before the first validation."""
    if name == LOSS:
        return _figure(name, curves, _losses(curves, colours))
    if name == METRIC:
        levels = _levels(curves)
        return _figure(name, curves, _metrics(curves, colours), figures.score, waiting or "no validation yet", levels)
    of = _OF_STEPS[name]
    values = curves.of_steps(of.column)
    # A figure that is 0 at every step was never measured.
    logged = series(of.name, curves.of_steps("step"), values, colours.primary, smooth=of.smooth)
    return _figure(name, curves, [logged] if values.any() else [], of.written, of.empty)


def _figure(
    name: str,
    curves: RunCurves,
    drawn: Sequence[Series],
    written: Callable[[float], str] = figures.loss,
    empty: str = "no steps logged",
    levels: Sequence[Level] = (),
) -> Figure:
    across = Steps(curves.steps_per_epoch)
    return Figure(name, drawn, 0.0, curves.until, levels, (), across, written, empty)


def _losses(curves: RunCurves, colours: Colours) -> list[Series]:
    # Validation last: few points that must not vanish behind many.
    steps, evaluated = curves.of_steps("step"), curves.of_evaluations("step")
    return [
        series("train", steps, curves.of_steps("loss"), colours.primary, smooth=True),
        series("validation", evaluated, curves.of_evaluations("loss"), colours.accent, MARK),
    ]


def _metrics(curves: RunCurves, colours: Colours) -> list[Series]:
    steps = curves.of_evaluations("step")
    return [
        series("accuracy", steps, curves.of_evaluations("accuracy"), colours.muted, RING),
        series("macro-F1", steps, curves.of_evaluations("macro_f1"), colours.success, MARK),
    ]


def _levels(curves: RunCurves) -> list[Level]:
    # By macro-F1: two lines for each thing to compare with would be told apart no more.
    known = {one.name: one.macro_f1 for one in curves.baselines if one.macro_f1 is not None}
    began = curves.training
    if began is not None and began.majority_macro_f1:
        known.setdefault("majority", began.majority_macro_f1)
    return [Level(f"{name} {figures.score(value)}", value) for name, value in known.items()]
