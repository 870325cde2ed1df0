"""Rules on the source's values: typed in one line, with what comes of them beside."""

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from tlworkbench.data.label_rules import Preview
from tlworkbench.errors import UserError
from tlworkbench.tui.screens.dialog import Dialog
from tlworkbench.tui.text import clean, counted, fit, thousands
from tlworkbench.tui.widgets.line_list import LineList

if TYPE_CHECKING:
    from tlworkbench.tui.app import Workbench

_ROWS = 8
_LONGEST = 10
"""Values in sight at once."""
_HOW = "1=name   1..2=name   ..3=name   7..=name   re:^neg=name   *=name"


class ValueList(LineList):
    """One value of the source a line: its rows, its label before and after, that label's rows."""

    def __init__(self) -> None:
        super().__init__(cursor_without_focus=True)
        self.can_focus = False
        self._seen = Preview((), (), 0, ())
        self._after: dict[str, tuple[int, int]] = {}

    def take(self, seen: Preview) -> None:
        """Show what rules bring."""
        self._seen = seen
        self._after = {name: (number, rows) for number, (name, rows) in enumerate(seen.after)}
        self.show(len(seen.values), self.cursor)

    def head(self, width: int) -> Content | None:
        """What the columns are."""
        name = _name_width(width)
        titles = f"{'source':<{name}}{'rows':>{_ROWS}}  {'now':<{name}}  {'then':<{name}}{'rows':>{_ROWS}}"
        return Content.styled(titles, "$muted")

    def line(self, place: int, width: int) -> Content:
        """One value."""
        look = cast("Workbench", self.app).look
        value = self._seen.values[place]
        number, rows = self._after.get(value.after, (0, 0))
        cells = _name_width(width)
        then = fit(clean(value.after) or "none", cells)
        return Content.assemble(
            fit(clean(value.value), cells),
            (f"{thousands(value.rows):>{_ROWS}}  ", "$muted"),
            (fit(clean(value.before) or "none", cells), "$muted"),
            ("→ " if value.matched else "  ", "$accent"),
            (then, look.label(number) if value.after else "$warning"),
            (f"{thousands(rows):>{_ROWS}}" if value.after else "", "$muted"),
        )


def _name_width(width: int) -> int:
    """Cells of a value and of a name: three stand in a line beside an arrow and two numbers."""
    return max(8, (width - 4 - 2 * _ROWS) // 3)


class LabelRules(Dialog[str]):
    """Closes with the rules as they were typed, once they can be carried out."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "scroll_values(1)", show=False),
        Binding("up", "scroll_values(-1)", show=False),
        Binding("pagedown", "scroll_values(9)", show=False),
        Binding("pageup", "scroll_values(-9)", show=False),
    ]

    def __init__(self, preview: Callable[[str], Preview]) -> None:
        """preview: what rules bring; raises UserError where they can't be read."""
        super().__init__()
        self._preview = preview

    def compose(self) -> ComposeResult:
        """The line, the values, what comes out."""
        with Vertical(id="dialog", classes="label-rules") as frame:
            frame.border_title = "Map by rule"
            frame.border_subtitle = "enter · ↑ ↓ · esc"
            yield Input(placeholder="..2=negative; 3=neutral; *=positive", compact=True)
            yield Static(_HOW, id="how", markup=False)
            yield ValueList()
            yield Static(id="after")

    def on_mount(self) -> None:
        """Nothing typed yet: everything as it is."""
        self.set_focus(self.query_one(Input))
        listed = self.query_one(ValueList)
        seen = self._preview("")
        listed.styles.height = max(1, min(len(seen.values), _LONGEST)) + 1
        self._show("")

    def action_scroll_values(self, by: int) -> None:
        """Move over the values while the line keeps the focus."""
        self.query_one(ValueList).cursor += by

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        self._show(event.value)

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        if event.value.strip() and self._show(event.value):
            self.dismiss(event.value.strip())

    def _show(self, text: str) -> bool:
        """Show what the rules bring; whether they could be read."""
        how = self.query_one("#how", Static)
        try:
            seen = self._preview(text)
        except UserError as error:
            how.update(Content.styled(f"{error.what}. {error.hint}", "$warning"))
            return False
        unused = f"no value fits {', '.join(seen.unused)}" if seen.unused else ""
        how.update(Content.styled(unused, "$warning") if unused else Content.styled(_HOW, "$muted"))
        self.query_one(ValueList).take(seen)
        self.query_one("#after", Static).update(self._after(seen))
        return True

    def _after(self, seen: Preview) -> Content:
        look = cast("Workbench", self.app).look
        line = Content.styled("after  ", "$muted")
        room = 2 * (self.query_one(ValueList).size.width or 70) - 30
        lost = f"{counted(seen.unlabelled, 'row')} without a label" if seen.unlabelled else ""
        for number, (name, rows) in enumerate(seen.after):
            entry = Content.assemble((clean(name), look.label(number)), (f" {thousands(rows)}   ", "$muted"))
            if line.cell_length + entry.cell_length > room - len(lost):
                line = line + Content.styled(f"and {len(seen.after) - number} more   ", "$muted")
                break
            line = line + entry
        return line + Content.styled(lost, "$warning")
