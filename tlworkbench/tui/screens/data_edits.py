"""Edits by key: marks, undo and redo, notes, the history, the label set."""

import asyncio
import time
from collections.abc import Callable

from tlworkbench.data.journal import Journal
from tlworkbench.data.label_rules import parse_rules, preview
from tlworkbench.data.row_edits import Edit
from tlworkbench.tui.dataset.decisions import Decision, Decisions
from tlworkbench.tui.dataset.label_plan import LabelPlan
from tlworkbench.tui.dataset.view import Indices
from tlworkbench.tui.screens.ask import Ask
from tlworkbench.tui.screens.choose import Choose, Entry
from tlworkbench.tui.screens.data_finding import FindingScreen
from tlworkbench.tui.screens.label_set import LabelSetDialog, carry_out
from tlworkbench.tui.text import clean, thousands

_MANY = 2_000
"""Rows whose edit is written in a thread, so that the screen goes on being painted."""
_HISTORY = 500
"""Edits in the history."""


class EditingScreen(FindingScreen):
    """Turns keys into edits of the journal; each is on disk before it shows."""

    def __init__(self) -> None:
        super().__init__()
        self._decisions = Decisions()

    def _take_in(self) -> None:
        """Show what the journal holds now, whoever wrote it."""
        labelling = self._data().labelling
        labels = labelling.label_set
        changed = labelling.refresh()
        self._data().advice.changed(changed)
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

    async def _edit_rows(self, rows: Indices, make: Callable[[Journal, list[int]], Edit | None]) -> Edit | None:
        """One edit of these rows, in a thread where they are many; `make` gets their keys."""
        keys = self._data().keys(rows)
        if len(rows) > _MANY:
            return await self._edit_many(lambda journal: make(journal, keys), f"writing {thousands(len(rows))} rows …")
        return self._edit(lambda journal: make(journal, keys))

    async def action_undo(self) -> None:
        self._step_back(await self._edit_many(Journal.undo), "took back", "nothing to undo")

    async def action_redo(self) -> None:
        self._step_back(await self._edit_many(Journal.redo), "made again", "nothing to make again")

    def _step_back(self, edit: Edit | None, done: str, nothing: str) -> None:
        if edit is None:
            self._panes.say(nothing)
            return
        said = f"{done}: {edit.text}"
        if edit.key is not None:
            if edit.kind == "label":
                self._follow_decision(edit)
            said += self._go_to_key(edit.key)
        self._panes.say(said)

    def _follow_decision(self, edit: Edit) -> None:
        if edit.key is None or edit.rows > 1:
            return
        if edit.state == "applied":
            row = self._data().rows.index_of(edit.key)
            if row is not None:
                self._decisions.made(Decision(edit.key, int(self._data().labelling.current[row])))
        else:
            self._decisions.undone(edit.key)
        self._panes.show_decisions(self._decisions)

    def _go_to_key(self, key: int) -> str:
        """Put the cursor on the row with a key; what stands in the way, in words, where it can't be."""
        row = self._data().rows.index_of(key)
        if row is None:
            return " (its row is no longer in the dataset)"
        place = self._table.view.place(row)
        if place is None:
            return f" (row {thousands(row + 1)}, not among these)"
        self._panes.go(place)
        return ""

    async def action_note(self) -> None:
        row, data = self._row(), self._data()
        key = data.key(row)
        before = data.journal.notes().get(key, "")

        def written(note: str | None) -> None:
            if note is not None:
                with self.workbench.reporting():
                    self._edit(lambda journal: journal.set_note(key, "" if note == "-" else note, "key"))

        detail = "- takes the note away" if before else ""
        await self.app.push_screen(Ask(f"Note on row {thousands(row + 1)}", "a few words", detail, before), written)

    async def action_history(self) -> None:
        data = self._data()
        edits = {str(edit.id): edit for edit in data.journal.edits(_HISTORY)}
        entries = [
            Entry(name, self._told(edit), _when(edit.at), f"{edit.means}, {clean(edit.who)}{_state(edit)}")
            for name, edit in edits.items()
        ]
        if not entries:
            self._panes.say("no edits yet")
            return

        def chosen(name: str | None) -> None:
            key = edits[name].key if name is not None else None
            if name is not None:
                with self.workbench.reporting():
                    where = self._go_to_key(key) if key is not None else " (an edit of the label set)"
                    self._panes.say(f"{self._told(edits[name])}{where}")

        await self.app.push_screen(Choose("Edits, newest first", entries, "no such edit"), chosen)

    def _told(self, edit: Edit) -> str:
        """An edit in words; of a single row its number."""
        row = self._data().rows.index_of(edit.key) if edit.rows == 1 and edit.key is not None else None
        return clean(edit.text if row is None else f"row {thousands(row + 1)}{edit.text.removeprefix('1 row')}")

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

        stored, given = data.journal.stored_labels(), data.labelling.rows_by_id()
        by_rule = any(label.source is not None for label in stored.values())
        await self.app.push_screen(
            LabelSetDialog(
                LabelPlan.of([(x.name, x.rows, x.key) for x in data.counts()]),
                (lambda rules: preview(stored, *given, parse_rules(rules))) if by_rule else None,
            ),
            decided,
        )


def _when(at: float) -> str:
    """A time as the history says it: the hour today, else the day."""
    then, today = time.localtime(at), time.localtime()
    return time.strftime("%H:%M:%S" if then[:3] == today[:3] else "%d %b %H:%M", then)


def _state(edit: Edit) -> str:
    return {"applied": "", "undone": ", taken back", "abandoned": ", taken back for good"}[edit.state]
