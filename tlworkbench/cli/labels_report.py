"""What the `labels` commands print: the labels with their counts, and the latest edits."""

from typing import TYPE_CHECKING, Any

from tlworkbench.cli.output import emit, table

if TYPE_CHECKING:
    from tlworkbench.workspace import Workspace


def report_labels(workspace: "Workspace", as_json: bool, said: list[str] | None = None, **more: Any) -> None:
    """Print counts and the latest edits, after the lines `said`; with --json `more` is beside them."""
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
            *(said or []),
            *table(("label", "rows"), [(name, str(count)) for name, count in counts.items()], right=(1,)),
            f"{journal.edit_count} edits",
            *(f"  {edit['text']}  ({edit['who']}, {edit['means']}, {edit['state']})" for edit in edits[:5]),
        ],
    )
