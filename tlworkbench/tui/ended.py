"""What the program does when a training run ends, whichever screen is open."""

from typing import TYPE_CHECKING, Literal

from tlworkbench.jobs.run_state import RunState
from tlworkbench.tui.messages import JobUpdated

if TYPE_CHECKING:
    from tlworkbench.tui.app import Workbench


def has_ended(update: JobUpdated, before: RunState | None) -> bool:
    """Whether this update tells of the end of a run that was not known to be over."""
    return update.job.kind == "train" and update.state.ended and before is not None and not before.ended


def tell(app: "Workbench", update: JobUpdated) -> None:
    """Ring the bell unless somebody asked for the end, and say it where the Train screen is not in front."""
    state = update.state
    if app.settings.bell and state.status != "stopped":
        app.bell()
    if app.current_mode != "train":
        words = f": macro-F1 {state.best.macro_f1:.3f}" if state.best is not None else ""
        severity: Literal["information", "warning"] = "information" if state.status == "done" else "warning"
        app.notify(f"{update.job.run} {state.status}{words}", severity=severity, markup=False)
