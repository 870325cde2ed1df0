"""Suspects on the Data screen: look for them, go through them, rows like this one, what the relabelling brought."""

import asyncio
from dataclasses import dataclass

import numpy as np
from textual.widgets import Static

from tlworkbench.data.embeddings import Embeddings, embeddings_folder
from tlworkbench.data.suggestions import Suggestions
from tlworkbench.errors import UserError
from tlworkbench.jobs.run_state import RunState
from tlworkbench.jobs.spec import GainSpec, SuspectsSpec
from tlworkbench.jobs.suspects import judging_model
from tlworkbench.tui.dataset.judging import Judging
from tlworkbench.tui.dataset.shown import AskedRows, Shown
from tlworkbench.tui.dataset.view import View
from tlworkbench.tui.messages import JobUpdated
from tlworkbench.tui.screens.confirm import Confirm
from tlworkbench.tui.screens.data_finding import FindingScreen
from tlworkbench.tui.screens.data_import import ImportingScreen
from tlworkbench.tui.screens.gain import GainDialog, gain_words
from tlworkbench.tui.text import clean, counted, thousands
from tlworkbench.tui.widgets.import_line import import_line

LIKE = 20
"""Rows like this one that are shown."""
QUEUE = "suspects"


@dataclass(frozen=True)
class _Place:
    """Where one was before rows like one were shown."""

    like: AskedRows
    """The rows like it,"""
    shown: Shown
    """and what was shown before,"""
    view: View
    row: int
    """with the cursor on this one."""


class SuspectsScreen(ImportingScreen, FindingScreen):
    """The keys of suspects."""

    def __init__(self) -> None:
        super().__init__()
        self._judging_state: RunState | None = None
        self._places: list[_Place] = []
        """Where `=` was pressed while other rows than the dataset's were shown alone."""
        self._queue: AskedRows | None = None
        """The suspects as they were shown last."""

    def on_mount(self) -> None:
        """Begin to follow the jobs. Textual calls this beside a subclass's own `on_mount`."""
        self._judging = Judging(self.workbench, self._judging_changed, self._judged)

    def job_updated(self, update: JobUpdated) -> None:
        """A job goes on."""
        super().job_updated(update)
        with self.workbench.reporting():
            self._judging.updated(update)

    async def action_suspects(self) -> None:
        """Look for suspects, show them, or look anew where labels have changed since."""
        data = self._data()
        if self._judging.running:
            await self._ask_to_stop()
            return
        data.advice.refresh()
        found = data.advice.suggestions
        if found is None:
            self._look()
        elif not self._in_queue and data.advice.waiting:
            self._show_queue()
        elif self._age(found):
            self._look()
        elif self._in_queue:
            self._panes.say("no label has changed since")
        else:
            self._panes.say("no label is suspicious any more, and none has changed since")

    async def action_like(self) -> None:
        """Show the rows most like this one alone."""
        row, data = self._row(), self._data()
        found = data.advice.suggestions
        embeddings = Embeddings.open(embeddings_folder(found.meta.embeddings)) if found is not None else None
        if embeddings is None:
            raise UserError("the rows are not embedded yet", "Press S: looking for suspects embeds them, once.")
        key = data.key(row)
        if not embeddings.has([key])[0]:
            raise UserError("this row is not embedded yet", "Press S to embed what is new.")
        self._panes.say("looking for rows like this one …")
        keys, _ = await asyncio.to_thread(embeddings.nearest, key, LIKE, data.rows.keys)
        before = (self._shown, self._table.view) if self._before is not None else None
        near = np.array([row, *data.rows.indices_of(keys).tolist()], np.int64)
        self.show_rows(f"like row {thousands(row + 1)}", near)
        if before is not None and self._shown.asked is not None:
            self._places.append(_Place(self._shown.asked, *before, row))
        self._panes.say(f"{counted(len(near) - 1, 'row')} like it, the nearest first")

    def action_gain(self) -> None:
        """Measure what the relabelling brought."""
        data = self._data()
        model = judging_model(self.workbench.workspace)
        self._judging.start(GainSpec(model=model, journal_version=data.journal.version))

    async def action_clear(self) -> None:
        """From rows like one back to where one was."""
        if self._places and self._shown.asked is not self._places[-1].like:
            self._places.clear()
        plain = self._places and self._shown == Shown(asked=self._places[-1].like)
        busy = self._panes.search_line.is_open or self._panes.search.needle
        if not plain or busy or self._table.marks.count(self._table.view, self._table.place):
            await super().action_clear()
            return
        self.app.clear_notifications()
        place = self._places.pop()
        self._shown = place.shown
        self._panes.set_view(place.view, place.view.place(place.row) or 0)
        self._panes.say("")

    @property
    def _in_queue(self) -> bool:
        """Whether the suspects, or some of them, are what is shown."""
        return self._queue is not None and self._shown.asked is self._queue

    def _look(self) -> None:
        data = self._data()
        model = judging_model(self.workbench.workspace)
        self._judging.start(SuspectsSpec(model=model, journal_version=data.journal.version))

    def _show_queue(self) -> None:
        data = self._data()
        found = data.advice.suggestions
        if found is None:
            return
        row = self._table.row
        rows = found.open_suspects(data.labelling)
        # Whoever stands among them stays on the row, else the worst comes first.
        keeps = self._in_queue
        self.app.clear_notifications()
        self.show_rows(QUEUE, rows, suggests=True)
        self._queue = self._shown.asked
        place = self._table.view.place(row) if keeps and row is not None else None
        self._panes.go(place or 0)
        age = self._age(found)
        self._panes.say(f"{counted(len(rows), 'suspect')}{f' · {age} since: S looks anew' if age else ', worst first'}")

    def _age(self, found: Suggestions) -> str:
        """What has changed since the suggestions were made, in words; empty where nothing has."""
        if found.meta.model != judging_model(self.workbench.workspace):
            return "another model was chosen"
        new = int((found.suggested < 0).sum())
        if new:
            return counted(new, "new row")
        edits = self._data().journal.version - found.meta.journal_version
        return counted(edits, "edit") if edits > 0 else ""

    async def _ask_to_stop(self) -> None:
        question = Confirm(
            "The labels are being judged. Stop it?", "The embeddings made until now are kept.", "stop", "let it go on"
        )

        def decided(yes: bool | None) -> None:
            if yes:
                with self.workbench.reporting():
                    self._judging.stop()

        await self.app.push_screen(question, decided)

    def _judging_changed(self, state: RunState | None) -> None:
        self._judging_state = state
        self._show_progress()

    def _show_progress(self) -> None:
        super()._show_progress()
        if self._import_state is None and self._judging_state is not None:
            line = self.query_one("#progress", Static)
            line.display = True
            line.update(import_line(self._judging_state, self.size.width - 2))

    def _judged(self, kind: str, state: RunState) -> None:
        if kind == "gain":
            self._tell_gain(state)
            return
        if self._opened is not None:
            self._opened.advice.refresh()
            if self._in_queue:
                self._show_queue()
            else:
                self._panes.repaint()
        notes = [clean(note.text) for note in state.notes]
        if (state.result or {}).get("suspects") and not (self._opened is not None and self._in_queue):
            notes.insert(0, "S shows them, the worst first; a accepts what is suggested.")
        self.app.notify("\n".join(notes), title=clean(state.what), timeout=12, markup=False)

    def _tell_gain(self, state: RunState) -> None:
        result = state.result or {}
        if self.is_current:
            self.app.push_screen(GainDialog(result))
        else:
            self.app.notify("\n".join(gain_words(result)), title=clean(state.what), timeout=20, markup=False)
