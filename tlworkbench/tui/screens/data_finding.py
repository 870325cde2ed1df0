"""Which rows are shown, and what is found among them: search, filter, order."""

import asyncio
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from textual import on

from tlworkbench.data.filters import RowFilter
from tlworkbench.errors import UserError
from tlworkbench.tui.dataset.opened import Opened
from tlworkbench.tui.dataset.shown import AskedRows, Shown, filter_input, shown_from, view_of, without
from tlworkbench.tui.dataset.view import Indices, View, all_rows, next_place
from tlworkbench.tui.screens.data_rows import RowsScreen
from tlworkbench.tui.screens.row_filter import FilterDialog
from tlworkbench.tui.screens.row_order import OrderMenu
from tlworkbench.tui.text import counted
from tlworkbench.tui.widgets.search_line import Search, SearchLine


@dataclass(frozen=True)
class _Before:
    """What was to be seen before another screen asked for rows."""

    shown: Shown
    needle: str
    row: int | None


class FindingScreen(RowsScreen):
    """Keys that change which rows are shown. Rows that were edited stay in sight until the view is asked for again."""

    def __init__(self) -> None:
        super().__init__()
        self._shown = Shown()
        self._before: _Before | None = None
        self._narrow_when_found = False
        """Only found rows were shown at the last start, and the search is still going."""

    def show_rows(self, title: str, rows: Indices, suggests: bool = False) -> None:
        """Show these rows alone, in their order, until esc brings back what is shown now.

        suggests: they are looked at for what is suggested for them.
        """
        search = self._panes.search
        if self._before is None:
            self._before = _Before(self._shown, search.needle, self._table.row)
        self._panes.search_line.search("")
        self._panes.set_search(Search())
        self._shown = Shown(asked=AskedRows(title, rows, suggests))
        self._panes.set_view(view_of(self._shown, self._data(), rows), 0)

    def _first_view(self, opened: Opened, kept: dict[str, Any]) -> View:
        """The view to open a dataset with: as it was kept, or as it is where one took another's place."""
        if self._before is not None:
            self._shown, self._before = self._before.shown, None
        elif self._panes.opened is None:
            self._shown = shown_from(kept)
        # What was found before is found anew.
        self._narrow_when_found = self._shown.only_found
        self._shown = replace(self._shown, only_found=False)
        try:
            return view_of(self._shown, opened, np.zeros(0, np.int64))
        except UserError as error:
            self.workbench.report(error)
            self._shown = Shown()
            return all_rows(len(opened.rows))

    async def _show(self, shown: Shown, row: int | None = None) -> None:
        """Work out the rows to show, in a thread while keys wait; the cursor stays on its row, or goes near it."""
        data, found = self._data(), self._panes.search.rows
        view = await asyncio.to_thread(view_of, shown, data, found)
        row = self._table.row if row is None else row
        place = None if row is None else view.place(row)
        if place is None:
            # In the file's order: the next row that is there.
            ascending = shown.asked is None and not view.order
            place = int(np.searchsorted(view.rows, row or 0)) if ascending else 0
        self._shown = shown
        self._narrow_when_found = False
        self._panes.say("")
        self._panes.set_view(view, place)
        if self._before is None:
            self.workbench.where.keep("data", **shown.kept())

    async def action_filter(self) -> None:
        """Ask for the filter; enter applies it anew even where it stays as it was."""

        async def decided(filter: RowFilter | None) -> None:
            if filter is not None:
                with self.workbench.reporting():
                    await self._show(replace(self._shown, filter=filter))

        await self.app.push_screen(FilterDialog(self._shown.filter, filter_input(self._data())), decided)

    async def action_order(self) -> None:
        """Ask for the order."""
        suggesting = self._data().advice.suggestions is not None

        async def decided(chosen: tuple[str, int] | None) -> None:
            if chosen is not None:
                with self.workbench.reporting():
                    await self._show(replace(self._shown, order=chosen[0], seed=chosen[1]))
                    self._panes.go(0)

        await self.app.push_screen(OrderMenu(self._shown.order, self._shown.seed, suggesting), decided)

    async def action_only_found(self) -> None:
        if not self._shown.only_found and not len(self._panes.found):
            raise UserError("no rows were found to show alone", "Press / to search first.")
        await self._show(replace(self._shown, only_found=not self._shown.only_found))

    async def action_again(self) -> None:
        """Look again which rows fit, and put them into their order."""
        before = len(self._table.view)
        await self._show(self._shown)
        gone = before - len(self._table.view)
        told = f", {abs(gone)} {'fewer' if gone > 0 else 'more'} than before" if gone else ", as before"
        self._panes.say(f"{counted(len(self._table.view), 'row')} shown{told}")

    async def action_search(self) -> None:
        self._data()
        if self._shown.only_found:
            # A new search is for all that is shown otherwise.
            await self._show(replace(self._shown, only_found=False))
        self._panes.search_line.open(self._panes.search.needle)

    @on(SearchLine.Searched)
    async def _searched(self, event: SearchLine.Searched) -> None:
        self._panes.set_search(event.search)
        if self._panes.search_line.is_open:
            # What is found shows while one types; the cursor goes there with enter only.
            found = self._panes.found
            here = found[np.searchsorted(found, self._table.place) % len(found)] if len(found) else None
            self._table.peek(None if here is None else int(here))
        elif self._narrow_when_found and event.search.done and event.search.needle:
            with self.workbench.reporting():
                await self._show(replace(self._shown, only_found=True))

    @on(SearchLine.Entered)
    def _entered(self, event: SearchLine.Entered) -> None:
        self._panes.search_line.close()
        self.set_focus(self._table)
        self._panes.set_search(event.search)
        if self._before is None:
            self.workbench.where.keep("data", search=event.search.needle)
        if event.search.fault:
            self.workbench.report(UserError(event.search.fault, "Press / to change it."))
        elif event.search.needle and not self._on_match():
            self._go_to_match(1)
        self._table.peek(None)

    def action_next_match(self) -> None:
        self._go_to_match(1)

    def action_previous_match(self) -> None:
        self._go_to_match(-1)

    def _on_match(self) -> bool:
        found, place = self._panes.found, self._table.place
        at = int(np.searchsorted(found, place))
        return at < len(found) and int(found[at]) == place

    def _go_to_match(self, step: int) -> None:
        search = self._panes.search
        if not search.needle:
            raise UserError("nothing was searched for yet", "Press / to search.")
        place = next_place(self._panes.found, self._table.place, step)
        if place is not None:
            self._panes.go(place)
        elif len(search.rows):
            self._panes.say(f"none here, {counted(len(search.rows), 'row')} not shown")
        else:
            self._panes.say(f"no row holds '{search.needle}'")

    async def action_clear(self) -> None:
        """One thing at a time."""
        panes, table = self._panes, self._table
        toasts = bool(self.query("Toast"))
        self.app.clear_notifications()
        if panes.search_line.is_open:
            panes.search_line.close()
            table.peek(None)
            self.set_focus(table)
            panes.search_line.search(self._needle_before())
        elif table.marks.count(table.view, table.place):
            table.marks.clear()
            panes.repaint()
        elif panes.search.needle and len(table.view) and not self._shown.only_found:
            panes.search_line.search("")
            panes.set_search(Search())
            if self._before is None:
                self.workbench.where.keep("data", search="")
        elif (less := without(self._shown)) is not None:
            await self._show(less[0])
            panes.say(f"took away {less[1]}")
        elif self._before is not None:
            before, self._before = self._before, None
            row = table.row if before.row is None or before.shown == Shown() else before.row
            await self._show(before.shown, row)
            panes.search_line.search(before.needle)
        elif not toasts:
            self._nothing_to_clear()

    def _nothing_to_clear(self) -> None:
        """What esc means when there is nothing else for it."""

    def _needle_before(self) -> str:
        """What was searched for before the field was opened."""
        return str(self.workbench.where.of("data").get("search", "")) if self._before is None else ""
