"""The Train screen's curves: which figure shows, zoom, scale and cursor by keys, remembered with the screen's place."""

from collections.abc import Mapping
from typing import Any

from textual.content import Content
from textual.widget import Widget

from tlworkbench.jobs.folder import JobFolder
from tlworkbench.jobs.run_state import RunState
from tlworkbench.tui.screens import train_words
from tlworkbench.tui.screens.chart_keys import ChartKeys
from tlworkbench.tui.screens.train_log import LogPane
from tlworkbench.tui.widgets.chart import Chart
from tlworkbench.tui.widgets.run_chart import RunChart

_KEPT = "chart"


class CurvesPane(ChartKeys, LogPane):
    """Paints a run's curves and turns keys into looks at them. A subclass composes `_chart` and its place."""

    _chart: RunChart

    def __init__(self) -> None:
        super().__init__()
        self._drawn = ""
        """Number of the run whose curves show."""

    @property
    def chart_in_use(self) -> Chart:
        """The chart that the keys of curves are for."""
        return self._chart

    def chart_changed(self) -> None:
        """Remember how the chart is looked at."""
        self._keep_chart()

    def action_next_figure(self) -> None:
        self._chart.next_figure()
        self._keep_chart()

    def _paint_curves(self, job: JobFolder, state: RunState, model: str, message: Content, word: str) -> None:
        if job.run != self._drawn:
            kept = self._kept_chart()
            self._chart.begin()
            if not self._drawn:
                self._chart.take_place(kept)
            if kept.get("run") != job.run:
                # A zoom is into one run.
                self._chart.look_at(self._chart.view.whole())
            self._drawn = job.run
        self._chart.follow(state, message, train_words.waiting(state))
        self._entitle(job, state, model, word)

    def _entitle(self, job: JobFolder, state: RunState, model: str, word: str) -> None:
        width = max(10, self._chart.title_room)
        self._chart.entitle(train_words.title(job.run, model, state, width, word))

    def _kept_chart(self) -> Mapping[str, Any]:
        kept = self.workbench.where.of(self.SCOPE).get(_KEPT)
        return kept if isinstance(kept, dict) else {}

    def _keep_chart(self) -> None:
        self.workbench.where.keep(self.SCOPE, **{_KEPT: {**self._chart.place(), "run": self._drawn}})
        if not self._chart.region:
            # It had given way to table and matrix, and a key for it was pressed all the same.
            self._focus(self._chart)
        # What the chart's edge says of all this leaves the title more or less room.
        self._paint()

    def _focus(self, pane: Widget) -> None:
        raise NotImplementedError

    def _paint(self) -> None:
        raise NotImplementedError
