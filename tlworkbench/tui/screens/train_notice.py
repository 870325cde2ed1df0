"""What wants the user's attention about a run: in a line or a few, each with what to do."""

from dataclasses import dataclass

from textual.content import Content

from tlworkbench.inference.report import BundleReport
from tlworkbench.jobs.condition import Condition
from tlworkbench.jobs.run_state import RunState
from tlworkbench.tui.screens.train_words import glyph, working_on
from tlworkbench.tui.text import bar, clean, cut, duration, size

_BAR = 10
_STALLED = (("l", "log"), ("x", "stops it"))


@dataclass(frozen=True)
class Stopping:
    """A run that was asked to stop."""

    left: float | None
    """Seconds until it is taken for stuck; None where another program asked."""


def stopping_lines(run: str, stopping: Stopping) -> list[Content]:
    """That a run is asked to stop, how long that may take, and the way out."""
    if stopping.left is not None and stopping.left <= 0:
        words = f"{run} has not left yet, it may still be writing"
    else:
        left = f" · {duration(stopping.left)}" if stopping.left is not None else ""
        words = f"finishing its step, writing a checkpoint{left}"
    return [_line("▶ stopping", "$primary", words, "x", "forces it")]


def standing_lines(stands: Condition) -> list[Content]:
    """That a run waits its turn, or stands still, and what can be done."""
    sign = f"{glyph(stands.word)} {stands.word}"
    if stands.word == "queued":
        return [_line(sign, "$muted", stands.reason, "x", "takes it out of the queue")]
    if stands.word == "stalled":
        keys = Content("   ").join([Content.assemble(_key(key), (f" {does}", "$muted")) for key, does in _STALLED])
        return [Content.assemble((f"{sign}  ", "bold $warning"), f"{clean(stands.reason)}   ", keys)]
    return []


def ended_lines(state: RunState, in_chart: bool) -> list[Content]:
    """How a run ended, and which key goes on from there. Words that stand large in the chart are left out."""
    if state.status == "failed":
        keys = (("s", "starts with other settings"), ("r", "tries again"), ("l", "shows what it printed"))
        again = [Content("   ").join([Content.assemble(_key(key), (f" {does}", "$muted")) for key, does in keys])]
        return again if in_chart else [*failed_lines(state), *again]
    if state.status == "interrupted":
        what = state.what or "the machine was restarted"
        return [_line(f"{glyph('interrupted')} interrupted, resume?", "$warning", what, "r", "resumes it")]
    if state.status == "lost":
        what = state.what or "its process ended without a last word"
        why = "It was killed, or memory ran out.   "
        return [
            _line(f"{glyph('lost')} lost", "$warning", what, "r", "resumes it"),
            Content.assemble(why, _key("l"), (" shows what it printed last", "$muted")),
        ]
    if state.status == "stopped":
        return [_line(glyph("stopped"), "$warning", state.what or "stopped", "r", "resumes it")]
    return []


def failed_lines(state: RunState) -> list[Content]:
    """What happened and what to do, in the words of the engine."""
    lines = [
        Content.assemble(
            (f"{glyph('failed')} failed  ", "bold $error"),
            (clean(state.what or "for a reason it did not tell"), "bold"),
        )
    ]
    if state.hint:
        lines.append(Content(clean(state.hint)))
    return lines


def export_lines(
    run: str, exported: RunState | None, report: BundleReport | None, may_export: bool, width: int = 120
) -> list[Content]:
    """How an export of the run goes or went; where there was none, which key makes one.

    Its progress takes one line of `width` cells.
    """
    if exported is not None and not exported.ended:
        filled, rest = bar(exported.share, _BAR)
        line = Content.assemble(
            (f"{glyph('running')} exporting {run}  ", "bold $primary"), (filled, "$primary"), (rest, "$frame"), "  "
        )
        return [line + Content(cut(clean(working_on(exported)), width - line.cell_length))]
    lines = []
    if exported is not None and exported.status in ("failed", "lost", "stopped"):
        colour = "$warning" if exported.status == "stopped" else "$error"
        lines.append(
            Content.assemble(
                (f"{glyph(exported.status)} export {exported.status}  ", f"bold {colour}"), clean(exported.what)
            )
        )
        if exported.hint:
            lines.append(Content.styled(clean(exported.hint), "$muted"))
    if report is not None:
        lines.append(_verdict(report))
    elif may_export and not lines:
        lines.append(
            Content.assemble(
                (f"{glyph('done')} done  ", "bold $success"), _key("e"), (" exports it to ONNX and proves it", "$muted")
            )
        )
    return lines


def warning_lines(state: RunState, most: int = 2) -> list[Content]:
    """The last warnings of the run."""
    warnings = [note.text for note in state.notes if note.level == "warning"]
    lines = [Content.assemble(("⚠ ", "$warning"), clean(text)) for text in warnings[-most:]]
    if len(warnings) > most:
        lines.append(Content.assemble((f"{len(warnings) - most} more: ", "$muted"), _key("c")))
    return lines


def _verdict(report: BundleReport) -> Content:
    made = report.variants.get(report.default)
    if report.verdict != "ready" or made is None:
        return Content.assemble(("✗ not ready  ", "bold $error"), clean(report.why or "no variant was proved"))
    agrees = f"agrees {100 * made.agreement:.1f} %".replace("100.0", "100")
    words = f"{report.default} {size(made.bytes)} · {made.p50_ms:.1f} ms · {agrees}"
    return _line(f"{glyph('done')} exported", "$success", words, "g p", "Predict is ready")


def _line(sign: str, colour: str, words: str, key: str, does: str) -> Content:
    return Content.assemble((f"{sign}  ", f"bold {colour}"), f"{clean(words)}   ", _key(key), (f" {does}", "$muted"))


def _key(key: str) -> tuple[str, str]:
    return key, "bold $accent"
