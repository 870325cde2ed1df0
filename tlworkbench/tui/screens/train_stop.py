"""Stopping a run from the Train screen: asked, asked by somebody else, or by force."""

import time

from tlworkbench.errors import UserError
from tlworkbench.jobs import starter
from tlworkbench.jobs.folder import JobFolder
from tlworkbench.jobs.run_state import RunState
from tlworkbench.jobs.stop import ask_to_stop, force_stop
from tlworkbench.tui.screens.confirm import Confirm
from tlworkbench.tui.screens.train_panes import TrainPanes


class StoppingRuns(TrainPanes):
    """`x`: asks the run to stop; once more, offers force. Whose run it isn't is asked first."""

    def action_stop(self) -> None:
        """Ask the run to stop; asked again, offer force."""
        job, state = self._stoppable()
        if state.status == "starting":
            raise UserError(f"{job.run} is only just starting", "Press the key again in a moment.")
        if job in self._asked or state.status == "stopping":
            question = Confirm(
                f"End {job.run} by force?",
                "What it did since its last checkpoint is lost; it can be resumed from there.",
                "end it",
                "wait",
            )
            self.app.push_screen(question, lambda yes: self._force(job) if yes else None)
        elif words := starter.question(job.run, job.path):
            queued = state.status == "queued"
            detail = "It leaves the queue." if queued else "It finishes its step and writes a checkpoint first."
            question = Confirm(words, detail, "stop it", "leave it")
            self.app.push_screen(question, lambda yes: self._ask(job) if yes else None)
        else:
            self._ask(job)

    def _ask(self, job: JobFolder) -> None:
        with self.workbench.reporting():
            waited = job.state().status == "queued"
            ask_to_stop(job)
            if not waited:
                self._asked[job] = time.monotonic()
            self._paint()

    def _force(self, job: JobFolder) -> None:
        with self.workbench.reporting():
            force_stop(job)

    def _stoppable(self) -> tuple[JobFolder, RunState]:
        job, state = self._wanted_run()
        if not state.ended:
            return job, state
        if (export := self._export_of(job)) is not None and not export[1].ended:
            return export
        running = self._running_run()
        hint = f"{running.run} is: go to it with the arrow keys." if running else "Press s to start a run."
        raise UserError(f"{job.run} is not running", hint)

    def _wanted_run(self) -> tuple[JobFolder, RunState]:
        shown = self._shown_run()
        if shown is None:
            raise UserError("there is no run yet", "Press s to start one.")
        return shown

    def _running_run(self) -> JobFolder | None:
        return next((job for job in self.workbench.jobs.running() if job.kind == "train"), None)
