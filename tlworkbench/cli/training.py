"""`train` and `evaluate`."""

from pathlib import Path
from typing import Any

import click

from tlworkbench.catalog.resolve import model_reference
from tlworkbench.cli.baselines import lines_of
from tlworkbench.cli.output import emit, json_option, table
from tlworkbench.cli.running import run_job, standing_of, start_job, workspace_of
from tlworkbench.errors import UsageError
from tlworkbench.jobs.baseline_words import said
from tlworkbench.jobs.prepare import training_spec
from tlworkbench.jobs.spec import EvaluateSpec, LrFindSpec, TrainSpec


class _WithFields(click.Command):
    """Its help ends with all that `--set` takes."""

    def format_epilog(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the fields of a training job with their defaults."""
        from tlworkbench.jobs.spec_fields import spec_fields

        with formatter.section("Fields for --set and JOB.toml"):
            formatter.write_dl(
                [
                    (field.name, field.help.replace("`", "") + (f" [{field.default}]" if field.default else ""))
                    for field in spec_fields(TrainSpec)
                ]
            )


@click.command(cls=_WithFields)
@click.argument("job", required=False, type=click.Path(path_type=Path))
@click.option("--model", help="bundled, a folder, a Hub id on this machine, or a run; the chosen one if absent.")
@click.option("--strategy", type=click.Choice(["full", "lora", "head"]), help="Which weights learn.")
@click.option("--epochs", type=float, help="Passes over the training rows.")
@click.option(
    "--set", "settings", multiple=True, metavar="K=V", help="A field of job.toml, e.g. class_weights=auto; see below."
)
@click.option("--find-lr", is_flag=True, help="Train nothing yet: try rising learning rates and suggest one.")
@click.option(
    "--search", is_flag=True, help="Train nothing yet: try learning rates × epochs in short runs, tell the best."
)
@click.option(
    "--minutes", type=click.FloatRange(0, min_open=True), default=10.0, help="Time for --search; 10 if absent."
)
@click.option("--check", is_flag=True, help="Start nothing: tell what the run would do, and what speaks against it.")
@click.option("--detach", is_flag=True, help="Start the run, or queue it, and return; see: tlworkbench follow.")
@json_option
@click.pass_context
def train(
    context: click.Context,
    job: Path | None,
    model: str | None,
    strategy: str | None,
    epochs: float | None,
    settings: tuple[str, ...],
    find_lr: bool,
    search: bool,
    minutes: float,
    check: bool,
    detach: bool,
    as_json: bool,
) -> int:
    """Fine-tune a model on the labelled rows; with JOB.toml repeat a run. It waits while another one runs."""
    workspace = workspace_of(context)
    model = model_reference(model, workspace.jobs_dir) if model else None
    given = {"model": model, "strategy": strategy, "epochs": epochs}
    assignments = (*(f"{key}={value}" for key, value in given.items() if value is not None), *settings)
    spec = training_spec(workspace, job, assignments)
    if check:
        from tlworkbench.cli.preflight import tell_ahead

        return tell_ahead(workspace, spec, as_json)
    if search:
        from tlworkbench.cli.searching import search as search_settings

        return search_settings(workspace, spec, minutes, as_json)
    if find_lr:
        if spec.strategy == "head":
            raise UsageError("--strategy head has no learning rate to find", "Leave out one of the two.")
        _, found = run_job(workspace, LrFindSpec(run=spec), Path(spec.model).name)
        emit(found, as_json, lambda: _rate_lines(found))
        return 0
    if detach:
        run = start_job(workspace, spec, Path(spec.model).name)
        words = standing_of(run)
        emit(
            {"run": run.run, "status": "running" if words == "started" else "queued"},
            as_json,
            lambda: [f"run {run.run} {words}; watch it: tlworkbench follow {run.run}"],
        )
        return 0
    run, result = run_job(workspace, spec, Path(spec.model).name)
    emit(result, as_json, lambda: _train_lines(result))
    return 0


@click.command()
@click.argument("run", required=False)
@click.option("--model", help="A checkpoint instead of a run: bundled, a folder or a Hub id on this machine.")
@click.option("--split", type=click.Choice(["train", "validation", "test"]), default="validation", show_default=True)
@click.option("--max-rows", default=0, help="Measure on so many rows; 0 takes all.")
@click.option(
    "--baselines", is_flag=True, help="Before training: majority class, the model as it is, its head fitted alone."
)
@json_option
@click.pass_context
def evaluate(
    context: click.Context,
    run: str | None,
    model: str | None,
    split: Any,
    max_rows: int,
    baselines: bool,
    as_json: bool,
) -> None:
    """Measure RUN (the latest one if absent) on a split of the labelled rows."""
    workspace = workspace_of(context)
    if baselines:
        from tlworkbench.cli.baselines import tell_baselines

        if split != "validation":
            raise UsageError("--baselines are measured on validation, as runs are", "Leave out --split.")
        reference = model_reference(model, workspace.jobs_dir) if model else None
        return tell_baselines(workspace, run, reference, max_rows, as_json)
    from tlworkbench.jobs.choose import trained_run

    name = model_reference(model, workspace.jobs_dir) if model else trained_run(workspace.jobs_dir, run).run
    spec = EvaluateSpec(model=name, split=split, max_rows=max_rows, journal_version=workspace.journal().version)
    _, result = run_job(workspace, spec, Path(name).name)
    emit(result, as_json, lambda: _metric_lines(result))
    return None


def _rate_lines(result: dict[str, Any]) -> list[str]:
    if "curve" not in result:
        return ["stopped before it could tell"]
    rate = result["suggestion"]
    if rate is None:
        return ["no learning rate made the loss fall: look at the labels, or try another model"]
    return [
        f"the loss falls fastest at {result['steepest']:.1e} and is lowest at {result['lowest_loss_at']:.1e}",
        f"next: tlworkbench train --set learning_rate={rate:.1e}",
    ]


def _train_lines(result: dict[str, Any]) -> list[str]:
    best = result.get("best") or {}
    lines = [f"run {result['run']} {result['status']}"]
    if best:
        lines.append(f"best: macro-F1 {best['macro_f1']:.3f}, accuracy {best['accuracy']:.3f}")
    if against := lines_of(result):
        lines.append(f"against: {said(against)}")
    if result["status"] == "stopped":
        lines.append(f"go on with: tlworkbench resume {result['run']}")
    elif best:
        lines.append(f"next: tlworkbench export {result['run']}")
    return lines


def _metric_lines(result: dict[str, Any]) -> list[str]:
    rows = [
        (figures["name"], *(f"{figures[key]:.3f}" for key in ("precision", "recall", "f1")), str(figures["rows"]))
        for figures in result["per_class"]
    ]
    return [
        f"macro-F1 {result['macro_f1']:.3f}  accuracy {result['accuracy']:.3f}  on {result['rows']} rows",
        *table(("class", "precision", "recall", "F1", "rows"), rows, right=(1, 2, 3, 4)),
    ]
