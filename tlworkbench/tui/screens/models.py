"""The Models screen: what a training run can start from."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static

from tlworkbench.catalog.bundled import INSTALL
from tlworkbench.catalog.listing import list_models, matches
from tlworkbench.catalog.model_info import ModelInfo
from tlworkbench.catalog.resolve import resolve_model
from tlworkbench.errors import UserError
from tlworkbench.jobs.folder import JobFolder
from tlworkbench.jobs.run_state import RunState
from tlworkbench.jobs.spec import FetchSpec
from tlworkbench.jobs.stop import ask_to_stop
from tlworkbench.tui import actions
from tlworkbench.tui.background import in_background
from tlworkbench.tui.messages import JobUpdated
from tlworkbench.tui.screens.base import WorkbenchScreen
from tlworkbench.tui.screens.models_add import ModelsAdd
from tlworkbench.tui.text import clean
from tlworkbench.tui.widgets.fetch_line import Fetch, FetchLine
from tlworkbench.tui.widgets.filter_field import FilterField
from tlworkbench.tui.widgets.line_list import LineList
from tlworkbench.tui.widgets.model_detail import ModelDetail
from tlworkbench.tui.widgets.model_table import ModelTable

_NONE = f"no model on this machine can be trained\n\n{INSTALL}\nbrings one, or press a to fetch one from the Hub"


@dataclass
class ModelsListed(Message):
    """The machine was looked through; `turn` tells which of several looks this is."""

    turn: int
    models: tuple[ModelInfo, ...]


class ModelsScreen(WorkbenchScreen):
    """Lists models in a thread, marks the chosen one, fetches others as jobs."""

    SCOPE = "models"
    BINDINGS: ClassVar[list[BindingType]] = [*actions.bindings("models")]
    CSS_PATH = "models.tcss"
    AUTO_FOCUS = "ModelTable"

    def __init__(self) -> None:
        super().__init__()
        self._turn = 0
        self._models: tuple[ModelInfo, ...] | None = None
        """None until the machine was looked through once."""
        self._select = ""
        """Id the cursor goes to with the next list."""
        self._fetches: dict[JobFolder, Fetch] = {}
        """Fetches that run or went wrong since this screen opened."""
        self._at_work: set[JobFolder] = set()
        """Jobs that were seen at work and may bring a model."""
        self._away = True

    def body(self) -> ComposeResult:
        """List, details, fetches."""
        with Container(id="panes"):
            with Container(id="models", classes="pane"):
                yield FilterField(id="filter")
                yield ModelTable(id="table")
                yield Static(id="none", classes="empty", markup=False)
            with Container(id="detail", classes="pane"):
                yield ModelDetail()
        yield FetchLine()

    def on_mount(self) -> None:
        """Look through the machine."""
        self._table = self.query_one(ModelTable)
        self._filter = self.query_one(FilterField)
        self._filter.display = False
        self.query_one("#detail").border_title = "Details"
        self._show()

    def on_screen_resume(self) -> None:
        """Whatever happened elsewhere, the list is as things are now."""
        if self._away:
            self._look()
        self._away = False

    def on_screen_suspend(self) -> None:
        """Another screen opens, or a dialog."""
        self._away = self.workbench.current_mode != self.SCOPE

    def job_updated(self, update: JobUpdated) -> None:
        """Show fetches, and models that a job has brought."""
        job, state = update.job, update.state
        if job.kind not in ("fetch", "train"):
            return
        if not state.ended:
            self._at_work.add(job)
        elif job in self._at_work:
            self._at_work.discard(job)
            self._ended(job, state)
        else:
            return
        if job.kind == "fetch" and not (state.ended and state.status == "done"):
            self._fetches[job] = Fetch(_wanted(job), state)
        self._show_fetches()

    def _ended(self, job: JobFolder, state: RunState) -> None:
        if job.kind == "fetch":
            shown = self._fetches.pop(job, None)
            name = shown.model if shown else _wanted(job)
            if state.status == "done":
                self._select = str((state.result or {}).get("model", name))
            if self.workbench.current_mode != self.SCOPE:
                if state.status == "failed":
                    self.workbench.report(UserError(state.what, state.hint), title=f"Fetching {name}")
                elif state.status == "done":
                    self.notify(f"{name} is on this machine.", markup=False)
        self._look()

    def _look(self) -> None:
        self._turn += 1
        turn, jobs_dir = self._turn, self.workbench.workspace.jobs_dir
        folders = [*self.workbench.settings.model_folders, *self._added_folders()]
        in_background(
            self, "look", lambda: self.post_message(ModelsListed(turn, tuple(list_models(jobs_dir, folders))))
        )

    @on(ModelsListed)
    def _listed(self, event: ModelsListed) -> None:
        if event.turn == self._turn:
            self._models = event.models
            self._show(self._select)
            self._select = ""

    @on(LineList.Moved)
    def _moved(self) -> None:
        self.query_one(ModelDetail).model = self._table.current

    @on(Input.Changed, "#filter")
    def _filtered(self) -> None:
        self._show()

    @on(Input.Submitted, "#filter")
    @on(FilterField.Left)
    def _to_table(self) -> None:
        self._table.focus()
        self._filter.display = bool(self._filter.value)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what makes sense now."""
        if action == "stop":
            return any(not fetch.state.ended for fetch in self._fetches.values())
        if action == "clear":
            failed = any(fetch.state.ended for fetch in self._fetches.values())
            return failed or (self._models is not None and self._filter.display)
        return super().check_action(action, parameters)

    def action_choose(self) -> None:
        """Take the model under the cursor; anything wrong with it is found out in a thread."""
        info = self._table.current
        if info is None:
            return
        if not info.usable:
            raise UserError(f"{clean(info.id)} can't be trained", f"{info.why[:1].upper()}{info.why[1:]}.")
        self.workbench.choose_model(info.id)
        self._show()
        jobs_dir = self.workbench.workspace.jobs_dir
        in_background(self, "check", lambda: resolve_model(info.id, jobs_dir))

    def action_filter(self) -> None:
        """Open the field."""
        self._filter.display = True
        self._filter.focus()
        self.refresh_bindings()

    def action_clear(self) -> None:
        """Empty the field and close it; let go of what went wrong."""
        self._fetches = {job: fetch for job, fetch in self._fetches.items() if not fetch.state.ended}
        self._table.focus()
        self._filter.display = False
        self._filter.value = ""
        self._show()
        self._show_fetches()

    def action_add(self) -> None:
        """Ask for an id or a folder."""
        self.app.push_screen(ModelsAdd(), self._add)

    def action_stop(self) -> None:
        """Ask the newest fetch that runs to stop."""
        ask_to_stop(max(job for job, fetch in self._fetches.items() if not fetch.state.ended))

    def action_reload(self) -> None:
        """Look again."""
        self._look()

    def _add(self, wish: FetchSpec | Path | None) -> None:
        with self.workbench.reporting():
            if isinstance(wish, Path):
                folders = [*self._added_folders(), str(wish)]
                self.workbench.where.keep("models", folders=list(dict.fromkeys(folders)))
                self._select = str(wish)
                self._look()
            elif wish is not None:
                self._start(wish)

    def _start(self, spec: FetchSpec) -> None:
        name = _name(spec)
        for job, fetch in list(self._fetches.items()):
            if fetch.model == name and not fetch.state.ended:
                raise UserError(f"{name} is being fetched already", "Its progress is below the list.")
            if fetch.state.ended:
                del self._fetches[job]
        job = self.workbench.jobs.start(spec, name)
        self._at_work.add(job)
        self._fetches[job] = Fetch(name, RunState())
        self._show_fetches()

    def _added_folders(self) -> list[str]:
        kept = self.workbench.where.of("models").get("folders")
        return [folder for folder in kept if isinstance(folder, str)] if isinstance(kept, list) else []

    def _show_fetches(self) -> None:
        self.query_one(FetchLine).fetches = tuple(self._fetches[job] for job in sorted(self._fetches))
        self.refresh_bindings()

    def _show(self, at: str = "") -> None:
        """Draw the list as it is filtered now."""
        models, chosen, query = self._models or (), self.workbench.workspace.info.model, self._filter.value
        shown = [info for info in models if matches(info, query)]
        self._table.show_models(shown, chosen, at)
        self._table.display = bool(shown)
        self.query_one("#none").display = not shown
        if not shown:
            self.query_one("#none", Static).update(_empty(self._models, query))
        pane = self.query_one("#models")
        lost = chosen and self._models is not None and all(info.id != chosen for info in models)
        pane.border_title = Content.assemble(
            "Models", (f"  {clean(chosen)} is chosen but not on this machine" if lost else "", "not bold $warning")
        )
        pane.border_subtitle = f"{len(shown)} of {len(models)}" if query else f"{len(models)}" if models else ""
        self.query_one(ModelDetail).model = self._table.current
        self.query_one("#detail").display = bool(shown)
        self.refresh_bindings()


def _empty(models: tuple[ModelInfo, ...] | None, query: str) -> Content:
    if models is None:
        return Content("looking …")
    if models and query:
        return Content(f"no model's name holds '{clean(query)}': esc shows all")
    return Content(_NONE)


def _name(spec: FetchSpec) -> str:
    return spec.model if spec.revision == "main" else f"{spec.model}@{spec.revision}"


def _wanted(job: JobFolder) -> str:
    spec = job.spec()
    return _name(spec) if isinstance(spec, FetchSpec) else job.run
