"""Going about in the rows: cursor, jump, the whole row."""

from textual import events, on

from tlworkbench.errors import UserError
from tlworkbench.tui.dataset.opened import Opened
from tlworkbench.tui.screens.ask import Ask
from tlworkbench.tui.screens.base import WorkbenchScreen
from tlworkbench.tui.text import thousands
from tlworkbench.tui.widgets.data_panes import DataPanes
from tlworkbench.tui.widgets.row_table import RowTable


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

    def action_detail(self) -> None:
        pane = self.query_one("#right").toggle_class("-off")
        self.workbench.where.keep("data", detail=not pane.has_class("-off"))
        self._panes.repaint()
