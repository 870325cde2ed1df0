"""The settings of a run, a line each: name, value, and what there is to say of it."""

from typing import ClassVar

from textual.binding import BindingType
from textual.content import Content

from tlworkbench.jobs.setting_text import field, same
from tlworkbench.jobs.spec_fields import SpecField
from tlworkbench.tui.screens.train_options import Group, Options
from tlworkbench.tui.text import clean, cut, fit
from tlworkbench.tui.widgets.line_list import LineList

VALUE_AT = 25
"""Cell at which values begin,"""
VALUE_CELLS = 20
"""and how many they have."""
CHANGED = "●"


class OptionLines(LineList, inherit_bindings=False):
    """Draws `Options`; the form moves its cursor."""

    BINDINGS: ClassVar[list[BindingType]] = []

    def __init__(self, id: str) -> None:
        super().__init__(id=id, cursor_without_focus=True)
        self.options = Options({})
        self.guesses: dict[str, str] = {}
        """What is expected of each strategy, in a few words."""

    def update(self, options: Options, cursor: int) -> None:
        """Show these, with the cursor on a line."""
        self.options = options
        self.show(len(options.lines), cursor)

    def line(self, place: int, width: int) -> Content:
        """A setting, or the name of a group with what is in it."""
        shown = self.options.lines[place]
        if isinstance(shown, Group):
            return group_line(shown, self.options, width)
        return setting_line(shown, self.options, width, place == self.cursor, self.guesses)


def setting_line(
    setting: SpecField, options: Options, width: int, at_cursor: bool, guesses: dict[str, str] | None = None
) -> Content:
    """One setting; a sign before it where it was changed, choices between arrows where the cursor is."""
    text = clean(options.values[setting.name])
    silent, wrong = options.silent.get(setting.name, ""), setting.name in options.wrong
    changed = setting.name in options.changed
    turns = at_cursor and text in setting.choices
    value = f"◂ {text} ▸" if turns else f"  {text}"
    room = width - VALUE_AT - VALUE_CELLS
    tail, colour = cut(_tail(setting, options, guesses or {}), room), "$muted"
    if wrong:
        tail, colour = cut(f"✗ {setting.wanted}", room), "$error"
    plain = "$muted" if silent else "$foreground"
    return Content.assemble(
        (f"{CHANGED} " if changed else "  ", "$muted" if silent else "$accent"),
        (fit(setting.label, VALUE_AT - 4), "$muted"),
        (fit(value, VALUE_CELLS + 2), f"bold {plain}" if changed and not silent else plain),
        (tail, colour),
    )


def group_line(group: Group, options: Options, width: int) -> Content:
    """The name of a group; folded, also what is in it, first what was changed."""
    open = group.name in options.open
    head = Content.assemble((f"{'▾' if open else '▸'} ", "$muted"), (fit(group.name, VALUE_AT - 2), "bold"))
    if open:
        return head
    told = head
    ordered = sorted(group.settings, key=lambda name: name not in options.changed)
    for number, name in enumerate(ordered):
        comma = ", " if number else ""
        changed = name in options.changed
        words = f"{comma}{CHANGED} {field(name).label} {clean(options.values[name])}" if changed else ""
        piece = (words, "$foreground") if changed else (f"{comma}{field(name).label}", "$muted")
        if told.cell_length + len(piece[0]) > width - 2:
            return told + Content.styled(" …", "$muted")
        told = told + Content.styled(*piece)
    return told


def _tail(setting: SpecField, options: Options, guesses: dict[str, str]) -> str:
    if reason := options.silent.get(setting.name):
        return reason
    if setting.name == "strategy" and (guess := guesses.get(options.values["strategy"])):
        return guess
    default = options.first[setting.name]
    if setting.name != "model" and not same(setting.name, options.values[setting.name], default):
        return f"default {default or 'none'}"
    return setting.help.replace("`", "")
