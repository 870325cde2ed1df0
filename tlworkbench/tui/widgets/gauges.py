"""The line of gauges: what the run uses of the machine, and how it learns just now."""

from collections.abc import Sequence

from textual.content import Content

from tlworkbench.jobs.events import Gauge, Step, TrainingBegan
from tlworkbench.jobs.run_state import RunState
from tlworkbench.tui.text import bar, clean, counted, duration, percent, size, thousands
from tlworkbench.tui.widgets import figures

_BAR = 8
_GAP = "   "


def gauge_line(state: RunState, width: int) -> Content:
    """Processor or GPUs, memory, learning rate, gradient norm, speed and time left in at most `width` cells.

    What does not fit is left out whole: first the bars, then from the end of that list's less urgent half.
    """
    step = state.steps[-1] if state.steps else None
    for bars, gap, without in ((_BAR, _GAP, ()), (5, "  ", ()), (0, "  ", ()), (0, "  ", ("grad", "lr"))):
        parts = [*_machine(state.gauge, bars), *_learning(step, state, without)]
        line = Content(gap).join(parts)
        if line.cell_length <= width:
            return line
    while parts and line.cell_length > width:
        parts.pop()
        line = Content("  ").join(parts)
    return line


def facts_line(training: TrainingBegan | None, device: str, width: int) -> Content:
    """What the run was made of, for a run that moves no needle any more: device, rows, batch size, precision."""
    parts = [clean(device)] if device else []
    if training is not None:
        parts += [
            counted(training.train_rows, "training row"),
            f"{thousands(training.eval_rows)} to validate",
            f"batch {training.batch_size}",
            f"windows of {training.max_length} tokens" if training.windows else f"up to {training.max_length} tokens",
            training.precision,
        ]
        if round(training.truncated * 100):
            parts.append(f"{percent(training.truncated)} cut")
    while parts and sum(map(len, parts)) + 3 * (len(parts) - 1) > width:
        parts.pop()
    return Content.styled(" · ".join(parts), "$muted")


def _machine(gauge: Gauge | None, bars: int) -> list[Content]:
    if gauge is None:
        return []
    if not gauge.gpus:
        return [
            _needle("CPU", gauge.cpu / 100, percent(gauge.cpu / 100), bars),
            _needle("memory", gauge.memory / max(1, gauge.memory_total), _of(gauge.memory, gauge.memory_total), bars),
        ]
    told = [gpu.busy for gpu in gauge.gpus if gpu.busy >= 0]
    fullest = max(gauge.gpus, key=lambda gpu: gpu.memory / max(1, gpu.memory_total))
    name = f"GPU {gauge.gpus[0].index}" if len(gauge.gpus) == 1 else f"{len(gauge.gpus)} GPUs"
    memory = _of(fullest.memory, fullest.memory_total)
    if not told:
        # Of a slice of a GPU NVML tells no load.
        return [_figure(name, ""), _needle("memory", fullest.memory / max(1, fullest.memory_total), memory, bars)]
    busy = sum(told) / len(told) / 100
    return [
        _needle(name, busy, percent(busy), bars),
        _needle("memory", fullest.memory / max(1, fullest.memory_total), memory, bars),
    ]


def _learning(step: Step | None, state: RunState, without: Sequence[str]) -> list[Content]:
    if step is None:
        return []
    parts = [] if "lr" in without else [_figure("lr", figures.power(step.learning_rate))]
    if step.grad_norm and "grad" not in without:
        parts.append(_figure("grad", figures.short(step.grad_norm)))
    if step.examples_per_second:
        parts.append(Content.assemble((figures.short(step.examples_per_second), ""), (" ex/s", "$muted")))
    if not state.ended and step.seconds_left:
        parts.append(Content.assemble((duration(step.seconds_left), "bold"), (" left", "bold")))
    return parts


def _needle(name: str, share: float, value: str, bars: int) -> Content:
    share = min(1.0, max(0.0, share))
    filled, rest = bar(share, bars)
    colour = "$warning" if share > 0.95 and name == "memory" else "$primary"
    return Content.assemble(
        (f"{name} ", "$muted"), (filled, colour), (rest, "$frame"), (f" {value}" if bars else value, "")
    )


def _figure(name: str, value: str) -> Content:
    return Content.assemble((f"{name} ", "$muted"), (value, ""))


def _of(used: int, total: int) -> str:
    # 1.2 of 16 GB: the unit once.
    return f"{used / 1e9:.1f} of {total / 1e9:.0f} GB" if total >= 1e9 else f"{size(used)} of {size(total)}"
