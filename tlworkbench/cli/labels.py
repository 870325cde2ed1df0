"""`labels`: the label set and the journal."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tlworkbench.cli.output import emit, json_option, table
from tlworkbench.cli.running import workspace_of
from tlworkbench.errors import UsageError

if TYPE_CHECKING:
    from tlworkbench.workspace import Workspace


@click.group(invoke_without_command=True)
@json_option
@click.pass_context
def labels(context: click.Context, as_json: bool) -> None:
    """The labels and every edit made to them. Without a command: show."""
    if context.invoked_subcommand is None:
        _report(workspace_of(context), as_json)


@labels.command()
@json_option
@click.pass_context
def show(context: click.Context, as_json: bool) -> None:
    """Labels with their counts, and the latest edits."""
    _report(workspace_of(context), as_json)


@labels.command("map")
@click.argument("mapping", nargs=-1, required=True, metavar="OLD=NEW …")
@json_option
@click.pass_context
def map_(context: click.Context, mapping: tuple[str, ...], as_json: bool) -> None:
    """Rename or merge labels in one edit: 1=negative 2=negative 3=neutral; OLD= drops one."""
    workspace = workspace_of(context)
    workspace.journal().map_labels(dict(_pair(pair, "OLD=NEW") for pair in mapping), means="command")
    _report(workspace, as_json)


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
    _report(workspace, as_json)


@labels.command()
@click.argument("count", default=1)
@json_option
@click.pass_context
def undo(context: click.Context, count: int, as_json: bool) -> None:
    """Take back the last N edits."""
    workspace = workspace_of(context)
    journal = workspace.journal()
    undone = [edit for edit in (journal.undo() for _ in range(count)) if edit is not None]
    _report(workspace, as_json, undone=[edit.text for edit in undone])


@labels.command()
@click.argument("count", default=1)
@json_option
@click.pass_context
def redo(context: click.Context, count: int, as_json: bool) -> None:
    """Make N undone edits again."""
    workspace = workspace_of(context)
    journal = workspace.journal()
    redone = [edit for edit in (journal.redo() for _ in range(count)) if edit is not None]
    _report(workspace, as_json, redone=[edit.text for edit in redone])


@labels.command("export")
@click.argument("file", type=click.Path(path_type=Path))
@json_option
@click.pass_context
def export_(context: click.Context, file: Path, as_json: bool) -> None:
    """Write every row with its label to FILE (.csv, .jsonl or .parquet)."""
    from tlworkbench.data.label_files import export_labels

    workspace = workspace_of(context)
    rows = export_labels(workspace.rows(), workspace.labelling(), file)
    emit({"file": str(file), "rows": rows}, as_json, lambda: [f"{rows} rows written to {file}"])


@labels.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@json_option
@click.pass_context
def import_(context: click.Context, file: Path, as_json: bool) -> None:
    """Take labels from FILE; rows are matched by key, else by their text."""
    from tlworkbench.data.label_files import import_labels

    workspace = workspace_of(context)
    rows = workspace.rows()
    report = import_labels(rows, workspace.journal(rows), file)
    _report(workspace, as_json, imported=report)


def _pair(text: str, form: str) -> tuple[str, str]:
    left, equals, right = text.partition("=")
    if not equals or not left:
        raise UsageError(f"'{text}' is not {form}", f"Write each as {form}.")
    return left, right


def _report(workspace: "Workspace", as_json: bool, **more: Any) -> None:
    labelling = workspace.labelling()
    journal = labelling.journal
    counts = {
        label.name: int(count) for label, count in zip(labelling.label_set.labels, labelling.counts(), strict=True)
    }
    edits = [
        {"id": edit.id, "at": edit.at, "who": edit.who, "means": edit.means, "state": edit.state, "text": edit.text}
        for edit in journal.edits(limit=20)
    ]
    result = {"counts": counts, "edits": journal.edit_count, "version": journal.version, "latest": edits, **more}
    emit(
        result,
        as_json,
        lambda: [
            *table(("label", "rows"), [(name, str(count)) for name, count in counts.items()], right=(1,)),
            f"{journal.edit_count} edits",
            *(f"  {edit['text']}  ({edit['who']}, {edit['means']}, {edit['state']})" for edit in edits[:5]),
        ],
    )
