"""The label set: rename, merge, drop, add and order labels, with the counts before and after."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.suggester import SuggestFromList
from textual.widgets import Input, Static

from tlworkbench.data.journal import Journal
from tlworkbench.data.label_rules import Preview, parse_rules
from tlworkbench.errors import UserError
from tlworkbench.tui import actions
from tlworkbench.tui.dataset.label_plan import LabelPlan
from tlworkbench.tui.screens.dialog import Dialog
from tlworkbench.tui.screens.label_key import LabelKey
from tlworkbench.tui.screens.label_rules import LabelRules
from tlworkbench.tui.text import clean, counted, fit, thousands
from tlworkbench.tui.widgets.key_bar import key_line
from tlworkbench.tui.widgets.line_list import LineList

if TYPE_CHECKING:
    from tlworkbench.tui.app import Workbench

_LONGEST = 11
"""Labels in sight at once."""
_ROWS = 9
_AFTER_LINES = 2


class PlanList(LineList, inherit_bindings=False):
    """One label a line: key, name, rows now, what becomes of it, rows then. j and k belong to the dialog."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "move(1)", "down", show=False),
        Binding("up", "move(-1)", "up", show=False),
        Binding("pagedown", "page(1)", "page down", show=False),
        Binding("pageup", "page(-1)", "page up", show=False),
        Binding("home", "move(-1000000000)", "first", show=False),
        Binding("end", "move(1000000000)", "last", show=False),
    ]

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self.plan = LabelPlan((), ())
        self._after: dict[str, tuple[int, int]] = {}

    def take(self, plan: LabelPlan, place: int) -> None:
        """Show a plan, with the cursor on a label."""
        self.plan = plan
        self._after = {name: (number, rows) for number, (name, rows) in enumerate(plan.after())}
        self.show(len(plan.labels), place)

    def head(self, width: int) -> Content | None:
        """What the columns are."""
        name = _name_width(width)
        titles = f"{'key label':<{name + 4}}{'now':>{_ROWS}}{'':<{name + 5}}{'then':>{_ROWS}}"
        return Content.styled(titles, "$muted")

    def line(self, place: int, width: int) -> Content:
        """One label."""
        label = self.plan.labels[place]
        look = cast("Workbench", self.app).look
        name = _name_width(width)
        moved = label.key != label.first_key
        pieces: list[tuple[str, str] | str] = [
            (f"{label.key or ('-' if moved else ' ')}{'*' if moved else ' '}  ", "bold $accent"),
            (fit(clean(label.old) or "new", name), look.label(place) if label.old else "$muted"),
            (f"{thousands(label.rows):>{_ROWS}}", "$muted"),
        ]
        if not label.new:
            return Content.assemble(*pieces, ("   → ", "$muted"), (fit("dropped", name), "$warning"), "      –   ")
        number, rows = self._after[label.new]
        target = clean(label.new) if label.changed else ""
        pieces += [
            ("   → " if target else "     ", "$muted"),
            (fit(target, name), look.label(number)),
            (f"{thousands(rows):>{_ROWS}}", "$foreground" if rows != label.rows else "$muted"),
        ]
        return Content.assemble(*pieces)


class LabelSetDialog(Dialog[LabelPlan]):
    """Closes with the plan to carry out; nothing is changed before."""

    BINDINGS: ClassVar[list[BindingType]] = [*actions.bindings("labels")]

    def __init__(self, plan: LabelPlan, preview: Callable[[str], Preview] | None = None) -> None:
        """preview: what rules on the source's values would bring; None where the source has no labels."""
        super().__init__()
        self._plan = plan
        self._preview = preview
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

    def action_key(self) -> None:
        """Ask for the digit that the label is to be on."""
        place = self._place()
        if place is None:
            return
        label = self._plan.labels[place]
        holders = {other.key: other.new for other in self._plan.labels if other.key and other.new}

        def chosen(key: str | None) -> None:
            if key is not None:
                self._show(self._plan.keyed(place, "" if key == "-" else key), place)

        self.app.push_screen(LabelKey(label.new or label.old, holders), chosen)

    def action_rules(self) -> None:
        """Map by rule on the source's values; that is an edit of its own."""
        app = cast("Workbench", self.app)
        with app.reporting():
            if self._preview is None:
                raise UserError("the source has no labels to go by", "Rename with r, merge with m.")
            if self._plan.changed:
                raise UserError("rules are an edit of their own", "Apply the changes with enter first, or leave.")

            def ruled(rules: str | None) -> None:
                if rules is not None:
                    self.dismiss(replace(self._plan, rules=rules))

            app.push_screen(LabelRules(self._preview), ruled)

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
        listed.styles.height = max(1, min(len(plan.labels), _LONGEST)) + 1
        listed.take(plan, place)
        self.query_one("#after", Static).update(self._after(plan))
        self._show_keys()

    def _after(self, plan: LabelPlan) -> Content:
        """What comes out, as far as it fits into two lines."""
        if not plan.labels:
            return Content.assemble(("No labels yet: ", "$muted"), ("a", "bold $accent"), (" adds one", "$muted"))
        look = cast("Workbench", self.app).look
        after = plan.after()
        lost = f"{counted(plan.without(), 'row')} without a label" if plan.without() else ""
        line = Content.styled("after  ", "$muted")
        room = _AFTER_LINES * (self.query_one(PlanList).size.width or 70) - len(lost) - 30
        for number, (name, rows) in enumerate(after):
            entry = Content.assemble((clean(name), look.label(number)), (f" {thousands(rows)}   ", "$muted"))
            if line.cell_length + entry.cell_length > room:
                line = line + Content.styled(f"and {len(after) - number} more   ", "$muted")
                break
            line = line + entry
        return line + Content.styled(lost, "$warning")

    def _show_keys(self) -> None:
        keys = self.query_one("#keys", Static)
        width = max(keys.size.width, 40)
        entries = [(actions.shown(action.keys), action.label) for action in actions.in_scope("labels")]
        half = (len(entries) + 1) // 2
        lines = key_line(entries[:half], None, width), key_line(entries[half:], ("esc", "leave"), width)
        keys.update(Content("\n").join(lines))


def _name_width(width: int) -> int:
    """Cells of a label's name: two stand in a line beside its key, an arrow and two numbers."""
    return max(8, (width - 9 - 2 * _ROWS) // 2)


def carry_out(journal: Journal, plan: LabelPlan) -> str:
    """Make the edits of a plan; what was done, in words. Raises UserError."""
    if plan.rules:
        ruled = journal.map_by_rule(parse_rules(plan.rules))
        return ruled.text if ruled is not None else ""
    done = []
    if mapping := plan.mapping():
        done.append(journal.map_labels(mapping, "key"))
    done += [journal.add_label(name) for name in plan.additions()]
    if order := plan.order():
        done.append(journal.reorder(order))
    done += [journal.set_shortcut(name, key) for name, key in plan.new_keys()]
    return "; ".join(edit.text for edit in done if edit is not None)
