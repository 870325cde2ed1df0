"""The full-screen program: four screens as modes, and what all of them share."""

import asyncio
import contextlib
import dataclasses
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ClassVar

from rich.text import Text
from textual import events
from textual.app import App
from textual.binding import BindingType
from textual.screen import Screen
from textual.signal import Signal

from tlworkbench.errors import UserError
from tlworkbench.jobs.spec import ImportSpec
from tlworkbench.settings import Settings
from tlworkbench.tui import actions, ended, faults, standing, themes
from tlworkbench.tui.background import in_background
from tlworkbench.tui.following import Jobs
from tlworkbench.tui.key_order import KeyOrder
from tlworkbench.tui.keymap import keymap
from tlworkbench.tui.messages import Counted, JobFound, JobUpdated, WorkFailed
from tlworkbench.tui.screens.confirm import Confirm
from tlworkbench.tui.screens.goto import PLACES, GoTo
from tlworkbench.tui.screens.help import keys_here, run_chosen
from tlworkbench.tui.screens.palette import everything
from tlworkbench.tui.standing import Standing
from tlworkbench.tui.where import Where
from tlworkbench.workspace import Workspace

MODE_NAMES = tuple(place.mode for place in PLACES)
_THREADS = 64
"""Most threads at once: one for each job that runs, and searches. Python's own default starves on small machines."""


def _models() -> Screen[None]:
    from tlworkbench.tui.screens.models import ModelsScreen

    return ModelsScreen()


def _data() -> Screen[None]:
    from tlworkbench.tui.screens.data import DataScreen

    return DataScreen()


def _train() -> Screen[None]:
    from tlworkbench.tui.screens.train import TrainScreen

    return TrainScreen()


def _predict() -> Screen[None]:
    from tlworkbench.tui.screens.predict import PredictScreen

    return PredictScreen()


class Workbench(App[None], inherit_bindings=False):
    """The program. Screens reach it as `self.workbench` (see `screens.base.WorkbenchScreen`).

    workspace, settings: what it was started with.
    jobs: `start(spec, name)`, `resume(job)`, `state(job)`, `of_kind(kind)`, `running()`.
    job_updated, standing_changed, look_changed: signals; the first carries a `JobUpdated`.
    where: `of(screen)`, `keep(screen, …)`: what is there again after the next start.
    look: the theme's colours as values, for widgets that draw lines themselves.
    """

    TITLE = "tlworkbench"
    CSS_PATH = "app.tcss"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [*actions.bindings("app")]
    MODES: ClassVar[dict[str, str | Callable[[], Screen[Any]]]] = {
        "models": _models,
        "data": _data,
        "train": _train,
        "predict": _predict,
    }

    def __init__(
        self, workspace: Workspace, settings: Settings | None = None, opening: ImportSpec | None = None
    ) -> None:
        super().__init__()
        self.workspace = workspace
        self.opening = opening
        """An import that the Data screen is to start at once."""
        self.settings = settings or Settings()
        self.looks, self._theme_wanted, self._theme_errors = themes.themes_for(
            self.settings.theme, workspace.info.where
        )
        self.job_updated: Signal[JobUpdated] = Signal(self, "job updated")
        self.standing_changed: Signal[Standing] = Signal(self, "standing changed")
        self.look_changed: Signal[themes.Look] = Signal(self, "look changed")
        self.jobs = Jobs(self, workspace.jobs_dir)
        self.where = Where(self, workspace)
        self._keys = KeyOrder(self)
        self.typed_at = 0.0
        """When the last key came (monotonic)."""
        self._fault_file = workspace.root / faults.FILE
        self.standing = Standing(workspace.name, model=standing.short_model(workspace.info.model))
        self.asked_rows: tuple[str, tuple[int, ...]] | None = None
        """Rows that `show_rows` asked for and the Data screen has not shown yet."""
        for look in self.looks.values():
            self.register_theme(look.textual())
        self.set_keymap(keymap(self.settings.keys))

    @property
    def look(self) -> themes.Look:
        """The colours in use."""
        return self.looks[self.theme]

    async def on_load(self) -> None:
        """Before anything is drawn."""
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(_THREADS, thread_name_prefix="workbench"))
        faults.log_to(self._fault_file)
        self.theme = self._theme_wanted
        self._keys.start()

    async def on_event(self, event: events.Event) -> None:
        """As Textual's; a key waits until the one before it is done with."""
        if isinstance(event, events.Key):
            self.typed_at = time.monotonic()
            if not self.screen_stack:
                return  # The program is ending; Textual would look for the screen that the key is for.
        if not (isinstance(event, events.Key) and not event.is_forwarded and self._keys.holds(event)):
            await super().on_event(event)

    def on_mount(self) -> None:
        """Open the screen that was open last, and begin to follow jobs."""
        last = self.where.screen if self.where.screen in MODE_NAMES else "data"
        self.switch_mode("data" if self.opening is not None else last)
        self.theme_changed_signal.subscribe(self, lambda _: self.look_changed.publish(self.look))
        self.jobs.open()
        self.count_again()
        if self._theme_errors:
            self.notify(
                "\n".join(str(error) for error in self._theme_errors), title="Themes", severity="warning", markup=False
            )

    def on_unmount(self) -> None:
        """Let threads go at once, and keep where the user was."""
        self._keys.stop()
        self.jobs.close()
        self.where.save()

    def report(self, error: BaseException, title: str = "") -> None:
        """Show an error: a UserError as what happened and what to do, any other one with its kind, and log that."""
        if isinstance(error, UserError):
            self.notify(str(error), title=title, severity="error", timeout=8, markup=False)
        else:
            told = faults.note(error, self._fault_file)
            self.notify(told, title=title or "A fault in tlworkbench", severity="error", timeout=12, markup=False)

    @contextlib.contextmanager
    def reporting(self) -> Iterator[None]:
        """A block whose UserErrors are shown; for message handlers (actions are covered by themselves)."""
        try:
            yield
        except UserError as error:
            self.report(error)

    async def run_action(self, action: Any, default_namespace: Any = None, *arguments: Any) -> bool:
        """As Textual's; a UserError raised by an action is shown."""
        try:
            return await super().run_action(action, default_namespace, *arguments)
        except UserError as error:
            self.report(error)
            return True

    def stands(self, **fields: Any) -> None:
        """Change fields of `Standing`; the status strip follows."""
        stands = dataclasses.replace(self.standing, **fields)
        if stands != self.standing:
            self.standing = stands
            self.standing_changed.publish(stands)

    def count_again(self) -> None:
        """Read from disk what the status strip says of rows, edits and bundle; after an import or export."""
        in_background(self, "count", lambda: self.post_message(Counted(standing.of_disk(self.workspace))))

    def on_counted(self, event: Counted) -> None:
        """The status strip knows the files."""
        self.stands(**event.fields)

    def go(self, mode: str) -> None:
        """Switch to a screen: `models`, `data`, `train` or `predict`."""
        self.switch_mode(mode)
        self.where.set_screen(mode)

    def show_rows(self, keys: Sequence[int], title: str) -> None:
        """Go to Data and show only the rows with these keys, `title` saying in its frame which they are."""
        self.asked_rows = (title, tuple(keys))
        self.go("data")

    def choose_model(self, model: str) -> None:
        """Make `model` (as `resolve_model` takes it) the workspace's chosen one."""
        self.workspace.update(model=model)
        self.stands(model=standing.short_model(model))

    def on_job_found(self, event: JobFound) -> None:
        """A job runs that nobody follows yet."""
        self.jobs.follow(event.job)

    def on_job_updated(self, event: JobUpdated) -> None:
        """Tell the screens, and the strip."""
        before = self.jobs.state(event.job)
        if not self.jobs.learn(event):
            return
        if ended.has_ended(event, before):
            ended.tell(self, event)
        if runs := self.jobs.of_kind("train"):
            self.stands(**standing.of_run(*standing.in_front(runs)))
        if event.state.status == "done" and event.job.kind in ("import", "export"):
            self.count_again()
        self.job_updated.publish(event)

    def on_work_failed(self, event: WorkFailed) -> None:
        """Nothing that fails in a thread vanishes."""
        self.report(event.error)

    def action_next(self) -> None:
        self._step(1)

    def action_previous(self) -> None:
        self._step(-1)

    def _step(self, by: int) -> None:
        if self.current_mode in MODE_NAMES:
            self.go(MODE_NAMES[(MODE_NAMES.index(self.current_mode) + by) % len(MODE_NAMES)])

    async def action_go(self) -> None:
        await self.push_screen(GoTo(), lambda mode: self.go(mode) if mode else None)

    async def action_keys(self) -> None:
        await self.push_screen(keys_here(self), lambda chosen: run_chosen(self, chosen))

    async def action_palette(self) -> None:
        await self.push_screen(everything(self), lambda chosen: run_chosen(self, chosen))

    def action_interrupted(self) -> None:
        key = actions.shown(actions.keys_of(actions.find("app.quit"), self.settings.keys))
        self.notify(f"Press {key} to leave.", markup=False)

    async def action_quit(self) -> None:
        running = self.jobs.running()
        if not running:
            self.exit()
            return
        names = ", ".join(f"{job.run} ({job.kind})" for job in running)
        verb, rest = ("runs", "It goes on by itself") if len(running) == 1 else ("run", "They go on by themselves")
        if waiting := self.jobs.waiting():
            rest += f", {len(waiting)} in the queue after {'it' if len(running) == 1 else 'them'}"
        question = Confirm(f"{names} still {verb}. Leave?", f"{rest}; the next start shows how far.", "leave", "stay")
        await self.push_screen(question, lambda leave: self.exit() if leave else None)

    def _fatal_error(self) -> None:
        # Textual prints pages of local variables; a person needs a sentence, and the story in a file.
        self.panic(Text(faults.last_words(self._fault_file)))
