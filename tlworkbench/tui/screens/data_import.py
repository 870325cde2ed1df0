"""Opening a dataset from the Data screen: ask, import in a job, show meanwhile what there is of it."""

from textual import on
from textual.content import Content
from textual.widgets import Static

from tlworkbench.data.source import absolute_source, resolve_source
from tlworkbench.errors import UserError
from tlworkbench.jobs.run_state import RunState
from tlworkbench.jobs.spec import ImportSpec
from tlworkbench.tui.dataset.importing import Importing, RowsSeen
from tlworkbench.tui.dataset.opened import Opened
from tlworkbench.tui.messages import JobUpdated
from tlworkbench.tui.screens.confirm import Confirm
from tlworkbench.tui.screens.data_rows import RowsScreen
from tlworkbench.tui.screens.open_dataset import ask_for_dataset
from tlworkbench.tui.widgets.import_line import import_line

NO_DATASET = Content.assemble(
    ("No dataset yet\n\n", "bold $foreground"),
    ("i", "bold $accent"),
    " opens one: a file, a folder or a Hub id\n",
    ("?", "bold $accent"),
    " lists all keys",
)
_KEYS = [("esc", "stop the import"), ("↑ ↓", "look about"), (":", "jump"), ("d", "detail"), ("?", "keys")]


class ImportingScreen(RowsScreen):
    """Shows the rows of an import that still runs where there are no others; they can be looked at only."""

    def __init__(self) -> None:
        super().__init__()
        self._import_state: RunState | None = None

    def on_mount(self) -> None:
        """Begin to follow imports. Textual calls this beside a subclass's own `on_mount`."""
        self._importing = Importing(self.workbench, self._panes, self._import_changed)
        self._show_progress()

    def _reopen(self) -> None:
        """Show the file of rows where it is another one than before."""
        raise NotImplementedError

    def _show_something(self, rows: bool) -> None:
        """Show the panes, or what stands there while there are no rows."""
        raise NotImplementedError

    def job_updated(self, update: JobUpdated) -> None:
        """An import goes on."""
        with self.workbench.reporting():
            self._importing.updated(update)

    def keys_now(self) -> list[tuple[str, str]] | None:
        """Rows that are still imported can be looked at only."""
        return _KEYS if self._panes.first is not None else super().keys_now()

    def _data(self) -> Opened:
        if self._opened is None and self._panes.first is not None:
            raise UserError(
                "these rows are still being imported: they can be looked at only",
                "Labels can be set as soon as all rows are there; esc stops the import.",
            )
        return super()._data()

    def on_resize(self) -> None:
        """The progress is as wide as the screen."""
        self._show_progress()

    def _begin(self) -> None:
        """After the first paint: what was asked for when the program was started."""
        self._reopen()
        spec, self.workbench.opening = self.workbench.opening, None
        if spec is not None:
            with self.workbench.reporting():
                self._import(spec)

    async def action_open(self) -> None:
        def answered(source: str | None) -> None:
            if source is not None:
                with self.workbench.reporting():
                    self._import(self._spec(absolute_source(source)))

        await self.app.push_screen(ask_for_dataset(self.workbench.workspace.info.source), answered)

    def _spec(self, source: str) -> ImportSpec:
        info = self.workbench.workspace.info
        if source != info.source:
            return ImportSpec(source=source)
        # The same source again is read as it was told to be read the first time.
        return ImportSpec(source=source, text=info.text, label=info.label, split=info.split, validation=info.validation)

    def _import(self, spec: ImportSpec) -> None:
        """Import into the workspace, and ask first whether other rows may go for it. Raises UserError."""
        if any(job.kind == "import" for job in self.workbench.jobs.running()):
            raise UserError("a dataset is being imported already", "Wait for it to end, or stop it with esc.")
        resolve_source(spec.source)
        workspace = self.workbench.workspace
        before = workspace.info.source
        if not workspace.has_rows or before == spec.source:
            self._importing.start(spec)
            return
        question = Confirm(
            "Replace the rows of this workspace?",
            f"They come from {before or 'elsewhere'}. Labels of rows that are in both are kept."
            f" For a workspace of its own leave and type: tlworkbench open {spec.source}",
            "replace",
            "stay",
        )

        def decided(yes: bool | None) -> None:
            if yes:
                with self.workbench.reporting():
                    self._importing.start(spec)

        self.app.push_screen(question, decided)

    def _nothing_to_clear(self) -> None:
        self._importing.stop()

    def _import_changed(self, state: RunState) -> None:
        self._import_state = None if state.ended else state
        self._show_progress()
        if state.ended:
            self._reopen()
            if self._opened is None:
                self._panes.forget_first()
                self.query_one("#nothing", Static).update(NO_DATASET)
            self.refresh_bindings()

    def _show_progress(self) -> None:
        line = self.query_one("#progress", Static)
        line.display = self._import_state is not None
        if self._import_state is not None:
            line.update(import_line(self._import_state, self.size.width - 2))
            self.query_one("#nothing", Static).update(Content("The first rows are on their way"))

    @on(RowsSeen)
    def _rows_seen(self, event: RowsSeen) -> None:
        before = self._panes.first
        if self._opened is None and self._importing.running and (before is None or len(before) < len(event.rows)):
            self._show_something(True)
            self._panes.show_first(event.rows)
            if before is None:
                self.refresh_bindings()
