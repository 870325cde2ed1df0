"""Marks: single rows, ranges, and the same for everything that is marked or shown."""

import numpy as np

from tlworkbench.tui import actions
from tlworkbench.tui.dataset.view import Indices
from tlworkbench.tui.screens.bulk import UNMARK, bulk_dialog, do_bulk, said_as
from tlworkbench.tui.screens.confirm import Confirm
from tlworkbench.tui.screens.data_edits import EditingScreen
from tlworkbench.tui.text import counted, thousands
from tlworkbench.tui.widgets.key_bar import KeyBar

_ON_MARKED = {
    "label": "label all marked",
    "accept": "accept all",
    "exclude": "exclude",
    "flag": "flag",
    "bulk": "more",
    "range": "range",
    "clear": "forget the marks",
}
"""Actions that work on marked rows, with the words of the key bar."""


class MarkingScreen(EditingScreen):
    """Keys that mark rows, and the dialog for many of them at once."""

    def keys_now(self) -> list[tuple[str, str]] | None:
        """With rows marked, what a key does to all of them."""
        special = super().keys_now()
        if special is not None or not self._marking:
            return special
        keys = {name: self.shown_keys(actions.find(f"data.{name}")) for name in _ON_MARKED}
        return [(keys[name], word) for name, word in _ON_MARKED.items() if keys[name]]

    def action_mark(self) -> None:
        """With a range open, end it; else mark the row and go on."""
        row, table = self._row(), self._table
        if table.marks.anchor is not None:
            self.action_range()
            return
        table.marks.toggle(row)
        table.refresh_line(table.place)
        self._panes.go(table.place + 1)
        self._tell_marks()

    def action_range(self) -> None:
        """Begin a range at the cursor, or mark what lies between its beginning and the cursor."""
        self._row()
        table = self._table
        if table.marks.anchor is None:
            table.marks.anchor = table.place
        else:
            table.marks.end_range(table.view, table.place)
        table.refresh()
        self._tell_marks()

    async def action_clear(self) -> None:
        """As before, and the key bar follows the marks."""
        marking = self._marking
        await super().action_clear()
        if marking:
            self._tell_marks()

    async def action_exclude(self) -> None:
        rows = self._chosen()
        wanted = not bool(self._data().labelling.excluded[rows].all())
        await self._edit_rows(rows, lambda journal, keys: journal.set_excluded(keys, wanted, self._means(rows)))
        self._forget_marks()

    async def action_flag(self) -> None:
        rows = self._chosen()
        wanted = not bool(self._data().labelling.flagged[rows].all())
        await self._edit_rows(rows, lambda journal, keys: journal.set_flagged(keys, wanted, self._means(rows)))
        self._forget_marks()

    async def action_bulk(self) -> None:
        """Ask what to do with the marked rows, else with all that are shown."""
        data, view = self._data(), self._table.view
        marked = self._table.marked()
        rows = marked if len(marked) else np.asarray(view.rows, np.int64)
        if not len(rows):
            self._row()
        which = "marked" if len(marked) else "shown here" if view.narrowed else "of the dataset"
        labels = data.labelling.label_set

        async def carry_out(what: str) -> None:
            with self.workbench.reporting():
                if what != UNMARK:
                    await self._edit_rows(rows, lambda journal, keys: do_bulk(journal, labels, keys, what))
                self._forget_marks()

        async def confirmed(what: str, yes: bool | None) -> None:
            if yes:
                await carry_out(what)

        async def chosen(what: str | None) -> None:
            if what is None:
                return
            if len(marked) or what == UNMARK:
                await carry_out(what)
                return
            question = f"{counted(len(rows), 'row')}: {said_as(what)}?"
            detail = f"All {thousands(len(rows))} rows {which} change in one edit; u takes it back."
            await self.app.push_screen(
                Confirm(question, detail, "do it", "leave them"), lambda yes: confirmed(what, yes)
            )

        dialog = bulk_dialog(len(rows), which, data.counts(), self.workbench.look, marks=bool(len(marked)))
        await self.app.push_screen(dialog, chosen)

    def _chosen(self) -> Indices:
        """The rows that a key works on: the marked ones, else the one under the cursor."""
        marked = self._table.marked()
        return marked if len(marked) else np.array([self._row()], np.int64)

    def _means(self, rows: Indices) -> str:
        return "key" if len(rows) == 1 else "bulk"

    def _forget_marks(self) -> None:
        if self._table.marks.count(self._table.view, self._table.place):
            self._table.marks.clear()
            self._panes.repaint()
            self._tell_marks()

    @property
    def _marking(self) -> bool:
        table = self._table
        return self._opened is not None and table.marks.count(table.view, table.place) > 0

    def _tell_marks(self) -> None:
        self._panes.tell_place()
        self.query_one(KeyBar).refresh()
