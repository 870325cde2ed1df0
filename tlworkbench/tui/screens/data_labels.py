"""One key a decision: digits, the picker, suggestions, and the way back to what was decided."""

from tlworkbench.errors import UserError
from tlworkbench.tui.dataset.decisions import Decision
from tlworkbench.tui.dataset.letter_codes import DIGITS_HOLD, letter_codes
from tlworkbench.tui.dataset.view import Indices
from tlworkbench.tui.screens.code_picker import SEARCH, CodedLabel, CodePicker
from tlworkbench.tui.screens.data_marks import MarkingScreen
from tlworkbench.tui.screens.label_picker import label_picker
from tlworkbench.tui.text import counted, thousands


class LabellingScreen(MarkingScreen):
    """Gives rows their labels; where rows are marked, one key labels all of them."""

    async def action_label(self, key: str) -> None:
        self._row()
        label = self._data().labelling.label_set.by_shortcut(key)
        if label is None:
            raise UserError(f"there is no label on {key}", "L shows the labels and their keys.")
        await self._label(label.id)

    async def action_unlabel(self) -> None:
        await self._label(-1)

    async def action_accept(self) -> None:
        """Give the rows the labels that were suggested for them."""
        rows, data = self._chosen(), self._data()
        suggested = data.predicted[rows]
        if len(rows) == 1:
            if suggested[0] < 0:
                raise UserError("nothing is suggested for this row", "S looks for wrong labels and suggests others.")
            self._label_and_next(int(rows[0]), int(suggested[0]), "suggestion")
            return
        rows = rows[suggested >= 0]
        if not len(rows):
            raise UserError("nothing is suggested for these rows", "S looks for wrong labels and suggests others.")
        await self._accept_many(rows)

    async def action_pick(self) -> None:
        row, data = self._row(), self._data()
        counts = data.counts()

        async def picked(name: str | None) -> None:
            if name is None:
                return
            with self.workbench.reporting():
                if name == SEARCH:
                    await self.app.push_screen(label_picker(counts, self.workbench.look), picked)
                elif self._row() == row:
                    await self._label(data.labelling.label_set.index(name))

        if len(counts) <= DIGITS_HOLD:
            await self.app.push_screen(label_picker(counts, self.workbench.look), picked)
            return
        await self.app.push_screen(CodePicker("Label", self._coded()), picked)

    def action_back(self) -> None:
        """Go back to the row decided last; again, to the one before it."""
        decision = self._decisions.back()
        if decision is None:
            self._panes.say("no decision before this one")
            return
        where = self._go_to_key(decision.key)
        row = self._data().rows.index_of(decision.key)
        told = f"row {thousands(row + 1)}" if row is not None else "a row"
        self._panes.say(f"back to {told}{where}" if not where else f"{told}:{where}")

    def _coded(self) -> list[CodedLabel]:
        # By id, so that a label keeps its letters when the set is put into another order or grows.
        labels = self._data().labelling.label_set.labels
        by_id = sorted(labels, key=lambda label: label.id)
        codes = dict(zip((label.id for label in by_id), letter_codes([label.name for label in by_id]), strict=True))
        look = self.workbench.look
        return [CodedLabel(codes[label.id], label.name, look.label(place)) for place, label in enumerate(labels)]

    async def _label(self, label_id: int) -> None:
        rows = self._chosen()
        if len(rows) == 1 and not self._table.marks.count(self._table.view, self._table.place):
            self._label_and_next(int(rows[0]), label_id, "key")
            return
        await self._edit_rows(rows, lambda journal, keys: journal.set_label(keys, label_id, "bulk"))
        self._forget_marks()

    async def _accept_many(self, rows: Indices) -> None:
        data = self._data()
        labels, suggested = data.labelling.label_set, data.predicted[rows]
        wanted = {label.name: data.keys(rows[suggested == label.id]) for label in labels.labels}
        await self._edit_rows(
            rows, lambda journal, _: journal.import_rows("the suggestions", wanted, {}, {}, means="suggestion")
        )
        self._forget_marks()

    def _label_and_next(self, row: int, label_id: int, means: str) -> None:
        key = self._data().key(row)
        edit = self._edit(lambda journal: journal.set_label([key], label_id, means))
        self._decisions.made(Decision(key, label_id))
        self._panes.show_decisions(self._decisions)
        if self._table.row == row:
            self._panes.go(self._table.place + 1)
        if edit is not None:
            self._panes.say(f"row {thousands(row + 1)}{edit.text.removeprefix(counted(1, 'row'))}")
