"""The filter menu: one line a condition, with the rows that each choice would leave."""

from typing import TYPE_CHECKING, ClassVar, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from tlworkbench.data.filter_counts import EITHER_FIELDS
from tlworkbench.data.filters import FilterInput, RowFilter
from tlworkbench.tui import actions
from tlworkbench.tui.background import in_background
from tlworkbench.tui.dataset.filter_draft import (
    LETTERS,
    LINES,
    FilterDraft,
    FilterLine,
    LineState,
    length_text,
    with_length,
)
from tlworkbench.tui.screens.ask import Ask
from tlworkbench.tui.screens.choose import Entry
from tlworkbench.tui.screens.choose_several import CHOSEN, ChooseSeveral
from tlworkbench.tui.screens.dialog import Dialog
from tlworkbench.tui.text import clean, counted, cut, fit, thousands
from tlworkbench.tui.widgets.key_bar import key_line
from tlworkbench.tui.widgets.line_list import LineList

if TYPE_CHECKING:
    from tlworkbench.tui.app import Workbench

_NAME = 13
_MORE = 8
"""Cells kept for telling how many choices there are beyond those shown."""
_EITHER = 18
"""Cells of a yes or no, so that they stand below each other."""
_TYPED = ("labels", "source_labels")


class FilterList(LineList):
    """One condition a line: key, name, choices with their rows; what is chosen stands behind a ●."""

    states: tuple[LineState, ...] = ()

    def line(self, place: int, width: int) -> Content:
        """One condition."""
        line, state = LINES[place], self.states[place]
        head = Content.assemble(
            (f"{line.key}  ", "bold $accent"), (fit(line.name, _NAME), "bold" if state.chosen else "$muted")
        )
        if state.told:
            sign = f"{CHOSEN} " if state.chosen else "  "
            told = cut(state.told, width - head.cell_length - 2)
            return head + Content.assemble((sign, "$primary"), (told, "$foreground" if state.chosen else "$muted"))
        return head + self._choices(line, state, width - head.cell_length)

    def _choices(self, line: FilterLine, state: LineState, room: int) -> Content:
        look = cast("Workbench", self.app).look
        drawn = Content("")
        ordered = list(enumerate(state.choices))
        if line.field not in EITHER_FIELDS:
            # What is chosen is seen first, however many there are.
            ordered.sort(key=lambda choice: not choice[1].chosen)
        for number, (place, choice) in enumerate(ordered):
            colour = look.label(place) if line.field == "labels" and choice.value else "$foreground"
            name = clean(choice.value) or "none"
            pieces = Content.assemble(
                (f"{CHOSEN} " if choice.chosen else "  ", "$primary"),
                (name, f"bold {colour}" if choice.chosen else colour if choice.rows else "$muted"),
                (f" {thousands(choice.rows)} ", "$muted"),
            )
            if line.field in EITHER_FIELDS:
                pieces = pieces.pad_right(max(0, _EITHER - pieces.cell_length))
            more = len(ordered) - number
            if drawn.cell_length + pieces.cell_length > room - (_MORE if more > 1 else 0):
                return drawn + Content.styled(f"  +{more}", "$muted")
            drawn = drawn + pieces
        return drawn


class FilterDialog(Dialog[RowFilter]):
    """Closes with the filter to apply, which may be the one of before; esc leaves everything as it was."""

    BINDINGS: ClassVar[list[BindingType]] = [*actions.bindings("filter")]

    class _WorkedOut(Message):
        """Something that the counts waited for is known."""

    def __init__(self, filter: RowFilter, given: FilterInput) -> None:
        super().__init__()
        self._draft = FilterDraft(filter, given)

    def compose(self) -> ComposeResult:
        """The conditions, what they leave, the keys."""
        with Vertical(id="dialog", classes="filter") as frame:
            frame.border_title = "Filter"
            yield FilterList(id="conditions", cursor_without_focus=True)
            yield Static(id="left")
            yield Static(id="keys")

    def on_mount(self) -> None:
        """Show the filter as it is; what takes long to work out comes later."""
        listed = self.query_one(FilterList)
        listed.styles.height = len(LINES)
        self.set_focus(listed)
        self._show(self._draft.filter)
        given = self._draft.given

        def work_out() -> None:
            _ = given.texts.lengths
            self.post_message(self._WorkedOut())
            given.texts.conflicts(given.labelling)
            self.post_message(self._WorkedOut())

        if not (given.texts.knows_lengths and given.texts.knows_conflicts(given.labelling)):
            in_background(self, "facts", work_out)

    def on_resize(self) -> None:
        """The keys that fit."""
        self.call_after_refresh(self._show_keys)

    async def action_turn(self, key: str) -> None:
        """Go to the line of a letter and change it."""
        self.query_one(FilterList).cursor = LETTERS.index(key)
        await self.action_change()

    async def action_change(self) -> None:
        """Change the line under the cursor: the next choice, a name, or a length."""
        line = self._line()
        if line.field in _TYPED:
            await self._ask_names(line)
        elif line.field == "length":
            await self._ask_length()
        elif not self._draft.state(line).told or line.field == "conflicts" or self._draft.is_set(line.field):
            self._show(self._draft.turned(line.field))
        else:
            self.app.bell()

    def action_any(self) -> None:
        """Take the condition under the cursor away."""
        self._show(self._draft.without(self._line().field))

    def action_all(self) -> None:
        """Take all conditions away."""
        self._show(RowFilter())

    def action_apply(self) -> None:
        self.dismiss(self._draft.filter)

    async def _ask_names(self, line: FilterLine) -> None:
        look = cast("Workbench", self.app).look
        names = [
            Entry(
                choice.value,
                clean(choice.value) or "none",
                "",
                counted(choice.rows, "row"),
                look.label(place) if line.field == "labels" and choice.value else "",
            )
            for place, choice in enumerate(self._draft.choices(line.field))
        ]
        dialog = ChooseSeveral(f"Filter: {line.name}", names, getattr(self._draft.filter, line.field))

        def chosen(taken: str | None) -> None:
            if taken is not None:
                self._show(self._draft.named(line.field, dialog.chosen))

        await self.app.push_screen(dialog, chosen)

    async def _ask_length(self) -> None:
        def typed(length: str | None) -> None:
            if length is not None:
                with cast("Workbench", self.app).reporting():
                    self._show(with_length(self._draft.filter, length))

        now = length_text(self._draft.filter)
        detail = "20-100: from 20 to 100 characters · 100-: at least · -20: at most"
        await self.app.push_screen(Ask("Filter: length", "20-100", detail, now), typed)

    def _line(self) -> FilterLine:
        return LINES[self.query_one(FilterList).cursor]

    @on(_WorkedOut)
    def _recount(self) -> None:
        self._show(self._draft.filter)

    def _show(self, filter: RowFilter) -> None:
        self._draft = self._draft.at(filter)
        listed = self.query_one(FilterList)
        listed.states = tuple(self._draft.state(line) for line in LINES)
        listed.show(len(LINES), listed.cursor)
        count, rows = self._draft.left(), len(self._draft.given.rows)
        told = "counting" if count is None else counted(count, "row")
        colour = "bold $warning" if count == 0 else "bold $foreground"
        self.query_one("#left", Static).update(
            Content.assemble((told, colour), (f" of {thousands(rows)} left", "$muted"))
        )
        self._show_keys()

    def _show_keys(self) -> None:
        keys = self.query_one("#keys", Static)
        entries = [(actions.shown(action.keys), action.label) for action in actions.in_scope("filter")[1:]]
        keys.update(key_line(entries, ("esc", "leave"), max(keys.size.width, 40)))
