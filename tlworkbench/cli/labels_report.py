"""What the `labels` commands print: the labels with their counts, and the latest edits."""

import time
from typing import TYPE_CHECKING, Any

from tlworkbench.cli.output import emit, table

if TYPE_CHECKING:
    from tlworkbench.workspace import Workspace

STATES = {"applied": "", "undone": "undone", "abandoned": "undone for good"}
"""What became of an edit, in words."""


def moment(at: float) -> str:
    """A time as a person reads it, in the local zone."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(at))


def report_labels(workspace: "Workspace", as_json: bool, said: list[str] | None = None, **more: Any) -> None:
    """Print counts and the latest edits, after the lines `said`; with --json `more` is beside them."""
    labelling = workspace.labelling()
    journal = labelling.journal
    counts = {
        label.name: int(count) for label, count in zip(labelling.label_set.labels, labelling.counts(), strict=True)
    }
    edits = journal.edits(limit=20)
    result = {
        "counts": counts,
        "edits": journal.edit_count,
        "version": journal.version,
        "latest": edits,
        "unlabelled": labelling.unlabelled,
        **more,
    }
    emit(
        result,
        as_json,
        lambda: [
            *(said or []),
            *table(("label", "rows"), [(name, str(count)) for name, count in counts.items()], right=(1,)),
            *([f"{labelling.unlabelled} rows without a label"] if labelling.unlabelled else []),
            "",
            *table(
                (f"edits: {journal.edit_count}", "when", "by", "means", ""),
                [(edit.text, moment(edit.at), edit.who, edit.means, STATES[edit.state]) for edit in edits[:5]],
            ),
        ],
    )
