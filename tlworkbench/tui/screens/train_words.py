"""What the Train screen says of a run: its title, its place in the table, its metrics."""

import math
from collections.abc import Sequence

from textual.content import Content

from tlworkbench.jobs.condition import Condition
from tlworkbench.jobs.events import Evaluated
from tlworkbench.jobs.run_state import RunState
from tlworkbench.tui.standing import GLYPHS, short_model
from tlworkbench.tui.text import clean, counted, cut, duration, thousands
from tlworkbench.tui.widgets import figures
from tlworkbench.tui.widgets.run_table import RunLine

_COLOURS = {
    "queued": "$muted",
    "done": "$success",
    "stopped": "$warning",
    "failed": "$error",
    "lost": "$warning",
    "interrupted": "$warning",
    "stalled": "$warning",
}

_WIDE_BLOCK = 40
"""Cells from which a difference to the majority says that figure too."""


def colour(status: str) -> str:
    """Style of a status; its glyph and its word say the same."""
    return _COLOURS.get(status, "$primary")


def glyph(status: str) -> str:
    """Sign of a status."""
    return GLYPHS.get(status, "?")


def model_name(model: str) -> str:
    """A spec's model as a person calls it."""
    return f"run {int(model):04d}" if model.isdecimal() else clean(short_model(model))


def epoch(state: RunState) -> str:
    """`epoch 2/3`: the epoch that is under way; empty before training began."""
    if state.training is None:
        return ""
    done = state.steps[-1].epoch if state.steps else 0.0
    under_way = max(1, math.ceil(done - 1e-6))
    return f"epoch {under_way}/{round(state.training.epochs, 2):.7g}"


def title(run: str, model: str, state: RunState, width: int, word: str = "") -> Content:
    """The chart's frame in at most `width` cells: which run, how it stands, how far it is.

    word: how it stands (see `jobs.condition`) where that is more than its status.
    """
    word = word or state.status
    step = f"step {thousands(state.last_step)}/{thousands(state.training.total_steps)}" if state.training else ""
    last = state.steps[-1] if state.steps else None
    moving = last is not None and not state.ended
    speed = f"{figures.short(last.examples_per_second)} ex/s" if moving and last and last.examples_per_second else ""
    left = f"{duration(last.seconds_left)} left" if moving and last and last.seconds_left else ""
    words = [
        ("Train", "bold"),
        (f"{run} {model}".strip(), "bold"),
        (f"{glyph(word)} {word}", f"bold {colour(word)}"),
        (epoch(state) if state.training else "", ""),
        (step, ""),
        (speed, "$muted"),
        (left, "bold"),
    ]
    # What goes first when there is no room; the rest is said elsewhere on the screen as well.
    for gone in (None, 0, 5, 6, 4, 3):
        if gone is not None:
            words[gone] = ("", "")
        content = _joined(words)
        if content.cell_length <= width:
            return content
    return Content.styled(cut(f"{run} {model} · {word}", width), "bold")


def _joined(words: Sequence[tuple[str, str]]) -> Content:
    return Content(" · ").join([Content.styled(text, style) for text, style in words if text])


def seconds(state: RunState, now: float) -> float | None:
    """How long a run took or takes; None before it began."""
    took = (state.result or {}).get("seconds")
    if isinstance(took, int | float) and state.ended:
        return float(took)
    if not state.started_at:
        return None
    last = max([event.at for event in (*state.steps[-1:], *state.evaluations[-1:])], default=state.started_at)
    return max(
        0.0, (now if not state.ended and state.status != "queued" else state.ended_at or last) - state.started_at
    )


def run_line(
    run: str,
    model: str,
    state: RunState,
    exported: str,
    best: float,
    stands: Condition,
    now: float,
    sign: tuple[str, str] = (" ", ""),
) -> RunLine:
    """A run as the table shows it, standing as `stands` says.

    exported: the verdict on its bundle, empty without one. best: the highest macro-F1 of all runs. sign: of its mark
    for the comparison, with its colour.
    """
    kept = state.best
    return RunLine(
        run=run,
        model=model,
        macro_f1=kept.macro_f1 if kept else None,
        accuracy=kept.accuracy if kept else None,
        seconds=seconds(state, now),
        glyph=glyph(stands.word),
        status=stands.word,
        detail=_detail(state, exported, stands),
        colour=colour(stands.word),
        sign=sign[0],
        sign_colour=sign[1],
        best=kept is not None and kept.macro_f1 >= best,
    )


def _detail(state: RunState, exported: str, stands: Condition) -> str:
    if stands.word in ("queued", "stalled", "interrupted", "failed", "lost"):
        return stands.reason
    if state.status == "stopped":
        return f"at step {thousands(state.last_step)}" if state.last_step else "before its first step"
    if state.status == "done":
        return "exported" if exported == "ready" else f"export {exported}" if exported else ""
    return working_on(state) if between_steps(state) else epoch(state)


def between_steps(state: RunState) -> bool:
    """Whether a run does something else than training now: loads, tokenises, measures."""
    last = max((event.at for event in (*state.steps[-1:], *state.evaluations[-1:])), default=0.0)
    return not last or (state.progress is not None and state.progress.at > last)


def working_on(state: RunState) -> str:
    """What a run does before, between and after its steps, as its progress tells: `tokenising 3 000 of 9 827`."""
    progress, training = state.progress, state.training
    if training is not None and (progress is None or progress.at <= training.at):
        return "taking the first step"
    if progress is None:
        return "starting"
    of = f" {thousands(progress.done)} of {thousands(progress.total)}" if progress.total else ""
    return f"{progress.what}{of}"


def shown_evaluation(state: RunState) -> Evaluated | None:
    """The evaluation whose figures are shown: of an ended run the best one, as its weights are kept, else the last."""
    last = state.evaluations[-1] if state.evaluations else None
    return (state.best or last) if state.ended else last


def first_validation(state: RunState) -> str:
    """When the first validation comes, in words."""
    if state.training is None or state.ended:
        return ""
    total = state.training.total_steps
    comes = min(total, max(1, math.ceil(total / state.training.epochs - 1e-6)))
    words = f"first validation after step {thousands(comes)}"
    last = state.steps[-1] if state.steps else None
    if last is not None and last.seconds_left and total > last.step:
        words += f", in about {duration(last.seconds_left * (comes - last.step) / (total - last.step))}"
    return words


def metric_block(state: RunState, width: int) -> Content:
    """The metrics line by line, for a pane of their own that is so many cells wide."""
    shown = shown_evaluation(state)
    if shown is None:
        return Content.styled(waiting(state), "$muted")
    training, before = state.training, _before(state, shown)
    room = width >= _WIDE_BLOCK
    lines = [_score("macro-F1", shown.macro_f1, "bold $success")]
    if before is not None:
        lines[0] = lines[0] + _difference(shown.macro_f1 - before.macro_f1, f"since epoch {before.epoch:g}")
    if training is not None and training.majority_macro_f1:
        most = training.majority_macro_f1
        lines.append(
            Content(" " * 13)
            + _difference(shown.macro_f1 - most, f"over majority {figures.score(most) if room else ''}")
        )
    lines.append(_score("accuracy", shown.accuracy, "bold"))
    if training is not None and training.majority_accuracy:
        most = training.majority_accuracy
        lines[-1] = lines[-1] + _difference(
            shown.accuracy - most, f"over majority {figures.score(most) if room else ''}"
        )
    if (best := state.best) is not None:
        lines.append(Content.styled(f"best epoch {best.epoch:g}", "$muted"))
    return Content("\n").join(lines)


def metric_line(state: RunState, width: int) -> Content:
    """The metrics on one line: as much of them as fits."""
    shown = shown_evaluation(state)
    if shown is None:
        return Content.styled(cut(waiting(state), width), "$muted")
    training, before = state.training, _before(state, shown)
    score = _score("macro-F1", shown.macro_f1, "bold $success")
    if before is not None:
        score = score + _difference(shown.macro_f1 - before.macro_f1, "")
    if training is not None and training.majority_macro_f1:
        score = score + _difference(shown.macro_f1 - training.majority_macro_f1, "over majority")
    groups = [score, _score("accuracy", shown.accuracy, "bold")]
    if (best := state.best) is not None:
        groups.append(Content.styled(f"best epoch {best.epoch:g}", "$muted"))
    while len(groups) > 1 and Content("   ").join(groups).cell_length > width:
        groups.pop()
    return Content("   ").join(groups)


def waiting(state: RunState) -> str:
    """What stands where metrics will be."""
    if state.ended:
        return f"{state.status} before its first validation"
    if state.status == "queued":
        return "waits in the queue"
    return first_validation(state) or working_on(state)


def figures_title(state: RunState, width: int) -> Content:
    """Title of the pane of metrics in at most `width` cells: of which epoch they are."""
    shown = shown_evaluation(state)
    if shown is None:
        return Content.styled("Validation", "bold")
    kept = " · kept" if state.ended and shown.best else ""
    epoch, rows = (
        f" · epoch {shown.epoch:g}{kept}",
        f" · {counted(sum(figure.rows for figure in shown.per_class), 'row')}",
    )
    words = epoch + rows if len("Validation" + epoch + rows) <= width else epoch
    return Content.assemble(("Validation", "bold"), (words, "$muted"))


def summary(state: RunState) -> Content:
    """What an ended run came to, besides its metrics: time, speed, steps."""
    result = state.result or {}
    took, speed = seconds(state, 0.0), result.get("examples_per_second")
    parts = [f"{duration(took)} in all"] if took else []
    if isinstance(speed, int | float) and speed:
        parts.append(f"{figures.short(speed)} ex/s")
    if state.last_step:
        parts.append(counted(state.last_step, "step"))
    return Content.styled(" · ".join(parts), "$muted")


def _before(state: RunState, shown: Evaluated) -> Evaluated | None:
    place = state.evaluations.index(shown)
    return state.evaluations[place - 1] if place else None


def _score(name: str, value: float, style: str) -> Content:
    return Content.assemble((f"{name} ", ""), (figures.score(value), style))


def _difference(value: float, against: str) -> Content:
    style = "$success" if round(value * 1000) > 0 else "$error" if round(value * 1000) < 0 else "$muted"
    return Content.assemble("  ", (figures.change(value), style), (f" {against}".rstrip(), "$muted"))
