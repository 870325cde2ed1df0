"""`runs`, `follow`, `stop`, `resume`: the jobs of a workspace."""

import sys
import time
from collections.abc import Mapping
from typing import Any

import click

from tlworkbench.cli.output import emit, json_option, table
from tlworkbench.cli.running import result_of, ring, standing_of, watch, workspace_of
from tlworkbench.errors import UserError
from tlworkbench.jobs import starter
from tlworkbench.jobs.choose import has_bundle
from tlworkbench.jobs.condition import condition
from tlworkbench.jobs.folder import JobFolder, find_job, list_jobs
from tlworkbench.jobs.follow import read_run
from tlworkbench.jobs.queue import advance, before, resubmit
from tlworkbench.jobs.run_state import RunState
from tlworkbench.jobs.spec import TrainSpec
from tlworkbench.jobs.stop import GRACE_SECONDS, ask_to_stop, force_stop


@click.command()
@click.argument("compared", nargs=-1, metavar="[RUN]...")
@click.option("--compare", is_flag=True, help="Set RUNs beside the first of them; the last two where none is named.")
@click.option("--all", "everything", is_flag=True, help="Imports, exports and fetches too, not only training runs.")
@json_option
@click.pass_context
def runs(context: click.Context, compared: tuple[str, ...], compare: bool, everything: bool, as_json: bool) -> None:
    """The runs of this workspace, oldest first, each with its state and the reason.

    With --compare: figures, settings, rows and answers of RUNs beside one another.
    """
    workspace = workspace_of(context)
    advance(workspace.jobs_dir)
    if compare:
        from tlworkbench.cli import comparing

        result, lines = comparing.compared(workspace, compared)
        emit(result, as_json, lambda: lines)
        return
    if compared:
        raise click.UsageError(f"to compare {' and '.join(compared)}, say --compare; follow RUN watches one.")
    states = {job: read_run(job) for job in list_jobs(workspace.jobs_dir, "" if everything else "train")}
    found = [_entry(job, states) for job in states]
    emit({"runs": found}, as_json, lambda: _lines(found))


@click.command()
@click.argument("run")
@json_option
@click.pass_context
def follow(context: click.Context, run: str, as_json: bool) -> None:
    """Watch RUN until it ends; the run does not mind being watched, and Ctrl+C ends only the watching."""
    job = find_job(workspace_of(context).jobs_dir, run)
    state = watch(job, may_stop=False)
    ring()
    result = result_of(job, state)
    emit(result, as_json, lambda: [f"run {job.run} {result['status']}"])


@click.command()
@click.argument("run")
@click.option("--force", is_flag=True, help=f"End it by force when it has not left after {GRACE_SECONDS:.0f} seconds.")
@click.option("--yes", is_flag=True, help="Don't ask, whoever started it. Without a terminal nothing is ever asked.")
@json_option
@click.pass_context
def stop(context: click.Context, run: str, force: bool, yes: bool, as_json: bool) -> None:
    """Ask RUN to finish its step, write a checkpoint and leave; one that waits is taken out of the queue.

    Asks first where another person, or another terminal than this one, started it.
    """
    job = find_job(workspace_of(context).jobs_dir, run)
    if not yes and not job.state().ended:
        _ask(job)
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
@click.option("--detach", is_flag=True, help="Start it, or queue it, and return.")
@json_option
@click.pass_context
def resume(context: click.Context, run: str, detach: bool, as_json: bool) -> None:
    """Take up a stopped, lost, interrupted or failed RUN from its last checkpoint; it waits while another one runs."""
    jobs_dir = workspace_of(context).jobs_dir
    if (found := find_job(jobs_dir, run)).kind == "search":
        from tlworkbench.cli.searching import resume_search

        resume_search(found, as_json)
        return
    job = resubmit(find_job(jobs_dir, run, "train"))
    if detach:
        words = standing_of(job)
        status = "running" if words == "started" else "queued"
        emit({"run": job.run, "status": status}, as_json, lambda: [f"run {job.run} {words}"])
        return
    state = watch(job)
    ring()
    result = result_of(job, state)
    emit(result, as_json, lambda: [f"run {job.run} {result['status']}"])


def _ask(job: JobFolder) -> None:
    question = starter.question(job.run, job.path)
    # A script that says stop means it; a person may have mistaken the number.
    if question and sys.stdin.isatty() and sys.stderr.isatty() and not click.confirm(question, err=True):
        raise UserError(f"{job.run} was left alone", "Nothing was stopped.")


def _entry(job: JobFolder, states: Mapping[JobFolder, RunState]) -> dict[str, Any]:
    state = states[job]
    spec = job.spec()
    best = state.best
    ahead = [other.run for other in before(job, states)] if state.status == "queued" else []
    stands = condition(state, time.time(), ahead)
    started = starter.read_starter(job.path)
    return {
        "run": job.run,
        "kind": job.kind,
        "status": stands.word,
        "reason": stands.reason,
        "waits_for": ahead,
        "model": spec.model if isinstance(spec, TrainSpec) else "",
        "metrics": {"macro_f1": best.macro_f1, "accuracy": best.accuracy, "loss": best.loss} if best else None,
        "exported": has_bundle(job),
        "what": state.what,
        "started_by": f"{started.user}@{started.host}" if started else "",
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
            "" if entry["status"] == "done" else entry["reason"],
        )
        for entry in found
    ]
    head = ("run", "kind", "state", "macro-F1", "accuracy", "exported", "model", "why")
    return table(head, rows, right=(3, 4))
