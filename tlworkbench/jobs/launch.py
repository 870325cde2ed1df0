"""Starting a job's child process, detached: it outlives the screen and the SSH line that started it."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tlworkbench.errors import UserError
from tlworkbench.jobs.devices import Devices, environment_of_several, on_several, processes
from tlworkbench.jobs.folder import JobFolder, open_job
from tlworkbench.jobs.state import JobState, write_state

ENGINE_COMMAND: tuple[str, ...] = (sys.executable, "-m", "tlworkbench.engine")
"""What runs a job; the job's folder is added as the last argument."""

_LAST_BYTES = 4096
"""Read from the end of a log, which may be as long as it likes."""

_children: dict[Path, subprocess.Popen[bytes]] = {}


def launch(job: JobFolder, command: Sequence[str] = ()) -> None:
    """Start the engine on a job's folder; also how a stopped job is taken up again.

    command: what runs it, `ENGINE_COMMAND` where absent. Training runs go through `jobs.queue`, which calls this.
    Raises UserError when a process of this job already runs, or none could be started.
    """
    reap()
    state = job.state()
    if state.status not in ("starting", "queued") and not state.ended:
        raise UserError(f"{job.run} is already running (process {state.pid})", "Follow it, or stop it first.")
    words = list(command or ENGINE_COMMAND)
    devices = _processes(job)
    if devices > 1:
        if refusal := Devices.here().refusal(devices):
            write_state(job.state_file, JobState(status="failed", what=refusal.what, hint=refusal.hint))
            raise refusal
        words = on_several(words, devices)
    write_state(job.state_file, JobState())
    environment = {
        **os.environ,
        # Many threads of many workers, each with a pool of its own, only slow one another down.
        "TOKENIZERS_PARALLELISM": os.environ.get("TOKENIZERS_PARALLELISM", "false"),
        # Threads that spin while they wait for one another starve on a machine that has other work too: a training
        # run beside three busy processes on two cores was four times slower.
        "OMP_WAIT_POLICY": os.environ.get("OMP_WAIT_POLICY", "PASSIVE"),
        "PYTHONUNBUFFERED": "1",
        **(environment_of_several(devices) if devices > 1 else {}),
    }
    try:
        with job.log_file.open("ab") as log:
            child = subprocess.Popen(
                [*words, str(job.path)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env=environment,
            )
    except OSError as error:
        write_state(job.state_file, JobState(status="failed", what=f"no process could be started: {error.strerror}"))
        raise UserError(
            f"the engine could not be started: {error.strerror}", "Check memory and process limits."
        ) from error
    _children[job.path] = child


def _processes(job: JobFolder) -> int:
    if job.kind != "train":
        return 1
    try:
        return processes(job.spec())
    except UserError:
        return 1  # The engine says what is wrong with it.


def reap() -> None:
    """Collect children of this process that have ended, and speak for one that died before its first word."""
    for path, child in list(_children.items()):
        if child.poll() is None:
            continue
        if _children.pop(path, None) is None:
            continue  # Another thread was quicker.
        job = open_job(path)
        if job.state().status == "starting":
            write_state(
                job.state_file,
                JobState(
                    status="failed",
                    what=f"the engine ended with status {child.returncode} before it began: {_last_line(job)}",
                    hint=f"The whole story is in {job.log_file}.",
                ),
            )


def disown(job: JobFolder) -> None:
    """Speak no more for a job's process; before its folder is deleted, whose name another job may get."""
    _children.pop(job.path, None)


def _last_line(job: JobFolder) -> str:
    with job.log_file.open("rb") as log:
        log.seek(max(0, log.seek(0, os.SEEK_END) - _LAST_BYTES))
        lines = log.read().decode("utf-8", errors="replace").split("\n")
    return next((line.strip()[:200] for line in reversed(lines) if line.strip()), "it printed nothing")
