"""The Train screen: start runs, watch them learn, stop, resume and export them."""

import time
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.binding import BindingType
from textual.timer import Timer

from tlworkbench.errors import UserError
from tlworkbench.jobs.folder import JobFolder
from tlworkbench.jobs.run_state import RunState
from tlworkbench.jobs.spec import ExportSpec, TrainSpec
from tlworkbench.tui import actions
from tlworkbench.tui.background import in_background
from tlworkbench.tui.messages import JobUpdated
from tlworkbench.tui.screens.confirm import Confirm
from tlworkbench.tui.screens.preflight import Preflight
from tlworkbench.tui.screens.train_baselines import MeasuringBaselines
from tlworkbench.tui.screens.train_facts import FactsRead, RunFacts, read_facts, rows_of_cell
from tlworkbench.tui.screens.train_marks import MarkingRuns
from tlworkbench.tui.screens.train_options import remembered
from tlworkbench.tui.screens.train_start import StartRun
from tlworkbench.tui.standing import in_front
from tlworkbench.tui.text import counted
from tlworkbench.tui.widgets.line_list import LineList
from tlworkbench.tui.widgets.run_table import RunTable

_KINDS = ("train", "export", "baseline")
"""Jobs that show here."""
TICK_SECONDS = 1.0
_SOON = 0.03
"""Updates that come together are painted together."""
_STEADY = 1.0
"""Seconds between two paintings at least while a run does nothing but step: its processor time is not ours."""
_TYPING = 0.5
"""Seconds after a key in which another one may come, and would have to wait for a curve to be drawn;"""
_PATIENCE = 3.0
"""so many after the last painting there is another one all the same."""


class TrainScreen(MarkingRuns, MeasuringBaselines):
    """Shows one run of the workspace, the newest unless another was chosen, and all of them below."""

    SCOPE = "train"
    BINDINGS: ClassVar[list[BindingType]] = [*actions.bindings("train")]
    CSS_PATH = "train.tcss"
    AUTO_FOCUS = "#chart"

    def __init__(self) -> None:
        super().__init__()
        self._chosen = ""
        """Number of the run that was chosen; empty for the newest."""
        self._unread: set[JobFolder] = set()
        self._reading = False
        self._soon: Timer | None = None
        self._painted_at = 0.0
        self._steady = False
        """Nothing has come that must show at once."""
        self._news: dict[JobFolder, tuple[object, ...]] = {}
        """What was last known of each job, besides its steps."""

    def on_mount(self) -> None:
        """Take up what is known of the runs, and where the user was."""
        kept = self.workbench.where.of(self.SCOPE)
        self._chosen = str(kept.get("run", ""))
        self.workbench.look_changed.subscribe(self, lambda _: self._recoloured())
        self.set_interval(TICK_SECONDS, self._tick)
        for kind in _KINDS:
            self._read(*(job for job, _ in self.workbench.jobs.of_kind(kind)))
        self._paint()

    def on_screen_resume(self) -> None:
        """What happened meanwhile shows at once."""
        self._paint()

    def job_updated(self, update: JobUpdated) -> None:
        """A run or an export goes on; what is read from its folder is read again when it ends."""
        if update.job.kind not in _KINDS:
            return
        known = any(update.job in read for read in (self._facts, self._exports, self._measured_for))
        if not known or update.state.ended:
            self._read(update.job)
            if update.state.ended and (run := self._exports.get(update.job)):
                self._read(*(job for job, _ in self._runs() if job.run == run))
        news = _news(update.state)
        steady, self._news[update.job] = self._news.get(update.job) == news, news
        self._steady = steady and (self._steady or self._soon is None)
        if self._soon is None:
            rest = _STEADY - (time.monotonic() - self._painted_at) if steady else 0.0
            self._soon = self.set_timer(max(_SOON, rest), self._paint_soon)

    def action_preflight(self) -> None:
        """Tell what a run with the settings of the form would do."""
        running = self._running_run()
        dialog = Preflight(self.workbench, self._settings(), running.run if running else "")
        self.app.push_screen(dialog, lambda start: self.action_start() if start else None)

    def action_start(self) -> None:
        """Ask for the settings of a new run."""
        values = self._settings()
        running = self._running_run()
        form = StartRun(self.workbench, values, behind=running.run if running else "")
        self.app.push_screen(form, self._start)

    def _settings(self) -> dict[str, str]:
        """What the form for a new run begins with; raises UserError where none can be started."""
        workspace = self.workbench.workspace
        if not workspace.has_rows:
            raise UserError("there is no dataset yet", "Open one: press g, d, then i.")
        if not workspace.info.model:
            raise UserError("no model is chosen yet", "Choose one: press g, then m.")
        kept = self.workbench.where.of(self.SCOPE).get("form")
        return remembered(kept if isinstance(kept, dict) else {}, workspace.info.model)

    def _start(self, wanted: tuple[TrainSpec, dict[str, str]] | None) -> None:
        if wanted is None:
            return
        spec, typed = wanted
        with self.workbench.reporting():
            job = self.workbench.jobs.start(spec, Path(spec.model).name)
            self.workbench.where.keep(self.SCOPE, form=typed)
            self._show_started(job)

    def action_resume(self) -> None:
        """Take the run up again."""
        job, state = self._wanted_run()
        if state.status == "done":
            raise UserError(f"{job.run} is done", "Press s to start another run.")
        self.workbench.jobs.resume(job)
        self._asked.pop(job, None)
        self._show_started(job)

    def _show_started(self, job: JobFolder) -> None:
        if job.state().status == "queued":
            # What runs stays in sight; the one that waits is in the list.
            running = self._running_run()
            when = f"when {running.run} ends" if running else "after those before it"
            self.notify(f"{job.run} is in the queue: it starts {when}, also with no screen open.", markup=False)
        else:
            self._choose(job.run)

    def action_export(self) -> None:
        """Export the run."""
        job, state = self._wanted_run()
        facts = self._facts.get(job, RunFacts())
        if not facts.has_model:
            hint = "Let it end." if not state.ended else "Resume it (r), or start another run (s)."
            raise UserError(f"{job.run} has no model to export yet", hint)
        if (export := self._export_of(job)) is not None and not export[1].ended:
            raise UserError(f"{job.run} is being exported already", "Its progress stands above the runs.")
        if facts.report is None:
            self._export(job)
            return
        question = Confirm(f"{job.run} is exported. Export it again?", "The bundle is replaced.", "export", "leave it")
        self.app.push_screen(question, lambda yes: self._export(job) if yes else None)

    def _export(self, job: JobFolder) -> None:
        with self.workbench.reporting():
            self.workbench.jobs.start(ExportSpec(run=job.run), job.run)

    def action_open_cell(self) -> None:
        """Go to Data with the rows of the confusion matrix's cell."""
        matrix = self._confusion.matrix
        if not self._confusion.has_focus or matrix is None:
            raise UserError("no cell is chosen", "Go to the confusion matrix with tab, then to a cell.")
        job, _ = self._wanted_run()
        true, answer = (matrix.names[place] for place in self._confusion.cursor)
        keys = rows_of_cell(job, true, answer)
        if not keys:
            raise UserError(f"no row of {true} was taken for {answer}", "Go to a cell with a number above 0.")
        right = f"{true} right" if true == answer else f"{true} taken for {answer}"
        self.workbench.show_rows(keys, f"{job.run}: {right}, {counted(len(keys), 'row')}")

    def action_newer(self) -> None:
        self.query_one(RunTable).action_move(-1)

    def action_older(self) -> None:
        self.query_one(RunTable).action_move(1)

    @on(LineList.Moved)
    def _moved(self, event: LineList.Moved) -> None:
        runs = self._runs()
        if isinstance(event.list, RunTable) and event.place < len(runs):
            self._choose(runs[event.place][0].run)

    def _choose(self, run: str) -> None:
        if run != self._chosen:
            self._chosen = run
            # Who looked at the one in front wants to see that one next time, whichever it is then.
            runs = self._runs()
            front = in_front(runs)[0].run if runs else run
            self.workbench.where.keep(self.SCOPE, run="" if run >= front else run)
        self._paint()

    def _runs(self) -> list[tuple[JobFolder, RunState]]:
        return self.workbench.jobs.of_kind("train")

    def _shown_run(self) -> tuple[JobFolder, RunState] | None:
        runs = self._runs()
        return next((pair for pair in runs if pair[0].run == self._chosen), in_front(runs) if runs else None)

    def _export_of(self, job: JobFolder) -> tuple[JobFolder, RunState] | None:
        exports = self.workbench.jobs.of_kind("export")
        return next((pair for pair in exports if self._exports.get(pair[0]) == job.run), None)

    def _read(self, *jobs: JobFolder) -> None:
        self._unread.update(jobs)
        if self._unread and not self._reading:
            self._reading = True
            now, self._unread = self._unread, set()
            in_background(self, "facts", lambda: self.post_message(read_facts(now)))

    @on(FactsRead)
    def _facts_read(self, event: FactsRead) -> None:
        self._reading = False
        self._facts |= event.runs
        new = event.exports.keys() - self._exports.keys()
        self._exports |= event.exports
        self._measured_for |= event.baselines
        # An export that ended before anyone knew of which run it was.
        runs = {self._exports[job] for job in new}
        self._read(*(job for job, _ in self._runs() if job.run in runs))
        self._paint()

    def _paint_soon(self) -> None:
        now = time.monotonic()
        typing = now - self.workbench.typed_at < _TYPING
        if typing and self._steady and now - self._painted_at < _PATIENCE:
            self._soon = self.set_timer(_TYPING, self._paint_soon)
            return
        self._soon = None
        self._paint_now()

    def _paint_now(self) -> None:
        self._painted_at = time.monotonic()
        self._paint()

    def _tick(self) -> None:
        if self.is_current:
            self._read_log()
            unpainted = time.monotonic() - self._painted_at >= 2 * TICK_SECONDS
            if self._asked or (unpainted and self._soon is None and self._running_run() is not None):
                self._paint_now()


def _news(state: RunState) -> tuple[object, ...]:
    # All but the steps and the gauges, which always move.
    begun = bool(state.steps)
    told = len(state.evaluations), len(state.notes), len(state.baselines)
    return state.status, state.training, *told, state.progress, begun
