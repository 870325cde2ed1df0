"""`open`: import a dataset into a workspace."""

from pathlib import Path
from typing import Any

import click

from tlworkbench.cli.output import emit, json_option, table
from tlworkbench.cli.running import run_job
from tlworkbench.cli.screen import open_screen_importing
from tlworkbench.data.source import absolute_source, resolve_source
from tlworkbench.errors import UsageError, UserError
from tlworkbench.jobs.spec import ImportSpec
from tlworkbench.workspace import Workspace, name_for_source, open_workspace, remember_current, remove_if_unused


@click.command("open")
@click.argument("source")
@click.option("--text", multiple=True, metavar="C", help="Column of the text; several are joined by a line break.")
@click.option("--label", default="", metavar="C", help="Column of the labels.")
@click.option("--split", default="", metavar="EXPR", help="Part to read, as in datasets: train[:1000].")
@click.option("--validation", default=0.2, show_default=True, help="Share cut off where there is no validation split.")
@click.option("--screen", is_flag=True, help="Open the screen at once and import there.")
@json_option
@click.pass_context
def open_(
    context: click.Context,
    source: str,
    text: tuple[str, ...],
    label: str,
    split: str,
    validation: float,
    screen: bool,
    as_json: bool,
) -> None:
    """Import SOURCE: a CSV, TSV, JSONL, Parquet, Arrow or TXT file, a folder of these, or a Hub id.

    Without -w the workspace is named after the source. Opening the same source again keeps all labels. With --screen
    the first rows are there at once, to be looked at while the others come.
    """
    source = absolute_source(source)
    resolve_source(source)  # What is wrong with the path is said at once, before any folder is made.
    spec = ImportSpec(source=source, text=text, label=label, split=split, validation=validation)
    if screen:
        if as_json:
            raise UsageError("--screen and --json exclude each other", "Leave one of them out.")
        open_screen_importing(context.obj or name_for_source(source), spec)
        return
    workspace = open_workspace(context.obj or name_for_source(source), create=True)
    try:
        result = import_into(workspace, spec)
    except (UserError, KeyboardInterrupt):
        remove_if_unused(workspace)
        raise
    emit(result, as_json, lambda: _lines(workspace, result))


def import_into(workspace: Workspace, spec: ImportSpec) -> dict[str, Any]:
    """Import as a job, remember the source, and bring the journal up to the source's labels."""
    if not workspace.has_rows:
        # So that the same command finds this workspace again, whatever happens to this process.
        workspace.update(source=spec.source)
    _, result = run_job(workspace, spec, Path(spec.source).stem)
    if result["status"] == "done":
        workspace.update(
            source=spec.source, text=spec.text, label=spec.label, split=spec.split, validation=spec.validation
        )
        workspace.journal()
        remember_current(workspace)
    return {"workspace": str(workspace.root), **result}


def _lines(workspace: Workspace, result: dict[str, Any]) -> list[str]:
    if result["status"] != "done":
        return [f"import {result['status']}; the workspace is as it was"]
    splits = ", ".join(f"{name} {rows}" for name, rows in result["splits"].items())
    labels = [(name, str(rows)) for name, rows in result["labels"].items()]
    return [
        f"{result['rows']} rows in workspace '{workspace.name}' ({splits})",
        *(table(("label", "rows"), labels, right=(1,)) if labels else []),
    ]
