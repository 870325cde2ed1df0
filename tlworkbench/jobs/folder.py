"""A job's folder: `jobs/0007-train-minilm/` in a workspace. The folder is the truth; there is no other channel."""

import fcntl
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tlworkbench.errors import UserError
from tlworkbench.jobs.spec import JobSpec
from tlworkbench.jobs.spec_text import load_spec, save_spec
from tlworkbench.jobs.starter import record_starter
from tlworkbench.jobs.state import JobState, read_state, write_state

_NAME = re.compile(r"(\d{4,})-([a-z]+)(?:-(.*))?")


@dataclass(frozen=True, order=True)
class JobFolder:
    """One job on disk, ordered by number."""

    number: int
    kind: str
    path: Path

    @property
    def run(self) -> str:
        """The number as it is shown and typed: `0007`."""
        return f"{self.number:04d}"

    @property
    def spec_file(self) -> Path:
        return self.path / "job.toml"

    @property
    def events_file(self) -> Path:
        return self.path / "events.jsonl"

    @property
    def state_file(self) -> Path:
        return self.path / "state.json"

    @property
    def log_file(self) -> Path:
        return self.path / "engine.log"

    @property
    def model_dir(self) -> Path:
        """The trained model as a transformers folder (training runs)."""
        return self.path / "model"

    @property
    def checkpoints_dir(self) -> Path:
        return self.path / "checkpoints"

    @property
    def bundle_dir(self) -> Path:
        """The exported bundle (training runs; the export job writes it into its run's folder)."""
        return self.path / "bundle"

    @property
    def workspace(self) -> Path:
        """Root of the workspace this job belongs to."""
        return self.path.parent.parent

    def spec(self) -> JobSpec:
        """What the job is to do."""
        return load_spec(self.spec_file)

    def state(self) -> JobState:
        """How the job stands now."""
        return read_state(self.state_file)


def create_job(jobs_dir: Path, spec: JobSpec, name: str = "", queued: bool = False) -> JobFolder:
    """Make the folder of a new job with the next free number; two programs at once get two numbers.

    queued: it waits to be started, see `jobs.queue`; else whoever makes it launches it.
    """
    kind = str(spec.__struct_config__.tag)
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:32]
    try:
        jobs_dir.mkdir(parents=True, exist_ok=True)
        with lock_file(jobs_dir).open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            number = max((job.number for job in list_jobs(jobs_dir)), default=0) + 1
            path = jobs_dir / "-".join(part for part in (f"{number:04d}", kind, slug) if part)
            path.mkdir()
    except OSError as error:
        raise UserError(
            f"no job could be made in {jobs_dir}: {error.strerror}", "Free some space or check the folder's rights."
        ) from error
    job = JobFolder(number, kind, path)
    save_spec(job.spec_file, spec)
    record_starter(job.path)
    # Last: from here on others may start it.
    write_state(job.state_file, JobState(status="queued" if queued else "starting"))
    return job


def lock_file(jobs_dir: Path) -> Path:
    """Held while a number is given out."""
    return jobs_dir / ".lock"


def open_job(path: Path) -> JobFolder:
    """The job whose folder is `path`."""
    match = _NAME.fullmatch(path.name)
    if not match or not path.is_dir():
        raise UserError(f"{path} is not a job's folder", "A job's folder is named like 0007-train-minilm.")
    return JobFolder(int(match[1]), match[2], path)


def list_jobs(jobs_dir: Path, kind: str = "") -> list[JobFolder]:
    """All jobs of a workspace, oldest first; only those of `kind` when given."""
    return sorted(job for job in _scan(jobs_dir) if kind in ("", job.kind))


def find_job(jobs_dir: Path, run: str, kind: str = "") -> JobFolder:
    """The job with a number as typed (`7`, `0007`); raises UserError that lists what there is."""
    jobs = list_jobs(jobs_dir, kind)
    for job in jobs:
        if run.isdecimal() and job.number == int(run):
            return job
    there = ", ".join(job.run for job in jobs[-8:]) or "none yet"
    raise UserError(f"there is no {kind or 'job'} {run} in this workspace", f"There are: {there}.")


def _scan(jobs_dir: Path) -> Iterator[JobFolder]:
    if not jobs_dir.is_dir():
        return
    for path in jobs_dir.iterdir():
        match = _NAME.fullmatch(path.name)
        if match and path.is_dir():
            yield JobFolder(int(match[1]), match[2], path)
