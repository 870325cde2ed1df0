"""How a job stands: `state.json`, replaced atomically, checked against the processes of this machine."""

import time
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec
import psutil

from tlworkbench import atomic
from tlworkbench.jobs.boot import boot_id

Status: TypeAlias = Literal[
    "queued", "starting", "running", "stopping", "done", "stopped", "failed", "lost", "interrupted"
]
"""`lost`: its process is gone without a last word. `interrupted`: so is the machine's start it ran or waited in."""
FORMAT = 1
ENDED: frozenset[Status] = frozenset({"done", "stopped", "failed", "lost", "interrupted"})
_START_GRACE = 60.0
"""Seconds a child may take from its launch to its own first word (imports on a cold disk are slow)."""


class JobState(msgspec.Struct, frozen=True, kw_only=True):
    """Status of a job and the process that stands behind it."""

    format: int = FORMAT
    status: Status = "starting"
    pid: int = 0
    pid_started: float = 0.0
    """Creation time of that process, so that a reused pid is not taken for it."""
    at: float = msgspec.field(default_factory=time.time)
    """Seconds since the epoch when this was written; the order of the queue."""
    boot: str = msgspec.field(default_factory=boot_id)
    """Start of the machine in which this was written."""
    what: str = ""
    hint: str = ""

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen by itself."""
        return self.status in ENDED


def read_state(path: Path) -> JobState:
    """Return the state as it really is: where the file says running but the process is gone, `lost`, or after a
    restart of the machine `interrupted`; so are then jobs that waited in the queue."""
    try:
        state = msgspec.json.decode(path.read_bytes(), type=JobState)
    except (FileNotFoundError, msgspec.DecodeError, msgspec.ValidationError):
        return JobState(status="lost", what="its state file is missing or damaged")
    if state.ended:
        return state
    if state.boot and state.boot != boot_id():
        was = "waited in the queue" if state.status == "queued" else "ran"
        return msgspec.structs.replace(
            state,
            status="interrupted",
            what=f"the machine was restarted while it {was}",
            hint="It goes on from its last checkpoint when it is resumed.",
        )
    if state.status == "queued" or alive(state):
        return state
    return msgspec.structs.replace(
        state,
        status="lost",
        what="its process ended without a last word",
        hint="It was killed, or memory ran out: engine.log holds what it printed last; a training run can be resumed.",
    )


def write_state(path: Path, state: JobState) -> None:
    """Replace the state file."""
    atomic.write_bytes(path, msgspec.json.format(msgspec.json.encode(state)))


def alive(state: JobState) -> bool:
    """Whether the process behind the state still runs; a zombie does not."""
    if state.pid == 0:
        return time.time() - state.at < _START_GRACE
    try:
        process = psutil.Process(state.pid)
        if abs(process.create_time() - state.pid_started) > 1.0:
            return False
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def process_started(pid: int) -> float:
    """Creation time of a process in seconds since the epoch, as `JobState.pid_started` holds it."""
    return float(psutil.Process(pid).create_time())
