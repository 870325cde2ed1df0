"""`runs`, `follow`, `stop`, `resume`: the jobs of a workspace."""

import time
from typing import Any

import click

from tlworkbench.cli.output import emit, json_option, table
from tlworkbench.cli.running import result_of, watch, workspace_of
from tlworkbench.jobs.choose import has_bundle
from tlworkbench.jobs.folder import JobFolder, find_job, list_jobs
from tlworkbench.jobs.follow import read_run
from tlworkbench.jobs.launch import launch
from tlworkbench.jobs.spec import TrainSpec
from tlworkbench.jobs.stop import GRACE_SECONDS, ask_to_stop, force_stop


@click.command()
@click.option("--all", "everything", is_flag=True, help="Imports, exports and fetches too, not only training runs.")
@json_option
@click.pass_context
def runs(context: click.Context, everything: bool, as_json: bool) -> None:
    """The runs of this workspace, oldest first."""
    workspace = workspace_of(context)
    found = [_entry(job) for job in list_jobs(workspace.jobs_dir, "" if everything else "train")]
    emit({"runs": found}, as_json, lambda: _lines(found))


@click.command()
@click.argument("run")
@json_option
@click.pass_context
def follow(context: click.Context, run: str, as_json: bool) -> None:
    """Watch RUN until it ends; the run does not mind being watched."""
    job = find_job(workspace_of(context).jobs_dir, run)
    result = result_of(job, watch(job))
    emit(result, as_json, lambda: [f"run {job.run} {result['status']}"])


@click.command()
@click.argument("run")
@click.option("--force", is_flag=True, help=f"End it by force when it has not left after {GRACE_SECONDS:.0f} seconds.")
@json_option
@click.pass_context
def stop(context: click.Context, run: str, force: bool, as_json: bool) -> None:
    """Ask RUN to finish its step, write a checkpoint and leave."""
    job = find_job(workspace_of(context).jobs_dir, run)
    ask_to_stop(job)
    until = time.monotonic() + GRACE_SECONDS
    while not job.state().ended and time.monotonic() < until:
        time.sleep(0.1)
    if force and not job.state().ended:
        force_stop(job)
        time.sleep(0.2)
    status = job.state().status
    emit({"run": job.run, "status": status}, as_json, lambda: [f"run {job.run} {status}"])


@click.command()
@click.argument("run")
@click.option("--detach", is_flag=True, help="Start it and return.")
@json_option
@click.pass_context
def resume(context: click.Context, run: str, detach: bool, as_json: bool) -> None:
    """Take up a stopped, lost or failed RUN from its last checkpoint."""
    job = find_job(workspace_of(context).jobs_dir, run, "train")
    launch(job)
    result: dict[str, Any] = {"run": job.run, "status": "running"} if detach else result_of(job, watch(job))
    emit(result, as_json, lambda: [f"run {job.run} {result['status']}"])


def _entry(job: JobFolder) -> dict[str, Any]:
    state = read_run(job)
    spec = job.spec()
    best = state.best
    return {
        "run": job.run,
        "kind": job.kind,
        "status": state.status,
        "model": spec.model if isinstance(spec, TrainSpec) else "",
        "metrics": {"macro_f1": best.macro_f1, "accuracy": best.accuracy, "loss": best.loss} if best else None,
        "exported": has_bundle(job),
        "what": state.what,
        "path": str(job.path),
    }


def _lines(found: list[dict[str, Any]]) -> list[str]:
    if not found:
        return ["no run yet; start one: tlworkbench train"]
    rows = [
        (
            entry["run"],
            entry["kind"],
            entry["status"],
            f"{entry['metrics']['macro_f1']:.3f}" if entry["metrics"] else "",
            f"{entry['metrics']['accuracy']:.3f}" if entry["metrics"] else "",
            "yes" if entry["exported"] else "",
            entry["model"],
        )
        for entry in found
    ]
    return table(("run", "kind", "status", "macro-F1", "accuracy", "exported", "model"), rows, right=(3, 4))
