"""The Data screen: look at rows, put labels right by keyboard."""

from collections.abc import Callable
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.widgets import Static

from tlworkbench.data.journal import Journal
from tlworkbench.data.row_edits import Edit
from tlworkbench.data.rows import Rows, key_text
from tlworkbench.errors import UserError
from tlworkbench.tui import actions
from tlworkbench.tui.label_plan import LabelPlan
from tlworkbench.tui.messages import JobUpdated
from tlworkbench.tui.opened import Opened, stamp_of
from tlworkbench.tui.screens.ask import Ask
from tlworkbench.tui.screens.base import WorkbenchScreen
from tlworkbench.tui.screens.bulk import UNMARK, bulk_dialog, do_bulk
from tlworkbench.tui.screens.data_import import Importing
from tlworkbench.tui.screens.label_picker import label_picker
from tlworkbench.tui.screens.label_set import LabelSetDialog, carry_out
from tlworkbench.tui.text import counted, thousands
from tlworkbench.tui.view import all_rows, next_place, only
from tlworkbench.tui.widgets.data_panes import DataPanes
from tlworkbench.tui.widgets.row_detail import RowDetail
from tlworkbench.tui.widgets.row_table import RowTable
from tlworkbench.tui.widgets.search_line import Search, SearchLine

POLL_SECONDS = 0.5
"""How soon edits of another program show."""
_EMPTY = Content.assemble(
    ("No dataset yet\n\n", "bold $foreground"),
    ("i", "bold $accent"),
    " opens one: a file, a folder or a Hub id\n",
    ("?", "bold $accent"),
    " lists all keys",
)


class DataScreen(WorkbenchScreen):
    """Turns keys into edits of the journal; what it shows is in `DataPanes`."""

    SCOPE = "data"
    CSS_PATH = "data.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [*actions.bindings("data")]
    AUTO_FOCUS = "RowTable"

    def __init__(self) -> None:
        super().__init__()
        self._opened: Opened | None = None
        self._fault = ""
        """The last error of looking for others' edits, so that it is told once."""

    def body(self) -> ComposeResult:
        """The panes, the progress of an import, and what stands there while there is no dataset."""
        yield DataPanes(id="panes")
        yield Static(_EMPTY, id="nothing", classes="empty")
        yield Static(id="progress")

    def on_mount(self) -> None:
        """Open the dataset after the first paint."""
        self._importing = Importing(self.workbench, self._show_first, self._show_progress, self._reopen)
        kept = self.workbench.where.of("data")
        self.query_one(RowDetail).display = kept.get("detail") is not False
        self._show_something(False)
        self._show_progress(None)
        self.workbench.look_changed.subscribe(self, lambda _: self._panes.repaint())
        self.call_after_refresh(self._reopen)
        self.set_interval(POLL_SECONDS, self._look_for_edits)

    def on_screen_resume(self) -> None:
        """Show what another screen asked for."""
        self._show_asked()

    @on(events.DescendantFocus)
    @on(events.DescendantBlur)
    def _focus_moved(self) -> None:
        self._panes.light(self._table.has_focus)

    def job_updated(self, update: JobUpdated) -> None:
        """An import goes on."""
        with self.workbench.reporting():
            self._importing.updated(update)

    def shown_keys(self, action: actions.Action) -> str:
        """Only the digits that have a label."""
        if action.id != "data.label":
            return super().shown_keys(action)
        labels = self._opened.labelling.label_set.labels if self._opened is not None else ()
        digits = [label.shortcut for label in labels if label.shortcut]
        return f"{digits[0]}-{digits[-1]}" if len(digits) > 1 else "".join(digits)

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

    # Showing

    def _reopen(self) -> None:
        workspace = self.workbench.workspace
        if not workspace.has_rows:
            self._show_something(self._opened is not None)
            return
        if self._opened is not None and self._opened.stamp == stamp_of(workspace.rows_file):
            return
        key = self._opened.key(row) if self._opened is not None and (row := self._table.row) is not None else None
        try:
            opened = Opened.open(workspace)
        except UserError as error:
            self.workbench.report(error)
            self.query_one("#nothing", Static).update(Content(str(error)))
            self._show_something(False)
            return
        if self._opened is not None:
            self._opened.close()
        first, self._opened = self._opened is None, opened
        kept = self.workbench.where.of("data")
        wanted = key_text(key) if key is not None else kept.get("row")
        self._table.marked.clear()
        self._show_something(True)
        self._panes.show(opened, all_rows(len(opened.rows)), _row_of(opened.rows, wanted))
        needle = kept.get("search") if first else self._panes.search.needle
        if isinstance(needle, str) and needle:
            self._panes.search_line.search(needle)
        self._tell_counts()
        self._show_asked()

    def _show_first(self, rows: Rows) -> None:
        self._show_something(True)
        self._panes.show_first(rows)

    def _show_progress(self, told: Content | None) -> None:
        line = self.query_one("#progress", Static)
        line.display = told is not None
        if told is not None:
            line.update(told)

    def _show_something(self, rows: bool) -> None:
        self._panes.display = rows
        self.query_one("#nothing").display = not rows
        if rows and self.focused is None:
            self._table.focus()

    def _show_asked(self) -> None:
        asked = self.workbench.asked_rows
        if asked is None or self._opened is None:
            return
        self.workbench.asked_rows = None
        title, keys = asked
        rows = self._opened.rows.indices_of(keys)
        self._panes.set_search(Search())
        self._panes.set_view(only(rows[rows >= 0], title), 0)
        if len(rows[rows >= 0]) < len(keys):
            self._panes.say(f"{counted(int((rows < 0).sum()), 'row')} no longer in the dataset")

    def _tell_counts(self) -> None:
        data = self._data()
        self.workbench.stands(rows=len(data.rows), edits=data.journal.edit_count)

    def _look_for_edits(self) -> None:
        """Others' edits, and a file of rows that another program put in place."""
        if self._opened is None:
            return
        try:
            if self._opened.journal.version != self._opened.labelling.version:
                self._take_in()
        except UserError as error:
            if self._fault != error.what:
                self._fault = error.what
                self.workbench.report(error)

    def _take_in(self) -> None:
        labelling = self._data().labelling
        labels = labelling.label_set
        changed = labelling.refresh()
        if labelling.label_set is labels:
            self._panes.changed(changed)
        else:
            self._panes.repaint()
        self._tell_counts()

    @on(DataPanes.RowReached)
    def _reached(self, event: DataPanes.RowReached) -> None:
        if self._opened is not None:
            self.workbench.where.keep("data", row=key_text(self._opened.key(event.row)))

    # Edits

    def _edit(self, make: Callable[[Journal], Edit | None]) -> Edit | None:
        """Make an edit; it is on disk before anything shows it."""
        edit = make(self._data().journal)
        self._take_in()
        if edit is not None:
            self._panes.say(edit.text)
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

    def action_pick(self) -> None:
        row, data = self._row(), self._data()

        def picked(name: str | None) -> None:
            if name is not None:
                with self.workbench.reporting():
                    self._label_and_next(row, data.labelling.label_set.index(name))

        self.app.push_screen(label_picker(data.counts(), self.workbench.look), picked)

    def action_exclude(self) -> None:
        row, data = self._row(), self._data()
        wanted = not bool(data.labelling.excluded[row])
        self._edit(lambda journal: journal.set_excluded([data.key(row)], wanted))

    def action_flag(self) -> None:
        row, data = self._row(), self._data()
        wanted = not bool(data.labelling.flagged[row])
        self._edit(lambda journal: journal.set_flagged([data.key(row)], wanted))

    def action_undo(self) -> None:
        self._step_back(self._edit(Journal.undo), "took back", "nothing to undo")

    def action_redo(self) -> None:
        self._step_back(self._edit(Journal.redo), "made again", "nothing to make again")

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

    def action_bulk(self) -> None:
        data, view = self._data(), self._table.view
        if self._table.marked:
            rows, which = sorted(self._table.marked), "marked"
        elif view.narrowed and len(view):
            rows, which = [int(row) for row in view.rows], "shown here"
        else:
            raise UserError("no rows are marked", "Mark some with space, or search and press v to see only those.")
        keys = data.keys(rows)

        def chosen(what: str | None) -> None:
            if what is None:
                return
            with self.workbench.reporting():
                if what != UNMARK:
                    self._edit(lambda journal: do_bulk(journal, data.labelling.label_set, keys, what))
                self._table.marked.clear()
                self._panes.repaint()

        self.app.push_screen(bulk_dialog(len(rows), which, data.counts(), self.workbench.look), chosen)

    def action_labels(self) -> None:
        data = self._data()

        def decided(plan: LabelPlan | None) -> None:
            if plan is not None:
                with self.workbench.reporting():
                    try:
                        said = carry_out(data.journal, plan)
                    finally:
                        self._take_in()
                    self._panes.say(said or "the labels are as they were")

        self.app.push_screen(LabelSetDialog(LabelPlan.of([(x.name, x.rows, x.key) for x in data.counts()])), decided)

    # Going about

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

    def action_jump(self) -> None:
        count = len(self._data().rows)

        def answered(number: str | None) -> None:
            if number is not None:
                with self.workbench.reporting():
                    self._jump(number, count)

        self.app.push_screen(Ask("Go to row", f"1 to {thousands(count)}"), answered)

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

    @on(SearchLine.Entered)
    def _entered(self, event: SearchLine.Entered) -> None:
        self._panes.search_line.close()
        self._table.focus()
        self._panes.set_search(event.search)
        self.workbench.where.keep("data", search=event.search.needle)
        if event.search.fault:
            self.workbench.report(UserError(event.search.fault, "Press / to change it."))
        elif event.search.needle and self._table.place not in self._panes.found:
            self._go_to_match(1)

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
        if panes.search_line.is_open:
            panes.search_line.close()
            self._table.focus()
            panes.search_line.search(str(self.workbench.where.of("data").get("search", "")))
        elif self._table.marked:
            self._table.marked.clear()
            panes.repaint()
        elif self._table.view.narrowed:
            self._show_all()
        elif panes.search.needle:
            panes.set_search(Search())
            self.workbench.where.keep("data", search="")

    def action_detail(self) -> None:
        pane = self.query_one(RowDetail)
        pane.display = not pane.display
        self.workbench.where.keep("data", detail=pane.display)
        self._panes.repaint()

    def action_open(self) -> None:
        self._importing.ask()


def _row_of(rows: Rows, key: object) -> int:
    """The row with a key as it was kept; the first where there is none."""
    if isinstance(key, str) and len(key) == 16:
        try:
            return rows.index_of(int(key, 16)) or 0
        except ValueError:
            return 0
    return 0
