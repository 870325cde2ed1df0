"""`python -m tlworkbench.jobs.next_run JOBS-FOLDER PID [COMMAND …]`: start the next run once process PID has gone.

A process of its own, because the one that ends still holds its memory, on the GPU too, until it has left.
"""

import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import psutil

from tlworkbench.jobs.launch import reap
from tlworkbench.jobs.queue import advance

LEAVE_SECONDS = 120.0
"""A process that has said its last word and still holds on is no longer waited for."""
_LOOK_SECONDS = 0.1


def leave_behind(jobs_dir: Path, pid: int, command: Sequence[str]) -> None:
    """Start this module, detached. `command` as in `launch`."""
    subprocess.Popen(
        [sys.executable, "-m", "tlworkbench.jobs.next_run", str(jobs_dir), str(pid), *command],
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )


def start_next(jobs_dir: Path, pid: int, command: Sequence[str]) -> None:
    """Wait for the process, then start what waits; what ends before its first word makes room for the one behind."""
    until = time.monotonic() + LEAVE_SECONDS
    while _there(pid) and time.monotonic() < until:
        time.sleep(_LOOK_SECONDS)
    while (job := advance(jobs_dir, command)) is not None:
        while job.state().status == "starting":
            time.sleep(_LOOK_SECONDS)
            reap()
        if not job.state().ended:
            return


def _there(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


if __name__ == "__main__":
    start_next(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
