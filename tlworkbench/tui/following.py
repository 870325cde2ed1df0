"""The workspace's jobs as the screen knows them: one background thread follows each one that runs."""

import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from textual.app import App

from tlworkbench.jobs.folder import JobFolder, create_job, list_jobs
from tlworkbench.jobs.follow import follow, read_run
from tlworkbench.jobs.launch import disown, launch
from tlworkbench.jobs.queue import advance, before, resubmit, submit, waiting
from tlworkbench.jobs.run_state import RunState
from tlworkbench.jobs.spec import JobSpec, PreflightSpec, TrainSpec
from tlworkbench.jobs.trials import begin_trial, end_trial
from tlworkbench.tui.messages import JobFound, JobUpdated, WorkFailed

LOOK_SECONDS = 1.0
"""How often the folder is looked through for jobs that another program started."""


class Jobs:
    """Knows the last state of every job of the workspace, and starts new ones. Owned by the App.

    Threads only post messages (`JobUpdated`, `JobFound`, `WorkFailed`) to the App; the rest is called on its thread.
    """

    def __init__(self, app: App[Any], folder: Path) -> None:
        self.folder = folder
        self.states: dict[JobFolder, RunState] = {}
        """Last known state of each job."""
        self._app = app
        self._stop = threading.Event()
        self.followed: set[JobFolder] = set()
        """Jobs that a thread follows at this moment."""

    def open(self) -> None:
        """Begin to look for jobs: those that have ended are read once, the others followed."""
        self._in_thread("jobs", self._look)

    def close(self) -> None:
        """Let go of all threads; the jobs themselves go on."""
        self._stop.set()

    def start(self, spec: JobSpec, name: str = "") -> JobFolder:
        """Make a job of `spec`, start its process and follow it; a training run may have to wait. Raises UserError."""
        if isinstance(spec, TrainSpec):
            job = submit(self.folder, spec, name)
        elif isinstance(spec, PreflightSpec):
            job = begin_trial(self.folder.parent, spec, name)
        else:
            job = create_job(self.folder, spec, name)
            launch(job)
        self.follow(job)
        return job

    def resume(self, job: JobFolder) -> None:
        """Take up a job that is not running (any more) and follow it; as with `start`. Raises UserError."""
        if job.kind == "train":
            resubmit(job)
        else:
            launch(job)
        self.follow(job)

    def follow(self, job: JobFolder) -> None:
        """Follow a job until it ends; does nothing when it is followed already."""
        if job not in self.followed:
            self.followed.add(job)
            self._in_thread(f"job {job.run}", lambda: self._follow(job))

    def state(self, job: JobFolder) -> RunState | None:
        """Last known state of a job."""
        return self.states.get(job)

    def of_kind(self, kind: str) -> list[tuple[JobFolder, RunState]]:
        """All known jobs of a kind with their states, newest first."""
        return sorted(
            ((job, state) for job, state in self.states.items() if job.kind == kind),
            key=lambda pair: pair[0],
            reverse=True,
        )

    def running(self) -> list[JobFolder]:
        """Jobs that have begun and not ended, oldest first."""
        return sorted(job for job, state in self.states.items() if not state.ended and state.status != "queued")

    def waiting(self) -> list[JobFolder]:
        """Training runs in the queue, first come first."""
        return waiting(self.states)

    def before(self, job: JobFolder) -> list[str]:
        """Numbers of the runs that one in the queue waits for."""
        return [other.run for other in before(job, self.states)]

    def forget(self, job: JobFolder) -> None:
        """Delete the folder of a job that has ended, as if it had never been."""
        self.states.pop(job, None)
        disown(job)
        shutil.rmtree(job.path, ignore_errors=True)

    def learn(self, update: JobUpdated) -> bool:
        """Take in what a thread saw; whether it is news."""
        known = self.states.get(update.job)
        # The number of steps first: all else being equal, comparing them one by one takes a while.
        if known is not None and len(known.steps) == len(update.state.steps) and known == update.state:
            return False
        self.states[update.job] = update.state
        return True

    def _follow(self, job: JobFolder) -> None:
        try:
            for state in follow(job, self._stop):
                self._app.post_message(JobUpdated(job, state))
        finally:
            self.followed.discard(job)
            end_trial(job)

    def _look(self) -> None:
        seen: dict[JobFolder, int] = {}
        while not self._stop.is_set():
            for job in reversed(list_jobs(self.folder)):
                if self._stop.is_set():
                    return
                changed = _changed_at(job)
                if job in self.followed or seen.get(job) == changed:
                    continue
                seen[job] = changed
                if job.state().ended:
                    self._app.post_message(JobUpdated(job, read_run(job)))
                else:
                    self._app.post_message(JobFound(job))
            # A run that was killed leaves nobody behind to start the next one.
            if any(state.status == "queued" for state in list(self.states.values())):
                advance(self.folder)
            self._stop.wait(LOOK_SECONDS)

    def _in_thread(self, name: str, work: Callable[[], None]) -> None:
        def guarded() -> None:
            try:
                work()
            except Exception as error:
                self._app.post_message(WorkFailed(error))

        self._app.run_worker(guarded, name=name, group=name, thread=True, exit_on_error=False)


def _changed_at(job: JobFolder) -> int:
    try:
        return job.state_file.stat().st_mtime_ns
    except OSError:
        return 0
