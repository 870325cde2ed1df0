"""Running a job from a command: start it detached, follow it on stderr, hand back its result."""

import contextlib
import sys
import time
from typing import Any

import click

from tlworkbench.cli.output import ProgressLine
from tlworkbench.errors import UserError
from tlworkbench.jobs.baseline_words import said
from tlworkbench.jobs.condition import waits_for
from tlworkbench.jobs.events import Baseline, Evaluated, Event, Note, Progress, Started, Step, TrainingBegan, Trial
from tlworkbench.jobs.folder import JobFolder, create_job
from tlworkbench.jobs.follow import follow_events
from tlworkbench.jobs.launch import launch
from tlworkbench.jobs.queue import advance, before, states_on_disk, submit
from tlworkbench.jobs.run_state import RunState
from tlworkbench.jobs.search_plan import setting_of
from tlworkbench.jobs.spec import JobSpec, PreflightSpec, TrainSpec
from tlworkbench.jobs.state import JobState
from tlworkbench.jobs.stop import ask_to_stop
from tlworkbench.jobs.trials import begin_trial, end_trial
from tlworkbench.settings import load_settings
from tlworkbench.workspace import Workspace, current_workspace, open_workspace, remember_current


def workspace_of(context: click.Context) -> Workspace:
    """The workspace of `-w`, else the one used last."""
    workspace = open_workspace(context.obj or current_workspace())
    remember_current(workspace)
    return workspace


def run_job(workspace: Workspace, spec: JobSpec, name: str = "") -> tuple[JobFolder, dict[str, Any]]:
    """Start a job, follow it to its end and return its result; raises UserError where it failed.

    Ctrl+C asks the job to stop (a training run writes a checkpoint first) and waits for it; a second one leaves it.
    """
    job = start_job(workspace, spec, name)
    try:
        return job, result_of(job, watch(job))
    finally:
        if isinstance(spec, TrainSpec) and job.state().ended:
            ring()
        end_trial(job)


def start_job(workspace: Workspace, spec: JobSpec, name: str = "") -> JobFolder:
    """Start a job; a training run waits where one runs already."""
    if isinstance(spec, TrainSpec):
        return submit(workspace.jobs_dir, spec, name)
    if isinstance(spec, PreflightSpec):
        return begin_trial(workspace.root, spec, name)
    job = create_job(workspace.jobs_dir, spec, name)
    launch(job)
    return job


def watch(job: JobFolder, may_stop: bool = True) -> RunState:
    """Follow a job on stderr until it ends; what a queued one waits for is said.

    may_stop: whether Ctrl+C asks it to stop; else it only ends the watching.
    """
    line = ProgressLine()
    printer = _Printer(line)
    waiting = _Waiting(job, line)
    try:
        return follow_events(job, printer.show, looked=waiting.look)
    except KeyboardInterrupt:
        if may_stop and not job.state().ended:
            line.say(f"stopping {job.run} … (Ctrl+C again leaves it running)")
            ask_to_stop(job)
            follow_events(job, lambda event: None)
        raise
    finally:
        line.clear()


def ring() -> None:
    """Ring the terminal's bell where there is one to hear it and the settings have nothing against it."""
    # A mistake in the settings is told by `doctor` and by the screen; the run has ended either way.
    with contextlib.suppress(UserError):
        if sys.stderr.isatty() and load_settings().bell:
            sys.stderr.write("\a")
            sys.stderr.flush()


def standing_of(job: JobFolder) -> str:
    """`started`, or for a run that waits `is queued after 0007`."""
    if job.state().status != "queued":
        return "started"
    return f"is queued {waits_for([other.run for other in before(job, states_on_disk(job.path.parent))])}"


def result_of(job: JobFolder, state: RunState) -> dict[str, Any]:
    """The result of an ended job; raises UserError where there is none."""
    if state.status in ("failed", "lost", "interrupted"):
        raise UserError(f"{job.kind} {job.run}: {state.what}", state.hint or f"Its log: {job.log_file}")
    return {"run": job.run, **(state.result or {}), "status": state.status}


class _Waiting:
    """Says what a queued run waits for, and looks after the queue while it does: nobody else may be there to."""

    def __init__(self, job: JobFolder, line: ProgressLine) -> None:
        self._job = job
        self._line = line
        self._told = ""
        self._looked = 0.0

    def look(self, state: JobState) -> None:
        """The job stands so now."""
        if state.status != "queued" or time.monotonic() - self._looked < 1.0:
            return
        self._looked = time.monotonic()
        advance(self._job.path.parent)
        words = standing_of(self._job)
        if words != self._told and words != "started":
            self._told = words
            self._line.say(f"{self._job.run} {words}")


class _Printer:
    """Turns events into lines: notes and evaluations stay, steps and progress rewrite one line."""

    def __init__(self, line: ProgressLine) -> None:
        self._line = line
        self._training: TrainingBegan | None = None
        self._shown = 0.0

    def show(self, event: Event) -> None:
        """Show one event."""
        match event:
            case Started():
                self._line.show(f"{event.kind} on {event.device} …")
            case Baseline():
                self._line.say(f"baseline {said([event])}")
            case Trial():
                score = event.lost or f"macro-F1 {event.macro_f1:.3f}  accuracy {event.accuracy:.3f}"
                self._line.say(f"{setting_of(event).words}: {score}  in {event.seconds:.0f} s")
            case Note():
                self._line.say(f"{'warning: ' if event.level == 'warning' else ''}{event.text}")
            case Progress():
                of = f" of {event.total}" if event.total else ""
                self._now(f"{event.what}: {event.done}{of} {event.unit}")
            case TrainingBegan():
                self._training = event
                self._line.say(
                    f"training on {event.train_rows} rows, validating on {event.eval_rows}, "
                    f"{event.total_steps} steps in {event.precision}"
                )
            case Step():
                total = self._training.total_steps if self._training else 0
                left = f"{int(event.seconds_left) // 60}:{int(event.seconds_left) % 60:02d}"
                speed = f"{event.examples_per_second:.0f} examples/s"
                self._now(f"step {event.step}/{total}  loss {event.loss:.3f}  {speed}  {left} left")
            case Evaluated():
                best = "  best so far" if event.best else ""
                self._line.say(
                    f"epoch {event.epoch:.2g}  {event.split}: macro-F1 {event.macro_f1:.3f}  "
                    f"accuracy {event.accuracy:.3f}  loss {event.loss:.3f}{best}"
                )
            case _:
                return

    def _now(self, text: str) -> None:
        if time.monotonic() - self._shown >= 0.1:
            self._shown = time.monotonic()
            self._line.show(text)
