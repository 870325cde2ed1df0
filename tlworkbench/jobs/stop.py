"""Stopping a job: ask first (SIGTERM: finish the step, checkpoint, leave), then end it by force."""

import contextlib
import os
import signal

from tlworkbench.errors import UserError
from tlworkbench.jobs.folder import JobFolder
from tlworkbench.jobs.queue import take_out

GRACE_SECONDS = 30.0
"""Time between asking and force; a checkpoint of a large model takes a while to write."""


def ask_to_stop(job: JobFolder) -> None:
    """Send SIGTERM to the child alone: it finishes its step, writes a checkpoint and leaves as `stopped`.

    A run that waits in the queue is taken out of it.
    """
    if not take_out(job):
        os.kill(_running_pid(job), signal.SIGTERM)


def force_stop(job: JobFolder) -> None:
    """Send SIGKILL to the child's whole process group; the job then reads `lost` and can be resumed."""
    pid = _running_pid(job)
    with contextlib.suppress(ProcessLookupError):
        # The child leads its own session and group, so its loader workers go with it.
        os.killpg(pid, signal.SIGKILL)


def _running_pid(job: JobFolder) -> int:
    state = job.state()
    if state.status == "starting":
        raise UserError(f"{job.run} is only just starting", "Try again in a moment.")
    if state.ended or state.pid == 0:
        raise UserError(f"{job.run} is not running ({state.status})", "There is nothing to stop.")
    return state.pid
