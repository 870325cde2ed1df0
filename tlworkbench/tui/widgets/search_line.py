"""The line one types a search into; it counts while one types."""

import time
from dataclasses import dataclass, field

import numpy as np
from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static
from textual.worker import Worker, WorkerCancelled, WorkerFailed, get_current_worker

from tlworkbench.data.rows import Rows
from tlworkbench.data.search import joined, search_texts
from tlworkbench.errors import UserError
from tlworkbench.tui.dataset.view import Indices
from tlworkbench.tui.messages import WorkFailed
from tlworkbench.tui.text import counted, percent, thousands

_TELL_SECONDS = 0.15
"""How often a search that goes on tells what it has found."""


@dataclass(frozen=True, eq=False)
class Search:
    """What was looked for, and the rows that hold it."""

    needle: str = ""
    rows: Indices = field(default_factory=lambda: np.zeros(0, np.int64))
    fault: str = ""
    """Why nothing could be looked for."""
    looked: float = 1.0
    """Share of the rows that was looked at."""

    @property
    def done(self) -> bool:
        """Whether all rows were looked at."""
        return self.looked >= 1


class SearchLine(Horizontal):
    """Looks through the rows in a thread, anew with every letter. Posts `Searched` and `Entered`."""

    DEFAULT_CSS = """
    SearchLine { height: 1; width: 1fr; background: $panel; display: none; }
    SearchLine > #slash { width: 2; padding-left: 1; color: $accent; text-style: bold; }
    SearchLine > Input { width: 1fr; padding: 0; }
    SearchLine > #count { width: auto; max-width: 60%; padding: 0 1; color: $muted; text-wrap: nowrap; }
    """

    @dataclass
    class Searched(Message):
        """A search has found what `search` holds; more may follow until it is `done`."""

        search: Search

    @dataclass
    class Entered(Message):
        """The user is content with the search."""

        search: Search

    @dataclass
    class _Some(Message):
        """A search that goes on has found some rows."""

        search: Search
        worker: Worker[Search]

    def __init__(self) -> None:
        super().__init__()
        self.rows: Rows | None = None
        """What to look through."""
        self._worker: Worker[Search] | None = None

    def compose(self) -> ComposeResult:
        """A slash, the field, the count."""
        yield Static("/", id="slash")
        yield Input(placeholder="text, or re:pattern", compact=True)
        yield Static(id="count", markup=False)

    @property
    def is_open(self) -> bool:
        """Whether the field is there to be typed into."""
        return self.display

    def open(self, needle: str) -> None:
        """Show the field, holding the search of before, ready to be typed over."""
        self.display = True
        field = self.query_one(Input)
        field.value = needle
        self.screen.set_focus(field)
        field.action_select_all()

    def close(self) -> None:
        """Put the field away."""
        self.display = False

    def tell(self, search: Search, here: int) -> None:
        """Say what was found so far: `here` of these rows are among those shown."""
        if search.fault:
            told = Content.styled(search.fault, "$error")
        elif not search.needle:
            told = Content("")
        else:
            going = f" · {percent(search.looked)}" if not search.done else ""
            others = len(search.rows) - here
            beyond = f", {thousands(others)} more not shown" if others else ""
            told = Content(f"{counted(here, 'row')}{beyond}{going}")
        self.query_one("#count", Static).update(told)

    def search(self, needle: str) -> None:
        """Look for `needle`; a search that is still going is given up."""
        rows = self.rows
        if self._worker is not None:
            self._worker.cancel()
            self._worker = None
        if rows is None or not needle.removeprefix("re:"):
            self._done(Search())
            return

        def look() -> Search:
            worker = get_current_worker()
            parts: list[Indices] = []
            told = 0.0
            try:
                for batch in search_texts(rows, needle, cancelled=lambda: worker.is_cancelled):
                    parts.append(batch.rows)
                    now = time.monotonic()
                    if now - told > _TELL_SECONDS and len(batch.rows) and batch.looked < len(rows):
                        told = now
                        some = Search(needle, joined(parts), looked=batch.looked / len(rows))
                        self.post_message(self._Some(some, worker))
                return Search(needle, joined(parts))
            except UserError as error:
                return Search(needle, fault=error.what)
            except Exception as error:
                self.app.post_message(WorkFailed(error))
                return Search(needle, fault="the search failed")

        self._worker = self.run_worker(look, thread=True, group="search", exit_on_error=False)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """The last search has found what there is."""
        if event.worker is self._worker and event.worker.is_finished:
            self._worker = None
            if event.worker.result is not None:
                self._done(event.worker.result)

    @on(_Some)
    def _found_some(self, event: _Some) -> None:
        event.stop()
        if event.worker is self._worker:
            self.post_message(self.Searched(event.search))

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        if self.is_open:
            self.search(event.value)

    @on(Input.Submitted)
    async def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        # Keys typed ahead wait behind this message, so they meet the row that was found, not the one before.
        worker, self._worker = self._worker, None
        if worker is not None:
            try:
                self._done(await worker.wait())
            except (WorkerCancelled, WorkerFailed):
                self._done(Search(event.value))
        self.post_message(self.Entered(self._last))

    _last = Search()

    def _done(self, search: Search) -> None:
        self._last = search
        self.post_message(self.Searched(search))
