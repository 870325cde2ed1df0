"""Running a job from a command: start it detached, follow it on stderr, hand back its result."""

import time
from typing import Any

import click

from tlworkbench.cli.output import ProgressLine
from tlworkbench.errors import UserError
from tlworkbench.jobs.events import Evaluated, Event, Note, Progress, Started, Step, TrainingBegan
from tlworkbench.jobs.folder import JobFolder, create_job
from tlworkbench.jobs.follow import follow_events
from tlworkbench.jobs.launch import launch
from tlworkbench.jobs.run_state import RunState
from tlworkbench.jobs.spec import JobSpec
from tlworkbench.jobs.stop import ask_to_stop
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
    job = create_job(workspace.jobs_dir, spec, name)
    launch(job)
    return job, result_of(job, watch(job))


def watch(job: JobFolder) -> RunState:
    """Follow a job on stderr until it ends."""
    line = ProgressLine()
    printer = _Printer(line)
    try:
        return follow_events(job, printer.show)
    except KeyboardInterrupt:
        line.say(f"stopping {job.run} … (Ctrl+C again leaves it running)")
        ask_to_stop(job)
        follow_events(job, lambda event: None)
        raise
    finally:
        line.clear()


def result_of(job: JobFolder, state: RunState) -> dict[str, Any]:
    """The result of an ended job; raises UserError where there is none."""
    if state.status in ("failed", "lost"):
        raise UserError(f"{job.kind} {job.run}: {state.what}", state.hint or f"Its log: {job.log_file}")
    return {"run": job.run, **(state.result or {}), "status": state.status}


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
