"""Settings of a run edited in their lines: the cursor, what is typed, choices, groups, and finding one by its name."""

from collections.abc import Mapping
from typing import ClassVar

from textual import events, on
from textual.binding import BindingType
from textual.widgets import Input

from tlworkbench.jobs.spec import TrainSpec
from tlworkbench.jobs.spec_fields import SpecField
from tlworkbench.tui import actions
from tlworkbench.tui.screens.dialog import Dialog
from tlworkbench.tui.screens.train_options import Group, Options
from tlworkbench.tui.widgets.option_lines import VALUE_AT, VALUE_CELLS, OptionLines
from tlworkbench.tui.widgets.setting_help import SettingHelp
from tlworkbench.tui.widgets.value_field import ValueField


class SettingsForm(Dialog[tuple[TrainSpec, dict[str, str]]]):
    """The cursor's line is edited in place, by a field laid over it; letters that can't stand there find a setting.

    A subclass composes an `OptionLines`, a `ValueField` (#value) over it, an `Input` (#find) and a `SettingHelp`.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*actions.bindings("form")]

    def __init__(self, values: Mapping[str, str]) -> None:
        super().__init__()
        self.options = Options(dict(values))

    def edited(self) -> None:
        """A value was changed by its user."""

    # What stands there

    @property
    def _lines(self) -> OptionLines:
        return self.query_one(OptionLines)

    @property
    def _field(self) -> ValueField:
        return self.query_one(ValueField)

    @property
    def _setting(self) -> SpecField | None:
        """The one under the cursor."""
        lines = self.options.lines
        line = lines[self._lines.cursor] if lines else None
        return line if isinstance(line, SpecField) else None

    def _show(self, options: Options, cursor: int) -> None:
        """Show these options with the cursor on a line, which is edited where something can be typed."""
        self.options = options
        self._lines.update(options, cursor)
        self._edit()

    def _edit(self) -> None:
        setting = self._setting
        self._help()
        finding = self.options.query is not None
        typed = setting is not None and bool(setting.free) and not finding
        self._field.display = typed
        if finding:
            self.set_focus(self.query_one("#find"))
        elif setting is not None and typed:
            self._field.edit(setting, self.options.values[setting.name])
            self.set_focus(self._field)
        else:
            self.set_focus(self._lines)
        self._lay()

    def _help(self) -> None:
        self.query_one(SettingHelp).show(self._setting, self.options, self._lines.guesses)

    def _lay(self) -> None:
        """Put the field over the cursor's line."""
        setting, lines = self._setting, self._lines
        if setting is None:
            return
        row = lines.cursor - round(lines.scroll_y)
        wide = lines.size.width - VALUE_AT + 1
        self._field.styles.offset = (VALUE_AT - 1, row)
        self._field.styles.width = wide if setting.free in ("text", "table") else VALUE_CELLS
        self._field.visible = 0 <= row < lines.size.height

    def _change(self, options: Options) -> None:
        """Something was changed: the lines, and what follows from it."""
        self._show(options, self._lines.cursor)
        self.edited()

    @on(Input.Changed, "#value")
    def _typed(self, event: Input.Changed) -> None:
        setting = self._setting
        if setting is not None and event.value != self.options.values[setting.name]:
            self.options = self.options.with_value(setting.name, event.value)
            self._lines.update(self.options, self._lines.cursor)
            self._help()
            self.edited()

    # Keys

    def action_up(self) -> None:
        self._go(self._lines.cursor - 1)

    def action_down(self) -> None:
        self._go(self._lines.cursor + 1)

    def action_page_up(self) -> None:
        self._go(self._lines.cursor - self._lines.size.height + 1)

    def action_page_down(self) -> None:
        self._go(self._lines.cursor + self._lines.size.height - 1)

    def action_next_group(self) -> None:
        self._go_to_group(1)

    def action_previous_group(self) -> None:
        self._go_to_group(-1)

    def _go(self, place: int) -> None:
        self._lines.cursor = place
        self._edit()

    def _go_to_group(self, by: int) -> None:
        groups = [0, *(at for at, line in enumerate(self.options.lines) if isinstance(line, Group))]
        now = self._lines.cursor
        after = [at for at in (groups if by > 0 else reversed(groups)) if (at > now if by > 0 else at < now)]
        self._go(after[0] if after else groups[0 if by > 0 else -1])

    @on(ValueField.Turned)
    def _turned(self, event: ValueField.Turned) -> None:
        self.action_turn(event.by)

    def action_turn(self, by: int = 1) -> None:
        """The next choice of the setting; a group is unfolded, or folded."""
        setting = self._setting
        line = self.options.lines[self._lines.cursor] if self.options.lines else None
        if isinstance(line, Group):
            self._change(self.options.folded(line.name, by > 0))
        elif setting is not None:
            self._change(self.options.turned(setting.name, by))

    def action_turn_back(self) -> None:
        self.action_turn(-1)

    def action_default(self) -> None:
        """Back to what stands there where nobody types anything."""
        if (setting := self._setting) is not None:
            self._change(self.options.with_default(setting.name))

    def action_find(self) -> None:
        """Look for a setting."""
        self._find("")

    def _find(self, text: str) -> None:
        find = self.query_one("#find", Input)
        find.display = True
        with self.prevent(Input.Changed):
            find.value = text
        find.cursor_position = len(text)
        self._show(self.options.looking_for(text), 0)

    def on_key(self, event: events.Key) -> None:
        """A letter that nothing else takes begins to look for a setting."""
        if event.character and event.character.isalpha() and self.options.query is None:
            event.stop()
            self._find(event.character)

    @on(Input.Changed, "#find")
    def _found(self, event: Input.Changed) -> None:
        self._show(self.options.looking_for(event.value), 0)

    def action_close(self) -> None:
        """Leave the search for a setting, else close without doing anything."""
        if self.options.query is not None:
            self._leave_finding(self._setting)
        else:
            super().action_close()

    def _leave_finding(self, setting: SpecField | None) -> None:
        self.query_one("#find").display = False
        name = setting.name if setting is not None else "epochs"
        options = self.options.revealing(name)
        self._show(options, options.place_of(name) or 0)
