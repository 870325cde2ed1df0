"""`labels`: the label set and the journal."""

import click

from tlworkbench.cli.labels_files import export_, import_, salvage_
from tlworkbench.cli.labels_report import STATES, moment, report_labels
from tlworkbench.cli.output import emit, json_option, table
from tlworkbench.cli.running import workspace_of
from tlworkbench.data.rows import key_text
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
@click.argument("mapping", nargs=-1, metavar="OLD=NEW …")
@click.option("--source", "rules", multiple=True, metavar="RULE=NAME", help="Go by the source's values; see below.")
@click.option("--dry-run", is_flag=True, help="With --source: only say what would come of it.")
@json_option
@click.pass_context
def map_(
    context: click.Context, mapping: tuple[str, ...], rules: tuple[str, ...], dry_run: bool, as_json: bool
) -> None:
    """Rename or merge labels in one edit: 1=negative 2=negative 3=neutral; OLD= drops one.

    With --source, once or more, rules give the source's values their labels, whatever those are called now; the first
    that fits counts: a value (3=neutral), a range (1..2=negative, ..3=low, 7..=high), a pattern (re:^neg=negative), or
    the rest (*=other). Without a name they are dropped.
    """
    if bool(mapping) == bool(rules):
        raise UsageError("give either OLD=NEW or --source RULE=NAME", "See: tlworkbench labels map --help")
    workspace = workspace_of(context)
    if mapping:
        if dry_run:
            raise UsageError("--dry-run goes with --source", "Undo takes a map back: tlworkbench labels undo.")
        workspace.journal().map_labels(dict(_pair(pair, "OLD=NEW") for pair in mapping), means="command")
        report_labels(workspace, as_json)
        return
    from tlworkbench.data.label_rules import parse_rule, preview

    parsed = [parse_rule(rule) for rule in rules]
    labelling = workspace.labelling()
    seen = preview(labelling.journal.stored_labels(), *labelling.rows_by_id(), parsed)
    if not dry_run:
        labelling.journal.map_by_rule(parsed)
    said = [
        *table(
            ("source", "rows", "before", "after"),
            [(value.value, str(value.rows), value.before, value.after or "(none)") for value in seen.values],
            right=(1,),
        ),
        *(f"no value fits {rule}" for rule in seen.unused),
        *(["nothing was changed; this is what would be:"] if dry_run else []),
    ]
    if dry_run:
        counts = dict(seen.after)
        result = {"values": seen.values, "counts": counts, "unlabelled": seen.unlabelled, "unused": seen.unused}
        emit(result, as_json, lambda: [*said, *(f"{name}  {rows}" for name, rows in counts.items())])
    else:
        report_labels(workspace, as_json, said, values=seen.values, unused=seen.unused)


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


@labels.command()
@click.argument("key")
@json_option
@click.pass_context
def history(context: click.Context, key: str, as_json: bool) -> None:
    """All that was ever changed in the row KEY (any unique beginning of it): what, when, by whom and how."""
    workspace = workspace_of(context)
    rows = workspace.rows()
    number = rows.find_key(key)
    row = rows.index_of(number)
    assert row is not None
    journal = workspace.journal(rows)
    changes = journal.row_history(number)
    emit(
        {"key": key_text(number), "text": rows.text(row), "note": journal.note(number), "changes": changes},
        as_json,
        lambda: (
            [
                f"{key_text(number)}  {' '.join(rows.text(row).split())[:100]}",
                *table(
                    ("change", "when", "by", "means", ""),
                    [
                        (
                            change.text.replace("\n", " "),
                            moment(change.at),
                            change.who,
                            change.means,
                            STATES[change.state],
                        )
                        for change in changes
                    ],
                ),
            ]
            if changes
            else [f"{key_text(number)} stands as in the source"]
        ),
    )


@labels.command()
@click.argument("key")
@click.argument("text")
@json_option
@click.pass_context
def note(context: click.Context, key: str, text: str, as_json: bool) -> None:
    """Put the note TEXT on the row KEY in place of the one it has; an empty TEXT takes it off."""
    workspace = workspace_of(context)
    rows = workspace.rows()
    number = rows.find_key(key)
    edit = workspace.journal(rows).set_note(number, text, means="command")
    result = {"key": key_text(number), "note": workspace.journal(rows).note(number), "edit": edit}
    emit(result, as_json, lambda: [edit.text if edit else "the note is as it was"])


labels.add_command(export_)
labels.add_command(import_)
labels.add_command(salvage_)


def _pair(text: str, form: str) -> tuple[str, str]:
    left, equals, right = text.partition("=")
    if not equals or not left:
        raise UsageError(f"'{text}' is not {form}", f"Write each as {form}.")
    return left, right
