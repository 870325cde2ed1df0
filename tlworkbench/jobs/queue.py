"""The queue of a workspace: training runs one after another, in the order in which they were asked for.

There is no process that keeps it. A run that waits is a folder whose state says `queued`; whoever looks (a screen, a
command, the process that `engine.ending` leaves behind) calls `advance`, which starts the first one when none runs,
under a lock, so that never two start. Exports, evaluations and imports don't wait: they are short, and somebody sits
in front of them.
"""

import contextlib
import fcntl
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from tlworkbench.errors import UserError
from tlworkbench.jobs.folder import JobFolder, create_job, list_jobs
from tlworkbench.jobs.launch import launch, reap
from tlworkbench.jobs.run_state import RunState
from tlworkbench.jobs.spec import TrainSpec
from tlworkbench.jobs.starter import record_starter
from tlworkbench.jobs.state import JobState, write_state


def submit(jobs_dir: Path, spec: TrainSpec, name: str = "") -> JobFolder:
    """Make a training run that starts at once, or as soon as those before it have ended. Raises UserError."""
    return _started(create_job(jobs_dir, spec, name, queued=True))


def resubmit(job: JobFolder) -> JobFolder:
    """Take a run that has ended up again, behind those that run and wait. Raises UserError when it has not ended."""
    reap()
    with _locked(job.path.parent):
        state = job.state()
        if state.status == "queued":
            raise UserError(f"{job.run} waits in the queue already", "It starts when the runs before it have ended.")
        if not state.ended:
            raise UserError(f"{job.run} is already running (process {state.pid})", "Follow it, or stop it first.")
        record_starter(job.path)
        write_state(job.state_file, JobState(status="queued"))
    return _started(job)


def take_out(job: JobFolder) -> bool:
    """Take a run out of the queue, so that it reads `stopped`; False where it does not wait there."""
    if job.state().status != "queued":
        return False
    with _locked(job.path.parent):
        if job.state().status != "queued":
            return False
        write_state(job.state_file, JobState(status="stopped", what="taken out of the queue before it began"))
    return True


def advance(jobs_dir: Path, command: Sequence[str] = ()) -> JobFolder | None:
    """Start the run that waits longest if none runs; which one that was. `command` as in `launch`.

    One that can't be started is `failed`, and the next one gets its turn.
    """
    reap()
    if not any(job.state().status == "queued" for job in list_jobs(jobs_dir, "train")):
        return None
    with _locked(jobs_dir):
        states = states_on_disk(jobs_dir)
        if any(_runs(state) for state in states.values()):
            return None
        for job in waiting(states):
            with contextlib.suppress(UserError):
                launch(job, command)
                return job
    return None


def waiting(states: Mapping[JobFolder, RunState]) -> list[JobFolder]:
    """The runs that wait, first come first."""
    queued = [job for job, state in states.items() if state.status == "queued"]
    return sorted(queued, key=lambda job: (states[job].queued_at, job))


def before(job: JobFolder, states: Mapping[JobFolder, RunState]) -> list[JobFolder]:
    """The runs that a waiting one waits for: what runs, then those that asked earlier."""
    line = waiting(states)
    ahead = line[: line.index(job)] if job in line else line
    return [*sorted(other for other, state in states.items() if other.kind == "train" and _runs(state)), *ahead]


def states_on_disk(jobs_dir: Path) -> dict[JobFolder, RunState]:
    """How each training run stands, without its events: enough for `waiting` and `before`."""
    return {job: RunState().with_status(job.state()) for job in list_jobs(jobs_dir, "train")}


def at_work(jobs_dir: Path) -> str:
    """Number of the training run that has begun and not ended; empty where there is none."""
    states = states_on_disk(jobs_dir)
    return next((job.run for job, state in sorted(states.items()) if _runs(state)), "")


def _runs(state: RunState) -> bool:
    return not state.ended and state.status != "queued"


def _started(job: JobFolder) -> JobFolder:
    advance(job.path.parent)
    state = job.state()
    if state.status == "failed":
        raise UserError(state.what, state.hint)
    return job


@contextlib.contextmanager
def _locked(jobs_dir: Path) -> Iterator[None]:
    # The file itself says nothing; the lock goes with its process, however that ends.
    with (jobs_dir / ".queue.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
