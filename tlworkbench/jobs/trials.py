"""Trials of runs that are to be: jobs in a folder beside the others, with no number among them, gone when they end."""

import shutil
from pathlib import Path

from tlworkbench.jobs.folder import JobFolder, create_job, list_jobs
from tlworkbench.jobs.launch import disown, launch
from tlworkbench.jobs.spec import PreflightSpec

FOLDER = "trials"


def begin_trial(root: Path, spec: PreflightSpec, name: str = "") -> JobFolder:
    """Start a trial in the workspace at `root`; what earlier ones left behind, whose screen was killed, goes first."""
    folder = root / FOLDER
    for left in list_jobs(folder):
        if left.state().ended:
            _remove(left)
    job = create_job(folder, spec, name)
    launch(job)
    return job


def end_trial(job: JobFolder) -> None:
    """Remove a trial that has ended; one that broke off stays until the next trial, with its log."""
    if job.path.parent.name != FOLDER:
        return
    state = job.state()
    if state.status in ("done", "stopped") or (state.status == "failed" and state.hint):
        _remove(job)


def _remove(job: JobFolder) -> None:
    disown(job)
    shutil.rmtree(job.path, ignore_errors=True)
