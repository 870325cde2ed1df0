"""Where the loop stands: what the status strip on top of every screen says."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from tlworkbench.jobs.folder import JobFolder
from tlworkbench.jobs.run_state import RunState
from tlworkbench.workspace import Workspace

GLYPHS = {
    "queued": "…",
    "starting": "▶",
    "running": "▶",
    "stopping": "▶",
    "done": "✓",
    "stopped": "■",
    "failed": "✗",
    "lost": "?",
    "interrupted": "?",
    "stalled": "!",
}
"""Sign of a job's status, beside its word wherever there is room for one."""


@dataclass(frozen=True)
class Standing:
    """One value for the whole strip; see `Workbench.stands`."""

    workspace: str
    model: str = ""
    """Chosen model, as short as it can be said."""
    rows: int | None = None
    """Rows of the dataset; None where there is none."""
    edits: int = 0
    run: str = ""
    """Number of the training run that runs, or else the last one."""
    run_status: str = ""
    share: float = 0.0
    seconds_left: float = 0.0
    variant: str = ""
    """Variant that Predict uses."""
    proved: bool | None = None
    """Whether its export was found equal to torch; None where unknown."""


def in_front(runs: Sequence[tuple[JobFolder, RunState]]) -> tuple[JobFolder, RunState]:
    """Of runs, newest first, the one that matters now: the one that runs, else the newest that does not wait."""
    at_work = [pair for pair in runs if not pair[1].ended and pair[1].status != "queued"]
    begun = [pair for pair in runs if pair[1].status != "queued"]
    return (at_work or begun or runs)[0]


def of_run(job: JobFolder, state: RunState) -> dict[str, object]:
    """The fields of a `Standing` that tell of a training run."""
    left = state.steps[-1].seconds_left if state.steps and not state.ended else 0.0
    # No finer than it is shown: what differs is painted again.
    share, left = round(state.share, 2), float(round(left))
    return {"run": job.run, "run_status": state.status, "share": share, "seconds_left": left}


def short_model(model: str) -> str:
    """A model as the strip names it: the last part of a folder or a Hub id."""
    return "all-MiniLM-L6-v2" if model == "bundled" else model.rstrip("/").rpartition("/")[2]


def of_disk(workspace: Workspace) -> dict[str, object]:
    """The fields that the workspace's files tell: rows, edits, the last bundle. Opens them; for a thread."""
    fields: dict[str, object] = {}
    if workspace.has_rows:
        rows = workspace.rows()
        with workspace.journal(rows) as journal:
            fields |= {"rows": len(rows), "edits": journal.edit_count}
    for report in sorted(workspace.jobs_dir.glob("*/bundle/report.json"), reverse=True):
        content = msgspec.json.decode(report.read_bytes())
        fields |= {"variant": str(content.get("default", "")), "proved": content.get("verdict") == "ready"}
        break
    return fields
