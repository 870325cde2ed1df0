"""Looking for a learning rate from the form: the job's progress, its curve, and the rate it speaks for."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from tlworkbench.errors import UserError
from tlworkbench.jobs.folder import JobFolder
from tlworkbench.jobs.run_state import RunState
from tlworkbench.jobs.setting_text import text_of
from tlworkbench.jobs.spec import LrFindSpec, TrainSpec
from tlworkbench.jobs.stop import ask_to_stop
from tlworkbench.tui.screens.dialog import Dialog
from tlworkbench.tui.text import clean, percent
from tlworkbench.tui.widgets.figures import power
from tlworkbench.tui.widgets.lr_chart import LrChart

if TYPE_CHECKING:
    from tlworkbench.tui.app import Workbench

_LOOK_SECONDS = 0.2


def refuse_beside_a_run(workbench: "Workbench", what: str) -> None:
    """Raise UserError while a training run is at work, whose share of the machine would be measured too."""
    running = next((job for job in workbench.jobs.running() if job.kind == "train"), None)
    if running is not None:
        raise UserError(f"{running.run} takes this machine's time: {what} has to wait", "Let it end, or stop it (x).")


class FindRate(Dialog[str]):
    """Starts the job at once; closes with the rate under the cursor, which begins at the one suggested, as it is typed.

    Leaving ends the job.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "take", "take it")]

    def __init__(self, workbench: "Workbench", spec: TrainSpec) -> None:
        super().__init__()
        self._workbench = workbench
        self._spec = LrFindSpec(run=spec)
        self._job: JobFolder | None = None
        self._shown: object = None
        self._suggested, self._nearest = "", 0.0
        """The rate that is suggested, as it is typed, and the one nearest to it that was tried."""

    @property
    def rate(self) -> str:
        """The rate that would be taken, as it is typed; empty where there is none."""
        chart = self.query_one(LrChart)
        # Before a suggestion, or a key, there is no cursor: the chart then reads its last rate.
        if chart.cursor is None or chart.rate is None:
            return ""
        # The suggestion may lie between two rates that were tried; the cursor then stands on the nearer one.
        return self._suggested if chart.rate == self._nearest else text_of(float(f"{chart.rate:.2g}"))

    def compose(self) -> ComposeResult:
        """The curve, how far it is and what it says, the keys."""
        # The chart brings a frame of its own.
        with Vertical(id="dialog", classes="find-rate"):
            yield LrChart(self._workbench.look, id="curve")
            yield Static(id="figures")
            yield Static(id="keys")

    def on_mount(self) -> None:
        """Begin."""
        self.query_one(LrChart).say(Content.styled("Find a learning rate", "bold"))
        self._show(RunState())
        try:
            self._job = self._workbench.jobs.start(self._spec, Path(self._spec.run.model).name)
        except UserError as error:
            self._show(RunState(status="failed", what=error.what, hint=error.hint))
            return
        self.set_interval(_LOOK_SECONDS, self._look)

    def on_unmount(self) -> None:
        """What is still being tried is of no use to anybody."""
        if self._job is not None and not self._job.state().ended:
            with self._workbench.reporting():
                ask_to_stop(self._job)

    def action_take(self) -> None:
        """Close with the rate."""
        if rate := self.rate:
            self.dismiss(rate)

    def _look(self) -> None:
        state = self._workbench.jobs.state(self._job) if self._job is not None else None
        if state is not None and state is not self._shown:
            self._shown = state
            self._show(state)
        self._keys()

    def _show(self, state: RunState) -> None:
        rates, losses, suggested = curve_of(state)
        if suggested is not None and rates:
            self._suggested = text_of(float(f"{suggested:.2g}"))
            self._nearest = min(rates, key=lambda rate: abs(math.log(rate / suggested)))
        self.query_one(LrChart).show(rates, losses, suggested)
        self.query_one("#figures", Static).update(self._told(state))

    def _keys(self) -> None:
        rate = self.rate
        keys = [("enter", f"takes {rate}"), ("← →", "another rate")] if rate else []
        parts = [
            part
            for key, word in (*keys, ("esc", "leaves it"))
            for part in ((key, "bold $accent"), (f" {word}   ", "$muted"))
        ]
        self.query_one("#keys", Static).update(Content.assemble(*parts))

    def _told(self, state: RunState) -> Content:
        if state.status in ("failed", "lost", "interrupted"):
            return Content.assemble((f"✗ {clean(state.what)}", "$error"), f"\n{clean(state.hint)}")
        if state.result is not None and state.status == "done":
            return rate_lines(state.result, self._spec.run.learning_rate)
        last = state.steps[-1] if state.steps else None
        if last is None:
            doing = state.progress.what if state.progress is not None else "starting"
            return Content.styled(f"{clean(doing)} …", "$muted")
        lowest = min(state.steps, key=lambda step: step.loss)
        return Content.assemble(
            (f"rate {power(last.learning_rate)}", "bold"),
            f"  loss {last.loss:.3f}  lowest so far {lowest.loss:.3f} at {power(lowest.learning_rate)}",
            (
                f"\n{percent(len(state.steps) / self._spec.steps)} of the rates; it ends where the loss is lost",
                "$muted",
            ),
        )


def curve_of(state: RunState) -> tuple[list[float], list[float], float | None]:
    """Rates, the loss at each, and the rate suggested; smoothed once all of them are known."""
    found = state.result if state.status == "done" else None
    if found and isinstance(curve := found.get("curve"), list):
        suggested = found.get("suggestion")
        return [point[0] for point in curve], [point[2] for point in curve], suggested
    return [step.learning_rate for step in state.steps], [step.loss for step in state.steps], None


def rate_lines(result: dict[str, object], now: float) -> Content:
    """What the curve says, in two lines."""
    suggested, lowest = result.get("suggestion"), result.get("lowest_loss_at")
    if not isinstance(suggested, float):
        return Content.assemble(
            ("no learning rate made the loss fall", "$warning"), "\nLook at the labels, or try another model."
        )
    steep = result.get("steepest")
    words = f"falls fastest at {power(steep)}" if isinstance(steep, float) else ""
    if isinstance(lowest, float):
        words += f"{' and ' if words else ''}is lowest at {power(lowest)}"
    return Content.assemble(
        ("suggested ", "$muted"),
        (power(suggested), "bold $success"),
        (f"   now {text_of(now)}", "$muted"),
        f"\nthe loss {words}",
    )
