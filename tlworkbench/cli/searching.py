"""`train --search`: learning rates and numbers of epochs tried in short runs, and the best of them offered."""

from pathlib import Path
from typing import Any

from tlworkbench.cli.output import emit, table
from tlworkbench.cli.running import result_of, run_job, watch
from tlworkbench.errors import UsageError, UserError
from tlworkbench.jobs.folder import JobFolder
from tlworkbench.jobs.launch import launch
from tlworkbench.jobs.queue import at_work
from tlworkbench.jobs.search_plan import METRIC_WORDS
from tlworkbench.jobs.setting_text import text_of
from tlworkbench.jobs.spec import SearchSpec, TrainSpec
from tlworkbench.workspace import Workspace


def search(workspace: Workspace, spec: TrainSpec, minutes: float, as_json: bool) -> int:
    """Search for the settings of `spec` and print the table; the exit status."""
    if spec.strategy == "head":
        raise UsageError("--strategy head has neither learning rate nor epochs to search", "Leave out one of the two.")
    _refuse_beside_a_run(workspace.jobs_dir)
    _, result = run_job(workspace, SearchSpec(run=spec, minutes=minutes), Path(spec.model).name)
    emit(result, as_json, lambda: search_lines(result))
    return 0


def resume_search(job: JobFolder, as_json: bool) -> None:
    """Go on with the trials of a search that was stopped."""
    _refuse_beside_a_run(job.path.parent)
    launch(job)
    result = result_of(job, watch(job))
    emit(result, as_json, lambda: search_lines(result))


def search_lines(result: dict[str, Any]) -> list[str]:
    """The trials as a table, what was tried and left, and how to take the best."""
    if not result.get("trials"):
        return ["stopped before the first trial had ended"]
    head = ("learning rate", "epochs", "macro-F1", "accuracy", "loss", "seconds")
    rows = [
        (
            text_of(trial["learning_rate"]),
            f"{trial['epochs']:g}",
            *(
                (trial["lost"], "", "")
                if trial["lost"]
                else (f"{trial['macro_f1']:.3f}", f"{trial['accuracy']:.3f}", f"{trial['loss']:.3f}")
            ),
            f"{trial['seconds']:.0f}",
        )
        for trial in result["trials"]
    ]
    lines = [*table(head, rows, right=(0, 1, 2, 3, 4, 5)), result["words"]]
    if result["status"] == "stopped":
        lines.append(f"go on with: tlworkbench resume {result['run']}")
    if best := result["best"]:
        rate, epochs = text_of(best["learning_rate"]), f"{best['epochs']:g}"
        metric = METRIC_WORDS[result["metric"]]
        lines += [
            f"best {metric}: {rate} × {epochs}; on {result['validation_rows']} rows accuracies within "
            f"{result['chance']:.3f} of each other may be chance",
            f"next: tlworkbench train --set learning_rate={rate} --epochs {epochs}",
        ]
    return lines


def _refuse_beside_a_run(jobs_dir: Path) -> None:
    if run := at_work(jobs_dir):
        raise UserError(
            f"run {run} takes this machine's time: a search beside it would measure that",
            f"Let it end, or stop it: tlworkbench stop {run}.",
        )
