"""The workspace's import as the screen follows it: start it, look at what there is of it, stop it, tell of its end."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from textual.message import Message
from textual.widget import Widget

from tlworkbench.data.first_look import first_look
from tlworkbench.data.part_file import PART_NAME, read_part
from tlworkbench.data.rows import Rows
from tlworkbench.errors import UserError
from tlworkbench.jobs.folder import JobFolder
from tlworkbench.jobs.run_state import RunState
from tlworkbench.jobs.spec import ImportSpec
from tlworkbench.jobs.starter import read_starter
from tlworkbench.jobs.stop import ask_to_stop, force_stop
from tlworkbench.tui.background import in_background
from tlworkbench.tui.messages import JobUpdated
from tlworkbench.tui.text import clean
from tlworkbench.workspace import remember_current

if TYPE_CHECKING:
    from tlworkbench.tui.app import Workbench

LOOK_SECONDS = 1.0
"""How often what is imported so far is looked at."""
_BROKEN_OFF = ("lost", "interrupted")
PATIENCE_SECONDS = 5.0
"""An import that was asked to stop and has not by then is ended by force."""


@dataclass
class RowsSeen(Message):
    """Rows of an import that still runs can be looked at; goes up to the screen."""

    rows: Rows


class Importing:
    """Follows the newest import of the workspace; `node` gets `RowsSeen`, `changed` hears of every new state.

    The rest is called on the screen's thread.
    """

    def __init__(self, app: "Workbench", node: Widget, changed: Callable[[RunState], None]) -> None:
        self._app, self._node, self._changed = app, node, changed
        self._job: JobFolder | None = None
        self._running = False
        self._unwanted: set[JobFolder] = set()
        """Imports that are to be stopped and have not been asked to yet."""
        self._stopped: set[JobFolder] = set()
        """Those that were."""
        self._gone: set[JobFolder] = set()
        """Stopped ones whose folder was deleted."""
        self._followed: set[JobFolder] = set()
        """Imports that were seen running, so that their end is told."""
        self._looked_at = 0.0
        self._looking = False

    @property
    def running(self) -> bool:
        """Whether rows are being imported at this moment."""
        return self._running

    def start(self, spec: ImportSpec) -> None:
        """Import into the workspace, and show what the source begins with. Raises UserError."""
        workspace = self._app.workspace
        if not workspace.has_rows:
            # So that the next start finds this workspace by its source, whatever happens to this one.
            workspace.update(source=spec.source)
            if not spec.split:
                in_background(self._node, "first look", lambda: self._first_look(spec))
        job = self._app.jobs.start(spec, Path(spec.source).stem)
        self._job, self._running = job, True
        self._followed.add(job)
        # The folder of one that was stopped has gone, and this one may have its name.
        self._stopped.discard(job)
        self._gone.discard(job)
        self._changed(RunState())

    def stop(self) -> None:
        """Stop the import that runs; it leaves nothing behind. Raises UserError where another program waits for it."""
        job = self._job
        if job is None or not self._running or job in self._stopped:
            return
        starter = read_starter(job.path)
        if starter is not None and not starter.here and starter.open:
            raise UserError(f"this import was started by {starter.words}", "Stop it there: ctrl+c.")
        self._unwanted.add(job)
        self._ask_to_stop()

    def updated(self, update: JobUpdated) -> None:
        """A job's state changed; only the newest import is of interest."""
        job, state = update.job, update.state
        if job.kind != "import" or job in self._gone or (self._job is not None and job.number < self._job.number):
            return
        self._job, self._running = job, not state.ended
        if state.ended:
            self._ended(job, state)
            return
        self._followed.add(job)
        self._ask_to_stop()
        if not self._app.workspace.has_rows:
            self._look(job)
        self._changed(state)

    def _ended(self, job: JobFolder, state: RunState) -> None:
        if state.status == "done":
            self._remember(job)
        self._changed(state)
        if job in self._stopped and state.status in ("stopped", *_BROKEN_OFF):
            self._gone.add(job)
            self._app.jobs.forget(job)
            self._app.notify("The import was stopped; everything is as it was.", markup=False)
        else:
            self._tell(job, state)
        self._followed.discard(job)

    def _tell(self, job: JobFolder, state: RunState) -> None:
        """Tell of an end that was seen, and once of one that went wrong while no screen was open."""
        where = self._app.where
        name = f"{job.path.name} {state.started_at:.0f}"
        if job in self._followed:
            where.keep("data", import_told=name)
        elif state.status not in ("failed", *_BROKEN_OFF) or where.of("data").get("import_told") == name:
            return
        else:
            where.keep("data", import_told=name)
        if state.status == "done":
            self._tell_notes(state)
        elif state.status == "stopped":
            self._app.notify("The import was stopped; the workspace is as it was.", markup=False)
        elif state.status in _BROKEN_OFF:
            (job.path / PART_NAME).unlink(missing_ok=True)
            source = _source_of(job)
            self._app.report(
                UserError(f"{source} was not imported to its end: the process was ended", "Press i to open it again."),
                title="The import broke off; the workspace is as it was",
            )
        else:
            self._app.report(UserError(state.what, state.hint), title="The import failed")

    def _tell_notes(self, state: RunState) -> None:
        self._app.notify(
            "\n".join(clean(note.text) for note in state.notes),
            title=clean(state.what),
            severity="warning" if any(note.level == "warning" for note in state.notes) else "information",
            timeout=12,
            markup=False,
        )

    def _remember(self, job: JobFolder) -> None:
        workspace, spec = self._app.workspace, job.spec()
        if isinstance(spec, ImportSpec) and job in self._followed:
            workspace.update(
                source=spec.source, text=spec.text, label=spec.label, split=spec.split, validation=spec.validation
            )
            remember_current(workspace)
        elif isinstance(spec, ImportSpec) and workspace.info.source != spec.source:
            workspace.update(
                source=spec.source, text=spec.text, label=spec.label, split=spec.split, validation=spec.validation
            )

    def _ask_to_stop(self) -> None:
        """Ask as soon as there is a process to ask."""
        job = self._job
        if job in self._unwanted and job is not None and job.state().status == "running":
            self._unwanted.discard(job)
            self._stopped.add(job)
            ask_to_stop(job)
            self._node.set_timer(PATIENCE_SECONDS, lambda: self._force(job))

    def _force(self, job: JobFolder) -> None:
        if not job.state().ended:
            with self._app.reporting():
                force_stop(job)

    def _first_look(self, spec: ImportSpec) -> None:
        try:
            rows = first_look(spec.source, spec.text, spec.label)
        except UserError:
            # The import says what is wrong with the source.
            return
        if rows is not None:
            self._node.post_message(RowsSeen(rows))

    def _look(self, job: JobFolder) -> None:
        """Look at what is there, soon; a look that waits already will see it too."""
        if self._looking:
            return
        self._looking = True
        wait = self._looked_at + LOOK_SECONDS - time.monotonic()
        if wait > 0:
            self._node.set_timer(wait, lambda: self._look_now(job))
        else:
            self._look_now(job)

    def _look_now(self, job: JobFolder) -> None:
        self._looked_at = time.monotonic()

        def look() -> None:
            try:
                rows = read_part(job.path / PART_NAME)
            finally:
                self._looking = False
            if rows is not None:
                self._node.post_message(RowsSeen(rows))

        in_background(self._node, "part file", look)


def _source_of(job: JobFolder) -> str:
    try:
        spec = job.spec()
    except UserError:
        return "the dataset"
    return Path(spec.source).name if isinstance(spec, ImportSpec) else "the dataset"
