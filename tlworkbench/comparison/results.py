"""What each of several runs came to, and how far from the first of them."""

from collections.abc import Callable, Sequence

from msgspec import Struct

from tlworkbench.comparison.run_files import RunFiles
from tlworkbench.jobs.condition import condition
from tlworkbench.jobs.run_state import RunState


class Small(Struct, frozen=True, kw_only=True):
    """The int8 file of a run's bundle."""

    bytes: int
    accuracy: float
    macro_f1: float
    p50_ms: float


class RunResult(Struct, frozen=True, kw_only=True):
    """One run; None for what it has not come to."""

    run: str
    model: str
    strategy: str
    status: str
    reason: str
    train_rows: int | None = None
    validation_rows: int | None = None
    epochs: float | None = None
    """Passes over the training rows so far,"""
    planned_epochs: float | None = None
    """and in all, were it not stopped early."""
    steps: int | None = None
    planned_steps: int | None = None
    best_epoch: float | None = None
    macro_f1: float | None = None
    """Of the best weights, which are kept; likewise:"""
    accuracy: float | None = None
    loss: float | None = None
    per_class: dict[str, float] = {}
    """F1 by class."""
    seconds: float | None = None
    examples_per_second: float | None = None
    int8: Small | None = None
    problems: tuple[str, ...] = ()
    """What of its folder could not be read."""


class Figure(Struct, frozen=True):
    """A number that runs are compared by."""

    name: str
    title: str
    of: Callable[[RunResult], float | None]
    higher_is_better: bool
    quality: bool = True
    """Measured on the validation rows: to be compared only where those are the same."""


FIGURES = (
    Figure("macro_f1", "macro-F1", lambda run: run.macro_f1, True),
    Figure("accuracy", "accuracy", lambda run: run.accuracy, True),
    Figure("loss", "loss", lambda run: run.loss, False),
    Figure("seconds", "time", lambda run: run.seconds, False, False),
    Figure("examples_per_second", "examples/s", lambda run: run.examples_per_second, True, False),
)


def class_figures(results: Sequence[RunResult]) -> tuple[Figure, ...]:
    """F1 of each class of any of the runs, in the order of the first that has them."""
    names = dict.fromkeys(name for run in results for name in run.per_class)
    return tuple(Figure(f"f1 {name}", f"F1 {name}", _f1_of(name), True) for name in names)


def result_of(files: RunFiles, state: RunState, now: float) -> RunResult:
    """What a run has come to at `now` (seconds since the epoch)."""
    spec, training = files.spec, state.training
    best = state.best or (state.evaluations[-1] if state.evaluations else None)
    last, told = (state.steps[-1] if state.steps else None), state.result or {}
    stands = condition(state, now)
    return RunResult(
        run=files.job.run,
        model=spec.model if spec is not None else "",
        strategy=spec.strategy if spec is not None else "",
        status=stands.word,
        reason=stands.reason,
        train_rows=training.train_rows if training else len(files.rows.train) if files.rows else None,
        validation_rows=training.eval_rows if training else len(files.rows.validation) if files.rows else None,
        epochs=last.epoch if last else best.epoch if best else None,
        planned_epochs=training.epochs if training else None,
        steps=last.step if last else None,
        planned_steps=training.total_steps if training else None,
        best_epoch=best.epoch if best else None,
        macro_f1=best.macro_f1 if best else None,
        accuracy=best.accuracy if best else None,
        loss=best.loss if best else None,
        per_class={figures.name: figures.f1 for figures in best.per_class} if best else {},
        seconds=_seconds(state, told, now),
        examples_per_second=_number(told.get("examples_per_second"))
        or (last.examples_per_second or None if last else None),
        int8=_small(files),
        problems=files.problems,
    )


def change(run: RunResult, reference: RunResult, of: Callable[[RunResult], float | None]) -> float | None:
    """How much a figure is above that of the reference; None where one of them lacks it."""
    mine, theirs = of(run), of(reference)
    return mine - theirs if mine is not None and theirs is not None else None


def best(results: Sequence[RunResult], figure: Figure, comparable: bool) -> frozenset[str]:
    """Numbers of the runs that are best in a figure; none where fewer than two have it, or all are equal.

    comparable: whether all were measured on the same rows, which figures of quality ask for.
    """
    if figure.quality and not comparable:
        return frozenset()
    known = {run.run: value for run in results if (value := figure.of(run)) is not None}
    if len(set(known.values())) < 2:
        return frozenset()
    top = max(known.values()) if figure.higher_is_better else min(known.values())
    return frozenset(run for run, value in known.items() if value == top)


def _f1_of(name: str) -> Callable[[RunResult], float | None]:
    return lambda run: run.per_class.get(name)


def _seconds(state: RunState, told: dict[str, object], now: float) -> float | None:
    if state.ended and (took := _number(told.get("seconds"))) is not None:
        return took
    if not state.started_at:
        return None
    last = max((event.at for event in (*state.steps[-1:], *state.evaluations[-1:])), default=state.started_at)
    until = now if not state.ended and state.status != "queued" else state.ended_at or last
    return max(0.0, until - state.started_at)


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _small(files: RunFiles) -> Small | None:
    variant = files.report.variants.get("int8") if files.report is not None else None
    if variant is None:
        return None
    return Small(bytes=variant.bytes, accuracy=variant.accuracy, macro_f1=variant.macro_f1, p50_ms=variant.p50_ms)
