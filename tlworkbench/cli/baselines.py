"""`evaluate --baselines`: what a run's figures will be held against."""

from pathlib import Path
from typing import Any

import msgspec

from tlworkbench.cli.output import emit, table
from tlworkbench.cli.running import run_job
from tlworkbench.jobs.baseline_words import figure
from tlworkbench.jobs.events import Baseline
from tlworkbench.jobs.folder import find_job
from tlworkbench.jobs.prepare import training_spec
from tlworkbench.jobs.spec import BaselineSpec, TrainSpec
from tlworkbench.workspace import Workspace


def tell_baselines(workspace: Workspace, run: str | None, model: str | None, max_rows: int, as_json: bool) -> None:
    """Measure them for a run's settings, else for `model` or the chosen one, and print them."""
    file = find_job(workspace.jobs_dir, run, "train").spec_file if run else None
    given = {"model": model, "max_eval_rows": max_rows or None}
    spec = training_spec(workspace, file, tuple(f"{key}={value}" for key, value in given.items() if value is not None))
    _, result = run_job(workspace, BaselineSpec(run=spec), Path(spec.model).name)
    emit(result, as_json, lambda: _lines(spec, result))


def lines_of(result: dict[str, Any]) -> list[Baseline]:
    """The baselines in a job's result."""
    return msgspec.convert(result.get("baselines", []), list[Baseline])


def _lines(spec: TrainSpec, result: dict[str, Any]) -> list[str]:
    rows = [(line.name, figure(line), figure(line, "accuracy"), line.words) for line in lines_of(result)]
    return [
        f"{spec.model} before any training, on {result['eval_rows']} validation rows",
        *table(("", "macro-F1", "accuracy", ""), rows, right=(1, 2)),
    ]
