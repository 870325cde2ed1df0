"""Opening a dataset from the Data screen: ask, import in a job, show the first rows meanwhile."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from textual.content import Content

from tlworkbench.data.part_file import PART_NAME, read_part
from tlworkbench.data.rows import Rows
from tlworkbench.data.source import absolute_source, resolve_source
from tlworkbench.errors import UserError
from tlworkbench.jobs.folder import JobFolder
from tlworkbench.jobs.run_state import RunState
from tlworkbench.jobs.spec import ImportSpec
from tlworkbench.tui.messages import JobUpdated
from tlworkbench.tui.screens.confirm import Confirm
from tlworkbench.tui.screens.open_dataset import ask_for_dataset
from tlworkbench.tui.text import clean, cut, percent, thousands

if TYPE_CHECKING:
    from tlworkbench.tui.app import Workbench

FIRST_ROWS = 1000
"""Rows of a running import that can be looked at."""


def progress_line(job: JobFolder, state: RunState) -> Content:
    """How far an import is."""
    progress = state.progress
    if state.status == "stopping":
        told = "stopping"
    elif progress is None:
        told = "starting"
    else:
        total = f" of {thousands(progress.total)}" if progress.total else ""
        share = f" · {percent(progress.done / progress.total)}" if progress.total else ""
        told = f"{cut(clean(progress.what), 60)} · {thousands(progress.done)}{total} {clean(progress.unit)}{share}"
    return Content.assemble(("▶ ", "$primary"), (told, "$primary"))


class Importing:
    """Follows the newest import of the workspace. `first_rows`, `progress` and `complete` are what the screen shows."""

    def __init__(
        self,
        app: "Workbench",
        first_rows: Callable[[Rows], None],
        progress: Callable[[Content | None], None],
        complete: Callable[[], None],
    ) -> None:
        self._app = app
        self._first_rows, self._progress, self._complete = first_rows, progress, complete
        self._seen = 0
        self._told: set[int] = set()
        """Imports that this screen saw running, so that it tells of their end."""

    async def ask(self) -> None:
        """Ask what to open, and whether other rows may go for it."""

        def answered(source: str | None) -> None:
            if source is not None:
                with self._app.reporting():
                    self.open(absolute_source(source))

        await self._app.push_screen(ask_for_dataset(self._app.workspace.info.source), answered)

    def open(self, source: str) -> None:
        """Import `source` into the workspace; raises UserError."""
        if any(job.kind == "import" for job in self._app.jobs.running()):
            raise UserError("a dataset is being imported already", "Wait for it to end.")
        resolve_source(source)
        workspace = self._app.workspace
        before = workspace.info.source
        if not workspace.has_rows or before == source:
            self._start(source)
            return
        question = Confirm(
            "Replace the rows of this workspace?",
            f"They come from {before or 'elsewhere'}. Labels of rows that are in both are kept."
            f" For a workspace of its own leave and type: tlworkbench open {source}",
            "replace",
            "stay",
        )
        self._app.push_screen(question, lambda yes: self._confirmed(source) if yes else None)

    def _confirmed(self, source: str) -> None:
        with self._app.reporting():
            self._start(source)

    def _start(self, source: str) -> None:
        info = self._app.workspace.info
        # The same source again is read as it was told to be read the first time.
        spec = (
            ImportSpec(source=source, text=info.text, label=info.label, split=info.split, validation=info.validation)
            if source == info.source
            else ImportSpec(source=source)
        )
        job = self._app.jobs.start(spec, Path(source).stem)
        self._told.add(job.number)
        self._progress(Content.styled("▶ starting", "$primary"))

    def updated(self, update: JobUpdated) -> None:
        """A job's state changed; only the newest import is of interest."""
        job, state = update.job, update.state
        if job.kind != "import" or job.number < self._seen:
            return
        self._seen = job.number
        if not state.ended:
            self._told.add(job.number)
            if not self._app.workspace.has_rows and (rows := read_part(job.path / PART_NAME, FIRST_ROWS)) is not None:
                self._first_rows(rows)
            self._progress(progress_line(job, state))
            return
        self._progress(None)
        if state.status == "done":
            self._remember(job)
        self._complete()
        if job.number in self._told:
            self._told.discard(job.number)
            self._tell(state)

    def _remember(self, job: JobFolder) -> None:
        spec = job.spec()
        if isinstance(spec, ImportSpec) and self._app.workspace.info.source != spec.source:
            self._app.workspace.update(
                source=spec.source, text=spec.text, label=spec.label, split=spec.split, validation=spec.validation
            )

    def _tell(self, state: RunState) -> None:
        if state.status == "done":
            notes = "\n".join(clean(note.text) for note in state.notes)
            doubtful = any(note.level == "warning" for note in state.notes)
            self._app.notify(
                notes,
                title=clean(state.what),
                severity="warning" if doubtful else "information",
                timeout=12,
                markup=False,
            )
        elif state.status == "stopped":
            self._app.notify("The import was stopped; the workspace is as it was.", markup=False)
        else:
            self._app.report(UserError(state.what, state.hint), title="The import failed")
