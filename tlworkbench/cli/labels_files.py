"""`labels export` and `labels import`: labels out to files and back in."""

from pathlib import Path

import click
import msgspec

from tlworkbench.cli.labels_report import report_labels
from tlworkbench.cli.output import emit, json_option
from tlworkbench.cli.running import workspace_of
from tlworkbench.errors import UsageError


@click.command("export")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--marks", is_flag=True, help="A table for labels import instead: key, text, label, marks, note.")
@click.option("--without-excluded", is_flag=True, help="Leave excluded rows out.")
@click.option("--copy", is_flag=True, help="From the workspace's rows, without a look at the source.")
@json_option
@click.pass_context
def export_(context: click.Context, file: Path, marks: bool, without_excluded: bool, copy: bool, as_json: bool) -> None:
    """Give the dataset back as FILE (.csv, .tsv, .jsonl, .parquet): its own columns, the labels as they are now."""
    workspace = workspace_of(context)
    if marks:
        from tlworkbench.data.label_files import export_marks

        if without_excluded:
            raise UsageError("--marks has every row, with its exclusion beside it", "Leave --without-excluded away.")
        rows = export_marks(workspace.rows(), workspace.labelling(), file)
        emit({"file": str(file), "rows": rows}, as_json, lambda: [f"{rows} rows written to {file}"])
        return
    from tlworkbench.data.labelling import Labelling
    from tlworkbench.data.write_back import write_back

    info = workspace.info
    why = "written from the workspace's rows, as told" if copy else ""
    if info.split:
        why = why or f"only {info.split} of the source was opened"
    opened = workspace.rows()
    labelling = Labelling(opened, workspace.journal(opened))
    report = write_back(opened, labelling, file, without_excluded=without_excluded, copy=why)
    said = f"{report.rows} rows written to {file}, {report.relabelled} with another label than the source's"
    kept = f"the same values as the source ({report.why_not_exact})"
    emit(
        {"file": str(file), **msgspec.structs.asdict(report)},
        as_json,
        lambda: [
            said,
            *([f"{report.left_out} excluded rows left out"] if report.left_out else []),
            kept if report.why_not_exact else "all else as in the source, byte for byte",
        ],
    )


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--unmatched", type=click.Path(path_type=Path), help="Write the records that found no row to this file (.csv …)."
)
@json_option
@click.pass_context
def import_(context: click.Context, file: Path, unmatched: Path | None, as_json: bool) -> None:
    """Take labels, marks and notes from FILE in one edit; rows are matched by key, else by their text."""
    from tlworkbench.data.label_files import import_labels

    workspace = workspace_of(context)
    rows = workspace.rows()
    report = import_labels(rows, workspace.journal(rows), file, unmatched)
    said = [
        f"{report.matched} of {report.records} records found their row ({report.by_text} by text),"
        f" {report.changed} rows changed"
    ]
    if report.added_labels:
        said.append(f"new labels: {', '.join(report.added_labels)}")
    if report.unmatched:
        some = ", ".join(map(str, report.unmatched_lines))
        more = " …" if report.unmatched > len(report.unmatched_lines) else ""
        said.append(f"{report.unmatched} found no row: line {some}{more}")
        said.append(f"they are in {unmatched}" if unmatched else "write them to a file with --unmatched FILE")
    report_labels(workspace, as_json, said, imported=report)


@click.command("salvage")
@json_option
@click.pass_context
def salvage_(context: click.Context, as_json: bool) -> None:
    """Save what can still be read of a damaged journal into a new one; the damaged file is kept beside it."""
    from tlworkbench.data.journal_salvage import salvage

    saved = salvage(workspace_of(context).labels_file)
    lost = f"parts of {', '.join(saved.unreadable)} could not be read" if saved and saved.unreadable else "nothing lost"
    emit(
        {"salvaged": saved},
        as_json,
        lambda: (
            [f"{saved.edits} edits of {saved.rows} rows saved; {lost}", f"the damaged file: {saved.kept}"]
            if saved
            else ["the journal is not damaged; nothing was changed"]
        ),
    )
