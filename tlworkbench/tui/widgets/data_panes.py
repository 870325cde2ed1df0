"""The panes of the Data screen: rows, search, labels, the row under the cursor."""

from dataclasses import dataclass

import numpy as np
from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.content import Content
from textual.message import Message

from tlworkbench.data.rows import Rows
from tlworkbench.tui.dataset.decisions import Decisions
from tlworkbench.tui.dataset.nothing_shown import nothing_lines
from tlworkbench.tui.dataset.opened import Opened
from tlworkbench.tui.dataset.queue_progress import QueueProgress
from tlworkbench.tui.dataset.row_details import first_counts, first_detail
from tlworkbench.tui.dataset.row_source import FirstRows
from tlworkbench.tui.dataset.title_parts import fit_parts
from tlworkbench.tui.dataset.view import Indices, View, all_rows
from tlworkbench.tui.text import clean, cut, thousands
from tlworkbench.tui.widgets.edge_line import EdgeLine
from tlworkbench.tui.widgets.label_bar import LabelBar, LastLabel
from tlworkbench.tui.widgets.row_detail import RowDetail
from tlworkbench.tui.widgets.row_table import RowTable
from tlworkbench.tui.widgets.search_line import Search, SearchLine

_AROUND_TITLE = 12
"""Cells of the frame that its title's words can't have: corners, spaces, "Data"."""
_LAST = 3
"""Decisions that the label bar shows."""
_SAID = 24
"""Cells that what was just done keeps where the edge is short."""


class DataPanes(Container):
    """Draws an open dataset, or the first rows of one that is being imported. Holds no rules."""

    @dataclass
    class RowReached(Message):
        """The cursor stands on another row."""

        row: int

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self.opened: Opened | None = None
        self.search = Search()
        self.found: Indices = np.zeros(0, np.int64)
        """Places in the view that the search found, ascending."""
        self.first: Rows | None = None
        """Rows of an import that still runs, where there are no others to show."""
        self._said = ""
        self._progress: QueueProgress | None = None
        self._pace = 0
        """Labels a minute; 0 while there is nothing to tell."""

    def compose(self) -> ComposeResult:
        """Rows on the left, or above; the row under the cursor on the right, or below."""
        with Vertical(id="left"):
            with Container(id="frame", classes="pane"):
                yield RowTable(id="rows")
            yield EdgeLine(id="place")
            yield SearchLine()
            labels = LabelBar(id="labels")
            labels.border_title = "Labels"
            yield labels
        with Vertical(id="right"):
            yield EdgeLine(id="number", top=True)
            with Container(id="detail-frame", classes="pane"):
                yield RowDetail(id="detail")
            yield EdgeLine(id="more")

    @property
    def table(self) -> RowTable:
        """The rows."""
        return self.query_one(RowTable)

    @property
    def search_line(self) -> SearchLine:
        """The field of the search."""
        return self.query_one(SearchLine)

    @property
    def row(self) -> int | None:
        """The row under the cursor."""
        return self.table.row

    @property
    def count(self) -> int:
        """Rows there are, shown at the moment or not."""
        if self.opened is not None:
            return len(self.opened.rows)
        return len(self.first) if self.first is not None else 0

    def show(self, opened: Opened, view: View, place: int) -> None:
        """Draw a dataset."""
        self.opened, self.first = opened, None
        self._progress = QueueProgress(view, opened.labelling)
        self.search_line.rows = opened.rows
        self.table.nothing = nothing_lines(view, bool(len(opened.rows)))
        self.table.show(opened.source, view, place)
        self.set_search(self.search)
        self.repaint()

    def go(self, place: int) -> None:
        """Put the cursor at a place, or at the nearest end."""
        if self.table.go(place):
            self._said = ""
            self._show_row()
            self._show_edge()
            self.post_message(self.RowReached(self.table.view.row(self.table.place)))

    def show_first(self, rows: Rows) -> None:
        """Draw what there is of an import that still runs; the cursor stays where it is."""
        grown = self.first is not None
        self.first = rows
        if grown and self.table.grow(FirstRows(rows), all_rows(len(rows))):
            self._show_labels()
            self._show_edge()
            return
        self.table.show(FirstRows(rows), all_rows(len(rows)), self.table.place)
        self.repaint()

    def forget_first(self) -> None:
        """The import came to nothing."""
        if self.first is not None:
            self.table.show(FirstRows(self.first), all_rows(0))
            self.first = None

    def set_view(self, view: View, place: int) -> None:
        """Draw other rows of the dataset."""
        if self.opened is not None:
            self.show(self.opened, view, place)

    def set_search(self, search: Search) -> None:
        """Let what was found stand out."""
        self.search = search
        self.found = self.table.view.places(search.rows)
        self.search_line.tell(search, len(self.found))
        self.table.highlight(search.needle)
        self._show_title()
        self._show_edge()

    def say(self, text: str) -> None:
        """Tell what was just done, in the lower edge of the frame, until the cursor moves on."""
        self._said = text
        self._show_edge()

    def tell_place(self) -> None:
        """Draw the lower edge anew: marks, place, progress."""
        self._show_edge()

    def show_decisions(self, decisions: Decisions) -> None:
        """Let the last labels given be seen, and how quickly they come."""
        opened = self.opened
        if opened is None:
            return
        labels, last = opened.labelling.label_set, []
        for decision in decisions.last(_LAST):
            row = opened.rows.index_of(decision.key)
            if row is not None:
                label = labels.get(decision.label)
                place = int(labels.class_of[decision.label])
                last.append(LastLabel(row + 1, label.shortcut or label.name if label else "–", place))
        self.query_one(LabelBar).show_last(last)
        if decisions.per_minute() != self._pace:
            self._pace = decisions.per_minute()
            self._show_edge()

    def changed(self, rows: Indices) -> None:
        """Labels or marks of these rows are others now."""
        if self._progress is not None and len(rows):
            self._progress.changed(rows)
        self.table.refresh_rows(rows)
        self._show_labels()
        self._show_row()

    def repaint(self) -> None:
        """Draw everything as it is now."""
        self.table.refresh()
        self.query_one(RowDetail).forget()
        self._show_labels()
        self._show_row()
        self._show_title()
        self._show_edge()

    def light(self) -> None:
        """The focus has moved."""
        self.query_one("#place", EdgeLine).light(self.table.has_focus)
        for edge in ("#number", "#more"):
            self.query_one(edge, EdgeLine).light(self.query_one(RowDetail).has_focus)

    @on(RowDetail.Told)
    def _told_more(self, event: RowDetail.Told) -> None:
        self.query_one("#more", EdgeLine).say(event.text)

    @on(RowTable.RowClicked)
    def _clicked(self, event: RowTable.RowClicked) -> None:
        self.go(event.place)

    def on_resize(self) -> None:
        """Short facts in a low pane, a list in a high one; the title has other room."""
        self._show_row()
        self.call_after_refresh(self._show_title)

    def _show_row(self) -> None:
        row = self.table.row
        pane = self.query_one(RowDetail)
        self.query_one("#right").visible = row is not None
        if row is None or not self.query_one("#right").display:
            return
        self.query_one("#number", EdgeLine).say(f"Row {thousands(row + 1)}")
        if self.first is not None:
            detail = first_detail(self.first, row)
        elif self.opened is not None:
            detail = self.opened.detail(row)
        else:
            return
        pane.show(detail, short=self.screen.has_class("-narrow"))

    def _show_labels(self) -> None:
        if self.first is not None:
            counts, unlabelled = first_counts(self.first)
            self.query_one(LabelBar).show(counts, unlabelled)
        elif self.opened is not None:
            self.query_one(LabelBar).show(self.opened.counts(), self.opened.labelling.unlabelled)

    def _show_title(self) -> None:
        view = self.table.view
        parts = [(clean(words), "$primary") for words in view.words]
        if self.first is not None:
            parts.append(("being imported", "$primary"))
        if self.search.needle:
            parts.append((f"{'only ' if view.only_found else ''}/{clean(self.search.needle)}", "$primary"))
        elif view.only_found:
            parts.append(("only found", "$primary"))
        if view.order:
            parts.append((view.order, "$muted"))
        room = (self.query_one("#frame").outer_size.width or 80) - _AROUND_TITLE
        fitted, between = fit_parts([words for words, _ in parts], room)
        title: list[str | tuple[str, str]] = [("Data", "bold")]
        for place, (words, (_, colour)) in enumerate(zip(fitted, parts, strict=True)):
            title += [(between if place else "  ", "$muted"), (words, colour)]
        self.query_one("#frame").border_title = Content.assemble(*title)

    def _show_edge(self) -> None:
        table, view = self.table, self.table.view
        edge = [clean(self._said)] if self._said else []
        marked = table.marks.count(view, table.place)
        if marked:
            edge.append(
                f"{thousands(marked)} marked" + (" (v ends the range)" if table.marks.anchor is not None else "")
            )
        if self.search.needle:
            at, found = int(np.searchsorted(self.found, table.place)), thousands(len(self.found))
            here = at < len(self.found) and self.found[at] == table.place
            edge.append(f"match {thousands(at + 1)} of {found}" if here else f"{found} found")
        if self._progress is not None and self._progress.done:
            edge.append(f"{thousands(self._progress.done)} done")
        if self._pace:
            edge.append(f"{self._pace} a minute")
        of_all = f", {thousands(len(self.opened.rows))} in all" if view.narrowed and self.opened is not None else ""
        of_all = " so far" if self.first is not None else of_all
        standing = f"row {thousands(table.place + 1)} of {thousands(len(view))}" if len(view) else "no row"
        edge.append(f"{standing}{of_all}")
        line = self.query_one("#place", EdgeLine)
        room = (line.size.width or 80) - 6
        # Where one stands matters more than what was just said, which also shows in the row itself.
        if self._said and cell_len(" · ".join(edge)) > room:
            rest = cell_len(" · ".join(edge[1:])) + 3
            edge[0] = cut(edge[0], max(_SAID, room - rest))
        line.say(" · ".join(edge))
