"""The Train screen's panes: what shows where, how one gets about in them, and a run's state painted into them."""

import time

from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from tlworkbench.jobs.condition import Condition, condition
from tlworkbench.jobs.folder import JobFolder
from tlworkbench.jobs.run_state import RunState
from tlworkbench.jobs.spec import TrainSpec
from tlworkbench.jobs.stop import GRACE_SECONDS
from tlworkbench.tui.screens import train_notice, train_words
from tlworkbench.tui.screens.train_curves import CurvesPane
from tlworkbench.tui.screens.train_facts import RunFacts
from tlworkbench.tui.screens.train_notice import Stopping
from tlworkbench.tui.text import clean
from tlworkbench.tui.widgets.class_table import ClassTable
from tlworkbench.tui.widgets.confusion import ConfusionMatrix, Matrix
from tlworkbench.tui.widgets.gauges import facts_line, gauge_line
from tlworkbench.tui.widgets.run_chart import RunChart
from tlworkbench.tui.widgets.run_table import RunTable
from tlworkbench.tui.widgets.text_pane import TextPane

_FEW = 5
"""Classes up to which table and matrix fit side by side into 80 columns."""


class TrainPanes(CurvesPane):
    """Composes the panes and paints them. A subclass says which run is shown."""

    # Below this, table and matrix take turns: each needs as many lines as there are classes.
    VERTICAL_BREAKPOINTS = [(0, "-short"), (40, "-tall")]  # noqa: RUF012

    def __init__(self) -> None:
        super().__init__()
        self._facts: dict[JobFolder, RunFacts] = {}
        self._exports: dict[JobFolder, str] = {}
        """Export jobs with the number of the run they are of."""
        self._measured_for: dict[JobFolder, TrainSpec] = {}
        """Jobs that measured baselines, with the run they did it for."""
        self._asked: dict[JobFolder, float] = {}
        """Runs that were asked to stop here, and when (monotonic)."""

    def body(self) -> ComposeResult:
        """Curve and figures above, gauges between, runs below."""
        look = self.workbench.look
        self._chart = RunChart(look, id="chart")
        self._class_table = ClassTable(look, id="classes")
        self._confusion = ConfusionMatrix(look, id="confusion")
        with Container(id="upper"):
            yield self._chart
            with Container(id="figures"):
                with Vertical(id="validation", classes="pane"):
                    yield Static(id="metrics")
                    yield self._class_table
                yield self._confusion
        yield Static(id="baselines")
        yield Static(id="line")
        yield Static(id="gauges")
        yield Static(id="notice")
        with Container(id="lower"):
            with Container(id="runs-pane", classes="pane"):
                yield RunTable(id="runs")
                yield Static("s starts a run", id="no-runs", classes="empty", markup=False)
            yield TextPane(id="log", at_end=True)
            yield TextPane(id="config")

    def action_next_pane(self) -> None:
        self._step_pane(1)

    def action_previous_pane(self) -> None:
        self._step_pane(-1)

    def action_matrix(self) -> None:
        if self.focused is self._confusion:
            self._confusion.to_next_confusion()
        self._focus(self._confusion)

    def action_log(self) -> None:
        self._show_below("runs" if self._below == "log" else "log")

    def action_config(self) -> None:
        self._show_below("runs" if self._below == "config" else "config")

    def action_back(self) -> None:
        self._show_below("runs")
        self._focus(self._chart)

    def on_resize(self) -> None:
        """Titles are cut to the room there is."""
        self.call_after_refresh(self._paint)

    def _runs(self) -> list[tuple[JobFolder, RunState]]:
        raise NotImplementedError

    def _signs(self) -> dict[str, tuple[str, str]]:
        """Sign and colour of each run that is marked."""
        return {}

    def _export_of(self, job: JobFolder) -> tuple[JobFolder, RunState] | None:
        raise NotImplementedError

    def _held_against(self, job: JobFolder, state: RunState) -> RunState:
        raise NotImplementedError

    def _paint_baselines(self, state: RunState | None) -> None:
        raise NotImplementedError

    def _panes(self) -> list[Widget]:
        below = self.query_one(f"#{self._below}")
        return [self._chart, self._class_table, self._confusion, below]

    def _step_pane(self, by: int) -> None:
        panes = self._panes()
        now = next((place for place, pane in enumerate(panes) if pane is self.focused), -1 if by > 0 else 0)
        self._focus(panes[(now + by) % len(panes)])

    def _focus(self, pane: Widget) -> None:
        above = pane in (self._chart, self._class_table, self._confusion)
        if above:
            self.set_class(pane is not self._chart, "-see-figures")
            if pane is not self._chart:
                self.set_class(pane is self._confusion, "-see-confusion")
        # What is about to show can take the focus only when it does.
        self.call_after_refresh(pane.focus)

    def _show_below(self, what: str) -> None:
        self._below = what
        self.set_class(what == "log", "-log")
        self.set_class(what == "config", "-config")
        if what != "runs":
            self._focus(self.query_one(f"#{what}"))
        self._logged = None
        self._read_log()
        self._paint()

    def _recoloured(self) -> None:
        self._chart.take_look(self.workbench.look)
        self._paint()

    def _paint(self) -> None:
        """Show the run as it is now; cheap where nothing changed. Not while another screen is in front."""
        if not self.is_current or not self.is_mounted:
            return
        shown = self._shown_run()
        self._paint_runs(shown)
        if shown is None:
            self._paint_nothing()
            return
        job, state = shown[0], self._held_against(*shown)
        if state.ended:
            self._asked.pop(job, None)
        facts = self._facts.get(job, RunFacts())
        model = train_words.model_name(facts.model)
        stands = self._stands(job, state)
        self._paint_curves(job, state, model, self._in_chart(state, stands), stands.word)
        self._paint_figures(state, "enter" if facts.has_answers else "")
        self._paint_baselines(state)
        self._paint_lines(state)
        self._paint_notice(job, state, facts, stands)
        self._paint_below(job, state, facts)

    def _paint_nothing(self) -> None:
        self._paint_baselines(None)
        info = self.workbench.workspace.info
        lines = [Content.styled("no run yet", "bold")]
        if not self.workbench.workspace.has_rows:
            lines.append(Content.assemble(("g d", "bold $accent"), " opens a dataset first"))
        elif not info.model:
            lines.append(Content.assemble(("g m", "bold $accent"), " chooses a model first"))
        else:
            model = clean(train_words.model_name(info.model))
            lines.append(Content.assemble(("s", "bold $accent"), f" starts one with {model}"))
            if not self.query_one("#baselines").has_class("-some"):
                lines.append(Content.assemble(("b", "bold $accent"), " measures what it starts from"))
        self._chart.follow(None, Content("\n").join(lines))
        self._chart.entitle(Content.styled("Train", "bold"))
        self._paint_figures(RunState(), "")
        for name in ("line", "gauges"):
            self._said.text(self.query_one(f"#{name}", Static), Content(""))
        self._paint_lines_of_notice([])

    def _stands(self, job: JobFolder, state: RunState) -> Condition:
        ahead = self.workbench.jobs.before(job) if state.status == "queued" else ()
        return condition(state, time.time(), ahead)

    def _in_chart(self, state: RunState, stands: Condition) -> Content:
        if state.status == "queued":
            return Content.styled(f"{train_words.glyph('queued')} {stands.reason}", "$muted")
        if state.status == "failed":
            return Content("\n").join(train_notice.failed_lines(state))
        if state.ended:
            return Content.styled(f"{state.status} before its first step", "$muted")
        return Content.styled(f"{train_words.glyph(state.status)} {train_words.working_on(state)}", "$primary")

    def _paint_figures(self, state: RunState, hint: str) -> None:
        shown = train_words.shown_evaluation(state)
        look = self.workbench.look
        validation = self.query_one("#validation")
        self._said.title(validation, train_words.figures_title(state, validation.outer_size.width - 6))
        block = train_words.metric_block(state, validation.size.width)
        self._said.text(self.query_one("#metrics", Static), block, layout=True)
        self._class_table.show_figures(shown.per_class if shown else (), look)
        names = tuple(figures.name for figures in shown.per_class) if shown else ()
        self.set_class(len(names) <= _FEW, "-few")
        self._confusion.show_matrix(Matrix(names, shown.confusion) if shown else None, look, hint)
        self._said.title(self._confusion, Content.styled("Confusion", "bold"))

    def _paint_lines(self, state: RunState) -> None:
        line, gauges = self.query_one("#line", Static), self.query_one("#gauges", Static)
        width = self.size.width - 4
        self._said.text(line, train_words.metric_line(state, width))
        facts = facts_line(state.training, state.device, width)
        moving = train_words.summary(state) if state.ended else gauge_line(state, width)
        if self.has_class("-tall"):
            self._said.title(gauges, Content.styled("Run" if state.ended else "Machine", "bold"))
            self._said.text(gauges, Content("\n").join([moving, facts]))
        else:
            self._said.text(gauges, facts if state.ended or not moving else moving)

    def _paint_notice(self, job: JobFolder, state: RunState, facts: RunFacts, stands: Condition) -> None:
        lines: list[Content] = []
        asked = self._asked.get(job)
        if not state.ended and (asked is not None or state.status == "stopping"):
            left = max(0.0, GRACE_SECONDS - (time.monotonic() - asked)) if asked is not None else None
            lines += train_notice.stopping_lines(job.run, Stopping(left))
        lines += train_notice.standing_lines(stands)
        lines += train_notice.ended_lines(state, in_chart=not len(self._chart.curves))
        export = self._export_of(job)
        if state.ended:
            may_export = state.status == "done" and facts.has_model
            going = export[1] if export else None
            lines += train_notice.export_lines(job.run, going, facts.report, may_export, self.size.width - 4)
        lines += train_notice.warning_lines(state)
        if facts.problem:
            lines.append(Content.assemble(("⚠ ", "$warning"), clean(facts.problem)))
        self._paint_lines_of_notice(lines)

    def _paint_lines_of_notice(self, lines: list[Content]) -> None:
        notice = self.query_one("#notice", Static)
        notice.set_class(bool(lines), "-some")
        self._said.text(notice, Content("\n").join(lines), layout=True)

    def _paint_runs(self, shown: tuple[JobFolder, RunState] | None) -> None:
        runs = self._runs()
        best = max((kept.macro_f1 for _, state in runs if (kept := state.best)), default=2.0)
        now = time.time()
        signs = self._signs()
        lines = tuple(
            train_words.run_line(
                job.run,
                train_words.model_name(facts.model),
                state,
                facts.report.verdict if facts.report else "",
                best,
                self._stands(job, state),
                now,
                signs.get(job.run, (" ", "")),
            )
            for job, state in runs
            for facts in [self._facts.get(job, RunFacts())]
        )
        self.query_one(RunTable).show_runs(lines, runs.index(shown) if shown else 0)
        self.query_one(RunTable).display = bool(runs)
        self.query_one("#no-runs").display = not runs
        pane = self.query_one("#runs-pane")
        waiting = len(self.workbench.jobs.waiting())
        told = f" · {waiting} in the queue" * bool(waiting) + f" · {len(signs)} marked" * bool(signs)
        self._said.title(pane, Content.assemble(("Runs", "bold"), (told, "$muted")))
        keys = Content.assemble(
            ("space", "$accent"), " mark · ", ("v", "$accent"), " compare · ",
            ("l", "$accent"), " log · ", ("c", "$accent"), " config",
        )  # fmt: skip
        self._said.edge(pane, keys if runs else Content(""))

    def _paint_below(self, job: JobFolder, state: RunState, facts: RunFacts) -> None:
        log, config = self.query_one("#log", TextPane), self.query_one("#config", TextPane)
        self._said.title(log, Content.styled(f"Log {job.run}", "bold"))
        self._said.title(config, Content.styled(f"Config {job.run}", "bold"))
        self._said.edge(config, Content("job.toml · esc back"))
        if self._below == "config":
            notes = [f"{'⚠' if note.level == 'warning' else '·'} {clean(note.text)}" for note in state.notes]
            lines = [*notes, *([""] if notes else []), *(clean(line) for line in facts.toml.splitlines())]
            config.show(lines)
        if self._below == "log" and job != self._logged:
            self._read_log()
