"""The comparison of several runs: their curves on one another, results, settings and rows."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.content import Content
from textual.message import Message
from textual.timer import Timer
from textual.widget import Widget

from tlworkbench.comparison.compare import Comparer, Comparison
from tlworkbench.comparison.results import RunResult, result_of
from tlworkbench.comparison.run_files import RunFiles
from tlworkbench.errors import UserError
from tlworkbench.jobs.folder import JobFolder
from tlworkbench.jobs.run_state import RunState
from tlworkbench.tui import actions
from tlworkbench.tui.background import in_background
from tlworkbench.tui.messages import JobUpdated
from tlworkbench.tui.screens import compare_words
from tlworkbench.tui.screens.base import WorkbenchScreen
from tlworkbench.tui.screens.chart_keys import ChartKeys
from tlworkbench.tui.text import cut
from tlworkbench.tui.widgets.chart import Chart
from tlworkbench.tui.widgets.compare_chart import BYS, CompareChart, read_curves
from tlworkbench.tui.widgets.line_list import LineList
from tlworkbench.tui.widgets.run_columns import Column, RunColumns, width_wanted
from tlworkbench.tui.widgets.run_curves import RunCurves
from tlworkbench.tui.widgets.said import Said
from tlworkbench.tui.widgets.told_lines import ToldLines

_STEADY = 1.0
"""Seconds between two paintings while runs go on."""


@dataclass
class Compared(Message, bubble=False):
    """The folders of the runs were read and set beside one another."""

    comparison: Comparison
    curves: list[RunCurves] | None
    """What the runs have logged, where that was still to be read."""


class CompareScreen(ChartKeys, WorkbenchScreen):
    """Shows up to six runs beside the first of them. esc leads back to where it was opened."""

    SCOPE = "compare"
    MODE = "train"
    BINDINGS: ClassVar[list[BindingType]] = [
        *actions.bindings("compare"),
        # From the curves too: nothing else there goes up and down.
        Binding("up", "line(-1)", "line above", show=False),
        Binding("down", "line(1)", "line below", show=False),
    ]
    CSS_PATH = "compare.tcss"
    AUTO_FOCUS = "#chart"
    # Below this, curves and figures take turns with settings and rows.
    VERTICAL_BREAKPOINTS = [(0, "-short"), (36, "-tall")]  # noqa: RUF012

    def __init__(self, jobs: Sequence[JobFolder]) -> None:
        """jobs: training runs, the first being the reference."""
        super().__init__()
        self.runs = tuple(jobs)
        self._comparison: Comparison | None = None
        self._comparer: Comparer | None = None
        self._reading = False
        self._again = False
        self._soon: Timer | None = None
        self._painted_at = 0.0
        self._said = Said()
        self._told: tuple[object, ...] = ()
        """What the lines about rows were made of."""

    def body(self) -> ComposeResult:
        """Curves and results above, settings and rows below."""
        self._chart = CompareChart(self.workbench.look, id="chart")
        with Container(id="above"):
            yield self._chart
            with Container(id="results-pane", classes="pane"):
                yield RunColumns(id="results")
        with Container(id="below"):
            with Container(id="settings-pane", classes="pane"):
                yield RunColumns(id="settings")
            with Container(id="rows-pane", classes="pane"):
                yield ToldLines(id="rows")

    def on_mount(self) -> None:
        """Begin to read."""
        self._comparer = Comparer(self.workbench.workspace)
        self.workbench.look_changed.subscribe(self, lambda _: self._recoloured())
        self._read()
        self._paint()

    def on_screen_resume(self) -> None:
        """What happened meanwhile shows at once."""
        self._read()
        self._paint()

    def on_resize(self) -> None:
        """Titles are cut to the room there is."""
        self.call_after_refresh(self._paint)

    def job_updated(self, update: JobUpdated) -> None:
        """A run goes on; its folder is read again when it ends."""
        if update.job not in self.runs:
            return
        if update.state.ended:
            self._read()
        if self._soon is None:
            rest = 0.0 if update.state.ended else _STEADY - (time.monotonic() - self._painted_at)
            self._soon = self.set_timer(max(0.03, rest), self._paint_soon)

    def action_next_pane(self) -> None:
        self._step_pane(1)

    def action_previous_pane(self) -> None:
        self._step_pane(-1)

    def action_line(self, by: int) -> None:
        self.query_one("#results", RunColumns).action_move(by)

    @property
    def chart_in_use(self) -> Chart:
        """The curves."""
        return self._chart

    def action_next_figure(self) -> None:
        self._chart.next_figure()

    def action_next_axis(self) -> None:
        self._chart.next_axis()
        self._entitle()

    def action_to_rows(self) -> None:
        self._go_to(self.query_one(ToldLines))

    def action_open_rows(self) -> None:
        """Go to Data with the rows of the line under the cursor."""
        lines = self.query_one(ToldLines)
        line = lines.chosen
        if not lines.has_focus or line is None or line.keys is None:
            raise UserError("no rows are chosen", "Press t, then go to a line with a number.")
        self.workbench.show_rows(line.keys.tolist(), line.title)

    def action_back(self) -> None:
        self.dismiss()

    def _panes(self) -> list[Widget]:
        return [self.query_one(f"#{name}") for name in ("chart", "results", "settings", "rows")]

    def _step_pane(self, by: int) -> None:
        panes = self._panes()
        now = next((place for place, pane in enumerate(panes) if pane is self.focused), -1 if by > 0 else 0)
        self._go_to(panes[(now + by) % len(panes)])

    def _go_to(self, pane: Widget) -> None:
        self.set_class(pane.id in ("settings", "rows"), "-see-below")
        self.set_focus(pane)
        # Lines are broken at a width that a pane has once it shows.
        self.call_after_refresh(self._paint)

    def _states(self) -> list[RunState]:
        return [self.workbench.jobs.state(job) or RunState() for job in self.runs]

    def _results(self) -> list[RunResult]:
        now = time.time()
        files = self._comparison.files if self._comparison else [RunFiles(job) for job in self.runs]
        return [result_of(one, state, now) for one, state in zip(files, self._states(), strict=True)]

    def _read(self) -> None:
        comparer = self._comparer
        if comparer is None or self._reading:
            self._again = self._reading
            return
        self._reading = True
        # A hundred thousand steps take a while too.
        states = self._states() if not self._chart.curves else []

        def read() -> None:
            curves = read_curves(states) if states else None
            self.post_message(Compared(comparer.compare(self.runs), curves))

        in_background(self, "compare", read)

    @on(Compared)
    def _compared(self, event: Compared) -> None:
        self._reading = False
        self._comparison = event.comparison
        if event.curves is not None:
            self._chart.curves = event.curves
        self._paint()
        if self._again:
            self._again = False
            self._read()

    def _columns(self) -> tuple[Column, ...]:
        return compare_words.columns([job.run for job in self.runs], self.workbench.look)

    def _recoloured(self) -> None:
        self._chart.take_look(self.workbench.look)
        self._paint()

    def _entitle(self) -> None:
        others = " · ".join(by for by in BYS if by != self._chart.by)
        key = Content.assemble(("  a", "$accent"), (f" {others}", "$muted"))
        self._chart.say(Content.assemble(("Compare", "bold"), (f" · by {self._chart.by}", "$muted")), key)

    def _paint_soon(self) -> None:
        self._soon = None
        self._paint()

    def _paint(self) -> None:
        if not self.is_current or not self.is_mounted:
            return
        self._painted_at = time.monotonic()
        results, columns, known = self._results(), self._columns(), self._comparison
        self._chart.follow(columns, self._states())
        self._entitle()
        rows = compare_words.result_rows(results, known is None or known.comparable, self.workbench.look)
        table = self.query_one("#results", RunColumns)
        table.show_columns(columns, rows)
        pane = self.query_one("#results-pane")
        if self.has_class("-wide"):
            pane.styles.width = min(self.size.width - 44, width_wanted(columns, rows) + 5)
        else:
            pane.styles.width = None
        self._said.title(
            pane, Content.assemble(("Results", "bold"), (f" · {columns[0].name} is the reference", "$muted"))
        )
        self._paint_edge(results, columns)
        settings = compare_words.setting_rows(known) if known is not None else ()
        heading = (*columns, Column("", "default", "$dim")) if any(row.cells for row in settings) else ()
        self.query_one("#settings", RunColumns).show_columns(heading, settings)
        self._said.title(self.query_one("#settings-pane"), Content.styled("Settings that differ", "bold"))
        self._said.title(
            self.query_one("#rows-pane"), Content.styled("Rows and answers" if known else "Rows: reading …", "bold")
        )
        if known is not None:
            self._paint_rows(known, columns)
        enter = Content.assemble(("enter", "$accent"), " those rows in Data")
        self._said.edge(self.query_one("#rows-pane"), enter if known else Content(""))

    def _paint_rows(self, known: Comparison, columns: tuple[Column, ...]) -> None:
        lines = self.query_one(ToldLines)
        pairs = (*known.pairs, lines.scrollable_content_region.width, columns)
        if lines.scrollable_content_region.width > 0 and pairs != self._told:
            self._told = pairs
            signs = {column.name: column for column in columns}
            lines.show_lines(compare_words.row_lines(known, signs, lines.scrollable_content_region.width))

    @on(LineList.Moved)
    def _moved(self) -> None:
        self._paint_edge(self._results(), self._columns())

    def _paint_edge(self, results: Sequence[RunResult], columns: Sequence[Column]) -> None:
        pane, table = self.query_one("#results-pane"), self.query_one("#results", RunColumns)
        room = max(10, pane.outer_size.width - 6)
        told = compare_words.problems(results)
        if self._comparison is not None and not self._comparison.comparable:
            told.insert(0, "validation rows or labels differ: not comparable")
        if told:
            edge = Content.styled(cut(f"⚠ {told[0]}", room), "$warning")
        else:
            edge = compare_words.differences(table.rows[table.cursor], columns).truncate(room, ellipsis=True)
        self._said.edge(pane, edge)
