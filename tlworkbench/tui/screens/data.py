"""The Data screen: look at rows, put labels right by keyboard. Here: opening, importing, edits of others."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.widgets import Static

from tlworkbench.data.rows import Rows, key_text
from tlworkbench.errors import UserError
from tlworkbench.tui import actions
from tlworkbench.tui.background import in_background
from tlworkbench.tui.dataset.decisions import Decision, Decisions
from tlworkbench.tui.dataset.opened import Opened, stamp_of
from tlworkbench.tui.screens.data_checks import CheckingScreen
from tlworkbench.tui.screens.data_import import NO_DATASET
from tlworkbench.tui.screens.data_labels import LabellingScreen
from tlworkbench.tui.screens.data_suspects import SuspectsScreen
from tlworkbench.tui.text import counted
from tlworkbench.tui.widgets.data_panes import DataPanes

_RECENT = 50
"""Decisions of before that backspace leads back to."""
POLL_SECONDS = 0.5
"""How soon edits of another program show."""
_NEED_ROWS = {action.name for action in actions.in_scope("data")} - {"open"}


class DataScreen(SuspectsScreen, LabellingScreen, CheckingScreen):
    """Opens the dataset and keeps what is shown in step with it; see `LabellingScreen` and its bases for the keys."""

    SCOPE = "data"
    CSS_PATH = "data.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [*actions.bindings("data")]
    AUTO_FOCUS = "RowTable"
    VERTICAL_BREAKPOINTS = [(0, "-low"), (20, "-short"), (30, "-tall")]  # noqa: RUF012

    def __init__(self) -> None:
        super().__init__()
        self._fault = ""
        """The last error of looking for others' edits, so that it is told once."""
        self._tried = (0, 0)
        """Stamp of the file of rows that was opened last, or could not be."""

    def body(self) -> ComposeResult:
        """The panes, the progress of an import, and what stands there while there is no dataset."""
        yield DataPanes(id="panes")
        yield Static(NO_DATASET, id="nothing", classes="empty")
        yield Static(id="progress")

    def on_mount(self) -> None:
        """Open the dataset after the first paint."""
        kept = self.workbench.where.of("data")
        self.query_one("#right").set_class(kept.get("detail") is False, "-off")
        self._show_something(False)
        self.workbench.look_changed.subscribe(self, lambda _: self._panes.repaint())
        self.call_after_refresh(self._begin)
        self.set_interval(POLL_SECONDS, self._look_for_edits)

    def on_screen_resume(self) -> None:
        """Show what another screen asked for."""
        self._show_asked()

    def shown_keys(self, action: actions.Action) -> str:
        """Only the digits that have a label."""
        if action.id != "data.label":
            return super().shown_keys(action)
        labels = self._opened.labelling.label_set.labels if self._opened is not None else ()
        digits = [label.shortcut for label in labels if label.shortcut]
        return f"{digits[0]}-{digits[-1]}" if len(digits) > 1 else "".join(digits)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Without a dataset one can only be opened."""
        return self._opened is not None or self._panes.first is not None or action not in _NEED_ROWS

    def _reopen(self) -> None:
        """Open the file of rows where it is another one than before."""
        workspace = self.workbench.workspace
        stamp = stamp_of(workspace.rows_file)
        if stamp in (self._tried, (0, 0)):
            self._show_something(self._opened is not None)
            return
        self._tried = stamp
        before = self._opened
        try:
            self._opened = Opened.open(workspace)
        except UserError as error:
            self.workbench.report(error)
            self.query_one("#nothing", Static).update(Content(str(error)))
            self._show_something(before is not None)
            return
        with self.workbench.reporting():
            # Damaged suggestions are no reason not to show the rows.
            self._opened.advice.refresh()
        self._show_opened(self._opened, before)
        if before is not None:
            before.close()
        in_background(self, "prepare", self._opened.rows.prepare)
        self.refresh_bindings()

    def _show_opened(self, opened: Opened, before: Opened | None) -> None:
        kept = self.workbench.where.of("data")
        row = self._table.row
        if before is None and self._panes.first is not None:
            # Looked at while they were imported: in the order they have now, but their keys were not settled.
            place = row or 0
        else:
            wanted = key_text(before.key(row)) if before is not None and row is not None else kept.get("row")
            place = _row_of(opened.rows, wanted)
        needle = self._panes.search.needle if before is not None else kept.get("search")
        self._show_something(True)
        self._decisions = Decisions(_decided(opened))
        view = self._first_view(opened, kept)
        self._panes.show(opened, view, view.place(place) or 0)
        if isinstance(needle, str) and needle:
            self._panes.search_line.search(needle)
        self._panes.show_decisions(self._decisions)
        self._tell_counts()
        self._show_asked()

    def _show_something(self, rows: bool) -> None:
        self._panes.display = rows
        self.query_one("#nothing").display = not rows
        if rows and self.focused is None:
            self.set_focus(self._table)

    def _show_asked(self) -> None:
        asked = self.workbench.asked_rows
        if asked is None or self._opened is None:
            return
        self.workbench.asked_rows = None
        title, keys = asked
        rows = self._opened.rows.indices_of(keys)
        self.show_rows(title, rows[rows >= 0])
        if len(rows[rows >= 0]) < len(keys):
            self._panes.say(f"{counted(int((rows < 0).sum()), 'row')} no longer in the dataset")

    def _look_for_edits(self) -> None:
        """Others' edits, and a file of rows that another program put in place."""
        stamp = stamp_of(self.workbench.workspace.rows_file)
        if stamp not in (self._tried, (0, 0)):
            self._reopen()
        if self._opened is None:
            return
        self._panes.show_decisions(self._decisions)
        try:
            if self._opened.advice.refresh():
                self._panes.repaint()
            if self._opened.journal.version != self._opened.labelling.version:
                self._take_in()
        except UserError as error:
            if self._fault != error.what:
                self._fault = error.what
                self.workbench.report(error)

    @on(DataPanes.RowReached)
    def _reached(self, event: DataPanes.RowReached) -> None:
        if self._opened is not None:
            self.workbench.where.keep("data", row=key_text(self._opened.key(event.row)))


def _decided(opened: Opened) -> list[Decision]:
    """The labels given last, those of earlier days among them."""
    recent = opened.journal.recent_rows(_RECENT)
    return [Decision(change.key, change.label) for change in recent if change.label is not None]


def _row_of(rows: Rows, key: object) -> int:
    """The row with a key as it was kept; the first where there is none."""
    if isinstance(key, str) and len(key) == 16:
        try:
            return rows.index_of(int(key, 16)) or 0
        except ValueError:
            return 0
    return 0
