"""The workspace's newest job that judges labels, as the Data screen follows it."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from tlworkbench.errors import UserError
from tlworkbench.jobs.folder import JobFolder
from tlworkbench.jobs.run_state import RunState
from tlworkbench.jobs.spec import GainSpec, SuspectsSpec
from tlworkbench.jobs.stop import ask_to_stop
from tlworkbench.tui.messages import JobUpdated

if TYPE_CHECKING:
    from tlworkbench.tui.app import Workbench

_KINDS = ("suspects", "gain")
_FAILED = {"suspects": "No suspects were found", "gain": "It could not be measured"}


class Judging:
    """Starts and follows jobs of the kinds `suspects` and `gain`; one at a time.

    changed: hears how the one that runs stands, None when none does. ended: hears of each that was seen running and
    has ended well. Errors are shown here.
    """

    def __init__(
        self,
        app: "Workbench",
        changed: Callable[[RunState | None], None],
        ended: Callable[[str, RunState], None],
    ) -> None:
        self._app, self._changed, self._ended = app, changed, ended
        self._job: JobFolder | None = None
        """The one that runs."""
        self._unwanted = False
        """It is to be stopped, as soon as there is a process to ask."""

    @property
    def running(self) -> str:
        """The kind of the job that runs; empty while none does."""
        return self._job.kind if self._job is not None else ""

    def start(self, spec: SuspectsSpec | GainSpec) -> None:
        """Start a job. Raises UserError, also while another one runs."""
        if self._job is not None:
            raise UserError("the labels are being judged at this moment", "Wait for it to end, or stop it with S.")
        self._job, self._unwanted = self._app.jobs.start(spec), False
        self._changed(RunState())

    def stop(self) -> None:
        """Ask the one that runs to stop; what was embedded is kept."""
        self._unwanted = True
        self._ask_to_stop()

    def updated(self, update: JobUpdated) -> None:
        """A job's state changed."""
        job, state = update.job, update.state
        if job.kind not in _KINDS or (job != self._job and (state.ended or self._job is not None)):
            return
        if not state.ended:
            self._job = job
            self._ask_to_stop()
            self._changed(state)
            return
        self._job, self._unwanted = None, False
        self._changed(None)
        if state.status == "done":
            self._ended(job.kind, state)
        elif state.status == "stopped":
            self._app.notify("Stopped. What was computed until then is kept.", markup=False)
        else:
            self._app.report(UserError(state.what, state.hint), title=_FAILED[job.kind])

    def _ask_to_stop(self) -> None:
        if self._unwanted and self._job is not None and self._job.state().pid:
            self._unwanted = False
            ask_to_stop(self._job)
