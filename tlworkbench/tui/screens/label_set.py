"""The label set: rename, merge, drop, add and order labels, with the counts before and after."""

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.suggester import SuggestFromList
from textual.widgets import Input, Static

from tlworkbench.data.journal import Journal
from tlworkbench.tui import actions
from tlworkbench.tui.label_plan import LabelPlan
from tlworkbench.tui.screens.dialog import Dialog
from tlworkbench.tui.text import clean, counted, fit, thousands
from tlworkbench.tui.widgets.key_bar import key_line
from tlworkbench.tui.widgets.line_list import LineList

if TYPE_CHECKING:
    from tlworkbench.tui.app import Workbench

_NAME = 20
_LONGEST = 12
"""Labels in sight at once."""


class PlanList(LineList):
    """One label a line: key, name, rows, and what becomes of it."""

    plan: LabelPlan = LabelPlan((), ())

    def line(self, place: int, width: int) -> Content:
        """One label."""
        label = self.plan.labels[place]
        look = cast("Workbench", self.app).look
        pieces: list[tuple[str, str] | str] = [
            (f"{label.key or ' ':<2} ", "bold $accent"),
            (fit(clean(label.old) or "new", _NAME), look.label(place) if label.old else "$muted"),
            (f"{thousands(label.rows):>9}", "$muted"),
        ]
        if label.changed:
            places = {name: number for number, (name, _) in enumerate(self.plan.after())}
            target = (clean(label.new), look.label(places[label.new])) if label.new else ("dropped", "$warning")
            pieces += [("   → ", "$muted"), target]
        return Content.assemble(*pieces)


class LabelSetDialog(Dialog[LabelPlan]):
    """Closes with the plan to carry out; nothing is changed before."""

    BINDINGS: ClassVar[list[BindingType]] = [*actions.bindings("labels")]

    def __init__(self, plan: LabelPlan) -> None:
        super().__init__()
        self._plan = plan
        self._typed: Callable[[str], LabelPlan] | None = None

    def compose(self) -> ComposeResult:
        """Labels, what comes out, the field for names, keys."""
        with Vertical(id="dialog", classes="label-set") as frame:
            frame.border_title = "Labels"
            yield PlanList(id="plan")
            yield Static(id="after")
            yield Input(compact=True)
            yield Static(id="keys")

    def on_mount(self) -> None:
        """Show the labels as they are."""
        self.query_one(Input).display = False
        self.set_focus(self.query_one(PlanList))
        self._show(self._plan, 0)

    def on_resize(self) -> None:
        """The keys that fit."""
        self.call_after_refresh(self._show_keys)

    def action_rename(self) -> None:
        """Ask for the label's name; one that is there already merges the two."""
        place = self._place()
        if place is not None:
            label = self._plan.labels[place]
            self._ask(label.new or label.old, lambda name: self._plan.renamed(place, name), place + 1)

    def action_add(self) -> None:
        """Ask for the name of a new label."""
        self._ask("", lambda name: self._plan.added(name), len(self._plan.labels))

    def action_merge(self) -> None:
        self._change(lambda place: (self._plan.merged(place), place + 1))

    def action_drop(self) -> None:
        self._change(lambda place: (self._plan.dropped(place), place + 1))

    def action_restore(self) -> None:
        self._change(lambda place: (self._plan.restored(place), place))

    def action_up(self) -> None:
        self._change(lambda place: (self._plan.moved(place, -1), place - 1))

    def action_down(self) -> None:
        self._change(lambda place: (self._plan.moved(place, 1), place + 1))

    def action_apply(self) -> None:
        self.dismiss(self._plan)

    def action_close(self) -> None:
        """Leave the field first, then the dialog."""
        if self.query_one(Input).display:
            self._put_field_away()
        else:
            self.dismiss(None)

    @on(Input.Submitted)
    def _named(self, event: Input.Submitted) -> None:
        typed, self._typed = self._typed, None
        self._put_field_away()
        if typed is not None and event.value.strip():
            with cast("Workbench", self.app).reporting():
                self._show(typed(event.value.strip()), self._next)

    _next = 0

    def _ask(self, value: str, plan: Callable[[str], LabelPlan], then: int) -> None:
        self._typed, self._next = plan, then
        field = self.query_one(Input)
        field.suggester = SuggestFromList([name for name, _ in self._plan.after()])
        field.placeholder = "name"
        field.value = value
        field.display = True
        self.set_focus(field)
        field.action_select_all()

    def _put_field_away(self) -> None:
        self.query_one(Input).display = False
        self.set_focus(self.query_one(PlanList))

    def _place(self) -> int | None:
        return self.query_one(PlanList).cursor if self._plan.labels else None

    def _change(self, change: Callable[[int], tuple[LabelPlan, int]]) -> None:
        place = self._place()
        if place is not None:
            self._show(*change(place))

    def _show(self, plan: LabelPlan, place: int) -> None:
        self._plan = plan
        listed = self.query_one(PlanList)
        listed.plan = plan
        listed.styles.height = max(1, min(len(plan.labels), _LONGEST))
        listed.show(len(plan.labels), place)
        look = cast("Workbench", self.app).look
        pieces: list[tuple[str, str] | str] = [("after  ", "$muted")]
        for number, (name, rows) in enumerate(plan.after()):
            pieces += [(clean(name), look.label(number)), (f" {thousands(rows)}   ", "$muted")]
        if plan.without():
            pieces.append((f"{counted(plan.without(), 'row')} without a label", "$warning"))
        if not plan.labels:
            pieces = [("No labels yet: ", "$muted"), ("a", "bold $accent"), (" adds one", "$muted")]
        self.query_one("#after", Static).update(Content.assemble(*pieces))
        self._show_keys()

    def _show_keys(self) -> None:
        keys = self.query_one("#keys", Static)
        entries = [(actions.shown(action.keys), action.label) for action in actions.in_scope("labels")]
        keys.update(key_line(entries, ("esc", "leave"), max(keys.size.width, 40)))


def carry_out(journal: Journal, plan: LabelPlan) -> str:
    """Make the edits of a plan; what was done, in words. Raises UserError."""
    done = []
    if mapping := plan.mapping():
        done.append(journal.map_labels(mapping, "key"))
    done += [journal.add_label(name) for name in plan.additions()]
    if order := plan.order():
        done.append(journal.reorder(order))
    return "; ".join(edit.text for edit in done if edit is not None)
