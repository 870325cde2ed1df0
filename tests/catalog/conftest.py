"""What the catalog's tests stand on: a Hugging Face cache and runs, made by hand."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fake_hub import Files, commit_of
from tests.tiny_model import model_files, write
from tlworkbench import paths
from tlworkbench.jobs.folder import JobFolder, create_job
from tlworkbench.jobs.spec import TrainSpec
from tlworkbench.jobs.state import JobState, Status, write_state

Cached = Callable[..., Path]
Trained = Callable[..., JobFolder]


@pytest.fixture
def cached() -> Cached:
    """Put a revision of a model into the Hugging Face cache; returns its snapshot."""

    def cached(id: str, files: Files | None = None, ref: str = "main") -> Path:
        folder = paths.hub_cache_dir() / ("models--" + id.replace("/", "--"))
        files = model_files(note=id + ref) if files is None else files
        snapshot = write(folder / "snapshots" / commit_of(files), files)
        if ref:
            write(folder / "refs", {ref: snapshot.name.encode()})
        return snapshot

    return cached


@pytest.fixture
def trained(jobs_dir: Path) -> Trained:
    """Put a training run into the workspace; `files` are those of its model."""

    def trained(status: Status = "done", files: Files | None = None, model: str = "bundled") -> JobFolder:
        job = create_job(jobs_dir, TrainSpec(model=model), "a run")
        write_state(job.state_file, JobState(status=status))
        write(job.model_dir, model_files() if files is None else files)
        return job

    return trained


@pytest.fixture
def jobs_dir(tmp_path: Path) -> Path:
    return tmp_path / "workspace" / "jobs"
