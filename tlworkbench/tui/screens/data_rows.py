"""Going about in the rows: cursor, search, jump, what is shown alone."""

import numpy as np
from textual import events, on

from tlworkbench.errors import UserError
from tlworkbench.tui.opened import Opened
from tlworkbench.tui.screens.ask import Ask
from tlworkbench.tui.screens.base import WorkbenchScreen
from tlworkbench.tui.text import counted, thousands
from tlworkbench.tui.view import all_rows, next_place, only
from tlworkbench.tui.widgets.data_panes import DataPanes
from tlworkbench.tui.widgets.row_table import RowTable
from tlworkbench.tui.widgets.search_line import Search, SearchLine


class RowsScreen(WorkbenchScreen):
    """A screen with `DataPanes` and, once there is one, an open dataset."""

    def __init__(self) -> None:
        super().__init__()
        self._opened: Opened | None = None

    @property
    def _panes(self) -> DataPanes:
        return self.query_one(DataPanes)

    @property
    def _table(self) -> RowTable:
        return self._panes.table

    def _data(self) -> Opened:
        if self._opened is None:
            raise UserError("there is no dataset yet", "Press i to open one.")
        return self._opened

    def _row(self) -> int:
        """The row under the cursor."""
        self._data()
        row = self._table.row
        if row is None:
            raise UserError("there is no row here", "Press esc to see all rows.")
        return row

    @on(events.DescendantFocus)
    @on(events.DescendantBlur)
    def _focus_moved(self) -> None:
        self._panes.light()

    def action_down(self) -> None:
        self._panes.go(self._table.place + 1)

    def action_up(self) -> None:
        self._panes.go(self._table.place - 1)

    def action_page_down(self) -> None:
        self._panes.go(self._table.place + self._table.page())

    def action_page_up(self) -> None:
        self._panes.go(self._table.place - self._table.page())

    def action_first(self) -> None:
        self._panes.go(0)

    def action_last(self) -> None:
        self._panes.go(len(self._table.view) - 1)

    def keys_now(self) -> list[tuple[str, str]] | None:
        """While a search is typed, letters are no commands."""
        return [("enter", "go to the first"), ("esc", "leave it")] if self._panes.search_line.is_open else None

    async def action_jump(self) -> None:
        count = self._panes.count
        if not count:
            self._data()

        def answered(number: str | None) -> None:
            if number is not None:
                with self.workbench.reporting():
                    self._jump(number, self._panes.count)

        await self.app.push_screen(Ask("Go to row", f"1 to {thousands(count)}"), answered)

    def _jump(self, number: str, count: int) -> None:
        digits = number.replace(" ", "")
        if not digits.isdecimal() or not 1 <= int(digits) <= count:
            raise UserError(f"there is no row '{number}'", f"Rows go from 1 to {thousands(count)}.")
        place = self._table.view.place(int(digits) - 1)
        if place is None:
            raise UserError(f"row {number} is not among the rows shown", "Press esc to see all rows.")
        self._panes.go(place)

    def action_search(self) -> None:
        self._data()
        self._panes.search_line.open(self._panes.search.needle)

    @on(SearchLine.Searched)
    def _searched(self, event: SearchLine.Searched) -> None:
        self._panes.set_search(event.search)
        if self._panes.search_line.is_open:
            # What is found shows while one types; the cursor goes there with enter only.
            found = self._panes.found
            here = found[np.searchsorted(found, self._table.place) % len(found)] if len(found) else None
            self._table.peek(None if here is None else int(here))

    @on(SearchLine.Entered)
    def _entered(self, event: SearchLine.Entered) -> None:
        self._panes.search_line.close()
        self.set_focus(self._table)
        self._panes.set_search(event.search)
        self.workbench.where.keep("data", search=event.search.needle)
        if event.search.fault:
            self.workbench.report(UserError(event.search.fault, "Press / to change it."))
        elif event.search.needle and self._table.place not in self._panes.found:
            self._go_to_match(1)
        self._table.peek(None)

    def action_next_match(self) -> None:
        self._go_to_match(1)

    def action_previous_match(self) -> None:
        self._go_to_match(-1)

    def _go_to_match(self, step: int) -> None:
        search = self._panes.search
        if not search.needle:
            raise UserError("nothing was searched for yet", "Press / to search.")
        place = next_place(self._panes.found, self._table.place, step)
        if place is None:
            self._panes.say(f"no row holds '{search.needle}'")
        else:
            self._panes.go(place)

    def action_only_found(self) -> None:
        data, search, view = self._data(), self._panes.search, self._table.view
        if view.narrowed:
            self._show_all()
        elif not len(search.rows):
            raise UserError("no rows were found to show alone", "Press / to search first.")
        else:
            row = self._row()
            shown = only(search.rows, "only found")
            self._panes.set_view(shown, shown.place(row) or 0)
        self._panes.say(f"{counted(len(self._table.view), 'row')} of {thousands(len(data.rows))}")

    def _show_all(self) -> None:
        row = self._table.row
        self._panes.set_view(all_rows(len(self._data().rows)), row or 0)

    def action_clear(self) -> None:
        """One thing at a time, the latest first."""
        panes = self._panes
        toasts = bool(self.query("Toast"))
        self.app.clear_notifications()
        if panes.search_line.is_open:
            panes.search_line.close()
            self._table.peek(None)
            self.set_focus(self._table)
            panes.search_line.search(str(self.workbench.where.of("data").get("search", "")))
        elif self._table.marks.count(self._table.view, self._table.place):
            self._table.marks.clear()
            panes.repaint()
        elif self._table.view.narrowed:
            self._show_all()
        elif panes.search.needle:
            panes.set_search(Search())
            self.workbench.where.keep("data", search="")
        elif not toasts:
            self._nothing_to_clear()

    def _nothing_to_clear(self) -> None:
        """What esc means when there is nothing else for it."""

    def action_detail(self) -> None:
        pane = self.query_one("#right").toggle_class("-off")
        self.workbench.where.keep("data", detail=not pane.has_class("-off"))
        self._panes.repaint()
