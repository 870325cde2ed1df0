"""What a training run is to do, made complete before it starts."""

from pathlib import Path

import msgspec

from tlworkbench.errors import UsageError, UserError
from tlworkbench.jobs.spec import TrainSpec
from tlworkbench.jobs.spec_text import load_spec, with_settings
from tlworkbench.workspace import Workspace


def training_spec(workspace: Workspace, job_file: Path | None, assignments: tuple[str, ...]) -> TrainSpec:
    """What to train: a job file's settings or the defaults, changed by `key=value`s, on the labels as they are now."""
    if job_file is not None:
        loaded = load_spec(job_file)
        if not isinstance(loaded, TrainSpec):
            raise UserError(f"{job_file} is no training job", 'It needs kind = "train".')
        spec = loaded
    else:
        spec = TrainSpec(model=workspace.info.model)
    spec = with_settings(spec, assignments)
    if not spec.model:
        raise UsageError("no model is chosen", "Add --model bundled, or see: tlworkbench models.")
    if spec.journal_version is None:
        spec = msgspec.structs.replace(spec, journal_version=workspace.journal().version)
    return spec
