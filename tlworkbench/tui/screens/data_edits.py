"""Edits by key: labels, marks, undo, many rows at once, the label set."""

import asyncio
from collections.abc import Callable

from tlworkbench.data.journal import Journal
from tlworkbench.data.row_edits import Edit
from tlworkbench.errors import UserError
from tlworkbench.tui.label_plan import LabelPlan
from tlworkbench.tui.screens.bulk import UNMARK, bulk_dialog, do_bulk
from tlworkbench.tui.screens.data_rows import RowsScreen
from tlworkbench.tui.screens.label_picker import label_picker
from tlworkbench.tui.screens.label_set import LabelSetDialog, carry_out
from tlworkbench.tui.text import counted, thousands


class EditingScreen(RowsScreen):
    """Turns keys into edits of the journal; each is on disk before it shows."""

    def _take_in(self) -> None:
        """Show what the journal holds now, whoever wrote it."""
        labelling = self._data().labelling
        labels = labelling.label_set
        changed = labelling.refresh()
        if labelling.label_set is labels:
            self._panes.changed(changed)
        else:
            self._panes.repaint()
            self.refresh_bindings()
        self._tell_counts()

    def _tell_counts(self) -> None:
        data = self._data()
        self.workbench.stands(rows=len(data.rows), edits=data.journal.edit_count)

    def _edit(self, make: Callable[[Journal], Edit | None]) -> Edit | None:
        """Make an edit; it is on disk before anything shows it."""
        edit = make(self._data().journal)
        self._take_in()
        if edit is not None:
            self._panes.say(edit.text)
        return edit

    async def _edit_many(self, make: Callable[[Journal], Edit | None], told: str = "") -> Edit | None:
        """The same for edits of any number of rows: written in a thread, while keys wait for it."""
        data = self._data()
        self._panes.say(told)
        edit = await asyncio.to_thread(make, data.journal)
        self._take_in()
        self._panes.say(edit.text if edit is not None else "")
        return edit

    def _label_and_next(self, row: int, label_id: int) -> None:
        key = self._data().key(row)
        edit = self._edit(lambda journal: journal.set_label([key], label_id, "key"))
        if self._table.row == row:
            self._panes.go(self._table.place + 1)
        if edit is not None:
            self._panes.say(f"row {thousands(row + 1)}{edit.text.removeprefix('1 row')}")

    def action_label(self, key: str) -> None:
        row = self._row()
        label = self._data().labelling.label_set.by_shortcut(key)
        if label is None:
            raise UserError(f"there is no label on {key}", "L shows the labels and their keys.")
        self._label_and_next(row, label.id)

    def action_unlabel(self) -> None:
        self._label_and_next(self._row(), -1)

    async def action_pick(self) -> None:
        row, data = self._row(), self._data()

        def picked(name: str | None) -> None:
            if name is not None:
                with self.workbench.reporting():
                    self._label_and_next(row, data.labelling.label_set.index(name))

        await self.app.push_screen(label_picker(data.counts(), self.workbench.look), picked)

    def action_exclude(self) -> None:
        row, data = self._row(), self._data()
        wanted = not bool(data.labelling.excluded[row])
        self._edit(lambda journal: journal.set_excluded([data.key(row)], wanted))

    def action_flag(self) -> None:
        row, data = self._row(), self._data()
        wanted = not bool(data.labelling.flagged[row])
        self._edit(lambda journal: journal.set_flagged([data.key(row)], wanted))

    async def action_undo(self) -> None:
        self._step_back(await self._edit_many(Journal.undo), "took back", "nothing to undo")

    async def action_redo(self) -> None:
        self._step_back(await self._edit_many(Journal.redo), "made again", "nothing to make again")

    def _step_back(self, edit: Edit | None, done: str, nothing: str) -> None:
        if edit is None:
            self._panes.say(nothing)
            return
        said = f"{done}: {edit.text}"
        row = self._data().rows.index_of(edit.key) if edit.key is not None else None
        if row is not None:
            place = self._table.view.place(row)
            if place is None:
                said += f" (row {thousands(row + 1)}, not among these)"
            else:
                self._panes.go(place)
        self._panes.say(said)

    def action_mark(self) -> None:
        self._table.marked.symmetric_difference_update({self._row()})
        self._table.refresh_line(self._table.place)
        self._panes.go(self._table.place + 1)

    async def action_bulk(self) -> None:
        data, view = self._data(), self._table.view
        if self._table.marked:
            rows, which = sorted(self._table.marked), "marked"
        elif view.narrowed and len(view):
            rows, which = [int(row) for row in view.rows], "shown here"
        else:
            raise UserError("no rows are marked", "Mark some with space, or search and press v to see only those.")
        keys = data.keys(rows)

        async def chosen(what: str | None) -> None:
            if what is None:
                return
            with self.workbench.reporting():
                if what != UNMARK:
                    labels, told = data.labelling.label_set, f"writing {counted(len(rows), 'row')} …"
                    await self._edit_many(lambda journal: do_bulk(journal, labels, keys, what), told)
                self._table.marked.clear()
                self._panes.repaint()

        await self.app.push_screen(bulk_dialog(len(rows), which, data.counts(), self.workbench.look), chosen)

    async def action_labels(self) -> None:
        data = self._data()

        def decided(plan: LabelPlan | None) -> None:
            if plan is not None:
                with self.workbench.reporting():
                    try:
                        said = carry_out(data.journal, plan)
                    finally:
                        self._take_in()
                    self._panes.say(said or "the labels are as they were")

        await self.app.push_screen(
            LabelSetDialog(LabelPlan.of([(x.name, x.rows, x.key) for x in data.counts()])), decided
        )
