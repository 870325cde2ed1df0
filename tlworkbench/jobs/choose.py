"""Which run a command or a screen means when none, or only a number, is given."""

from pathlib import Path

from tlworkbench.errors import UserError
from tlworkbench.jobs.folder import JobFolder, find_job, list_jobs


def trained_run(jobs_dir: Path, run: str | None) -> JobFolder:
    """The training run with that number, else the latest that left a model."""
    if run:
        job = find_job(jobs_dir, run, "train")
        if not has_model(job):
            raise UserError(f"run {job.run} has no model yet ({job.state().status})", "Let it end, or resume it.")
        return job
    for job in reversed(list_jobs(jobs_dir, "train")):
        if has_model(job):
            return job
    raise UserError(
        "no run of this workspace has ended with a model",
        "Train one: tlworkbench train. What it starts from: tlworkbench evaluate --baselines.",
    )


def exported_run(jobs_dir: Path, run: str | None) -> JobFolder:
    """The training run with that number, else the latest that has a bundle."""
    if run:
        job = find_job(jobs_dir, run, "train")
        if not has_bundle(job):
            raise UserError(f"run {job.run} is not exported", f"Export it: tlworkbench export {job.run}.")
        return job
    for job in reversed(list_jobs(jobs_dir, "train")):
        if has_bundle(job):
            return job
    raise UserError("no run of this workspace is exported", "Train and export one: tlworkbench train, then export.")


def has_model(job: JobFolder) -> bool:
    """Whether a run left a trained model."""
    return (job.model_dir / "config.json").is_file()


def has_bundle(job: JobFolder) -> bool:
    """Whether a run was exported; a bundle is put in place only when it is proved."""
    return (job.bundle_dir / "report.json").is_file()
