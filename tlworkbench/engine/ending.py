"""What a training run does once its last word is said: the user's own command, and the run that waits next."""

import os
import shlex
import subprocess
import sys

from tlworkbench.engine.context import JobContext
from tlworkbench.errors import UserError
from tlworkbench.jobs.events import Finished
from tlworkbench.jobs.next_run import leave_behind
from tlworkbench.jobs.queue import states_on_disk, waiting
from tlworkbench.jobs.spec import TrainSpec
from tlworkbench.settings import load_settings

PATIENCE_SECONDS = 30.0
"""The user's command may take so long; then it is ended."""


def after(context: JobContext, finished: Finished) -> None:
    """Call after `context.finish` of a training run; what goes wrong here is a note and not the run's failure."""
    jobs_dir = context.job.path.parent
    if waiting(states_on_disk(jobs_dir)):
        leave_behind(jobs_dir, os.getpid(), _own_command())
    try:
        command = load_settings().on_end
        if command:
            _call(shlex.split(command), _environment(context, finished))
    except UserError as error:
        context.note(f"on_end: {error.what}", warning=True)
        context.touch()


def _call(words: list[str], environment: dict[str, str]) -> None:
    try:
        # Its output goes where this process's goes, to engine.log.
        done = subprocess.run(
            words, env=os.environ | environment, stdin=subprocess.DEVNULL, timeout=PATIENCE_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise UserError(f"{words[0]} was ended after {PATIENCE_SECONDS:.0f} seconds") from None
    except OSError as error:
        raise UserError(f"{words[0]} could not be started: {error.strerror}") from error
    if done.returncode:
        raise UserError(f"{words[0]} ended with status {done.returncode}; engine.log holds what it printed")


def _environment(context: JobContext, finished: Finished) -> dict[str, str]:
    return {
        "TLWORKBENCH_RUN": context.job.run,
        "TLWORKBENCH_STATUS": finished.status,
        "TLWORKBENCH_METRIC": _metric(context, finished),
        "TLWORKBENCH_WORKSPACE": str(context.workspace),
    }


def _metric(context: JobContext, finished: Finished) -> str:
    # As in `macro_f1=0.6903`; empty where nothing was measured.
    best = finished.result.get("best")
    spec = context.job.spec()
    name = spec.metric if isinstance(spec, TrainSpec) else "macro_f1"
    return f"{name}={best[name]:.4f}" if isinstance(best, dict) and name in best else ""


def _own_command() -> list[str]:
    # The next run is to be run by what ran this one, where that is not what runs all of them.
    words = sys.orig_argv[:-1]
    return [] if "tlworkbench.engine" in words else words
