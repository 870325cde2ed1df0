"""`labels`: the label set and the journal."""

import click

from tlworkbench.cli.labels_files import export_, import_
from tlworkbench.cli.labels_report import report_labels
from tlworkbench.cli.output import json_option
from tlworkbench.cli.running import workspace_of
from tlworkbench.errors import UsageError


@click.group(invoke_without_command=True)
@json_option
@click.pass_context
def labels(context: click.Context, as_json: bool) -> None:
    """The labels and every edit made to them. Without a command: show."""
    if context.invoked_subcommand is None:
        report_labels(workspace_of(context), as_json)


@labels.command()
@json_option
@click.pass_context
def show(context: click.Context, as_json: bool) -> None:
    """Labels with their counts, and the latest edits."""
    report_labels(workspace_of(context), as_json)


@labels.command("map")
@click.argument("mapping", nargs=-1, required=True, metavar="OLD=NEW …")
@json_option
@click.pass_context
def map_(context: click.Context, mapping: tuple[str, ...], as_json: bool) -> None:
    """Rename or merge labels in one edit: 1=negative 2=negative 3=neutral; OLD= drops one."""
    workspace = workspace_of(context)
    workspace.journal().map_labels(dict(_pair(pair, "OLD=NEW") for pair in mapping), means="command")
    report_labels(workspace, as_json)


@labels.command("set")
@click.argument("assignments", nargs=-1, required=True, metavar="KEY=LABEL …")
@json_option
@click.pass_context
def set_(context: click.Context, assignments: tuple[str, ...], as_json: bool) -> None:
    """Label rows by key (any unique beginning of it); KEY= takes the label away."""
    workspace = workspace_of(context)
    rows = workspace.rows()
    journal = workspace.journal(rows)
    label_set = journal.label_set()
    resolved = [
        (rows.find_key(key), label_set.index(name) if name else -1)
        for key, name in (_pair(assignment, "KEY=LABEL") for assignment in assignments)
    ]
    for key, label in resolved:
        journal.set_label([key], label, means="command")
    report_labels(workspace, as_json)


@labels.command()
@click.argument("count", default=1)
@json_option
@click.pass_context
def undo(context: click.Context, count: int, as_json: bool) -> None:
    """Take back the last N edits."""
    workspace = workspace_of(context)
    journal = workspace.journal()
    undone = [edit for edit in (journal.undo() for _ in range(count)) if edit is not None]
    report_labels(workspace, as_json, undone=[edit.text for edit in undone])


@labels.command()
@click.argument("count", default=1)
@json_option
@click.pass_context
def redo(context: click.Context, count: int, as_json: bool) -> None:
    """Make N undone edits again."""
    workspace = workspace_of(context)
    journal = workspace.journal()
    redone = [edit for edit in (journal.redo() for _ in range(count)) if edit is not None]
    report_labels(workspace, as_json, redone=[edit.text for edit in redone])


labels.add_command(export_)
labels.add_command(import_)


def _pair(text: str, form: str) -> tuple[str, str]:
    left, equals, right = text.partition("=")
    if not equals or not left:
        raise UsageError(f"'{text}' is not {form}", f"Write each as {form}.")
    return left, right
