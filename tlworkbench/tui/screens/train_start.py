"""The form that starts a training run."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from tlworkbench.errors import UserError
from tlworkbench.jobs.prepare import training_spec
from tlworkbench.jobs.setting_text import assignments, spec_of
from tlworkbench.jobs.spec import TrainSpec
from tlworkbench.jobs.spec_fields import SpecField
from tlworkbench.tui import actions
from tlworkbench.tui.screens.dialog import Dialog
from tlworkbench.tui.screens.find_rate import FindRate, refuse_beside_a_run
from tlworkbench.tui.screens.search_settings import SearchSettings
from tlworkbench.tui.screens.train_counts import Counts, RowCounts, RowsCounted
from tlworkbench.tui.screens.train_options import Group, Options, to_keep
from tlworkbench.tui.text import clean, counted
from tlworkbench.tui.widgets.option_lines import VALUE_AT, VALUE_CELLS, OptionLines
from tlworkbench.tui.widgets.run_findings import RunFindings
from tlworkbench.tui.widgets.setting_help import SettingHelp
from tlworkbench.tui.widgets.value_field import ValueField

if TYPE_CHECKING:
    from tlworkbench.tui.app import Workbench

_TALL = 36
_CLASSES = 4


def steps_of(values: Mapping[str, str], counts: Counts | None) -> int | None:
    """Steps that a run with these settings takes; None where that can't be told."""
    spec = spec_of(values)
    if counts is None or spec is None:
        return None
    if spec.strategy == "head":
        return 1
    rows = sum(counts.train)
    rows = min(rows, spec.max_train_rows) if spec.max_train_rows else rows
    return spec.total_steps(rows) if rows else None


class StartRun(Dialog[tuple[TrainSpec, dict[str, str]]]):
    """Closes with the run's settings and what the next form is to begin with; wrong values are told in their line.

    The cursor's line is edited in place, by a field laid over it; letters that can't stand there look for a setting.
    """

    CSS_PATH = "train_start.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [*actions.bindings("form")]

    def __init__(self, workbench: "Workbench", values: Mapping[str, str], behind: str = "") -> None:
        """behind: number of the run that is to end first."""
        super().__init__()
        self._behind = behind
        self._workbench = workbench
        self.options = Options(dict(values))
        self._entering = False
        """It is to start as soon as is known whether it can."""

    def compose(self) -> ComposeResult:
        """Rows above, settings below, then what the one under the cursor does, and what is wrong."""
        with Vertical(id="dialog") as frame:
            frame.border_title = "Start a run"
            yield RowCounts(self._workbench, id="counts")
            with Vertical(id="options"):
                yield OptionLines(id="lines")
                yield ValueField(id="value")
            yield Input(id="find", compact=True, placeholder="a part of a name", select_on_focus=False)
            yield SettingHelp(id="help")
            yield RunFindings(self._workbench.workspace, id="findings")
            yield Static(id="wrong")

    def on_mount(self) -> None:
        """The cursor begins where something is often changed."""
        self.query_one("#find").display = False
        self._tell_wrong(Content(""))
        self._show(self.options, self.options.place_of("epochs") or 0)
        self.watch(self._lines, "scroll_y", self._lay, init=False)
        self._check()

    def on_resize(self) -> None:
        """More is told where there is room."""
        self.set_class(self.size.height >= _TALL, "-tall")
        self.query_one(RowCounts).classes_shown = _CLASSES if self.size.height >= _TALL else 0
        self.call_after_refresh(self._lay)

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
        self._tell_wrong(Content(""))
        self._entering = False
        self._show(options, self._lines.cursor)
        self._check()

    def _check(self) -> None:
        options = self.options
        if not options.wrong:
            self.query_one(RunFindings).look(assignments(options.values))
        steps = steps_of(options.values, self.query_one(RowCounts).counts)
        starts = f"enter queues it behind {self._behind}" if self._behind else "enter starts"
        keys = f"{starts} · / finds · ctrl+l rate · ctrl+e search · esc"
        self.query_one("#dialog").border_subtitle = f"{counted(steps, 'step')} · {keys}" if steps else keys

    @on(RowsCounted)
    def _counted(self) -> None:
        self._check()

    @on(Input.Changed, "#value")
    def _typed(self, event: Input.Changed) -> None:
        setting = self._setting
        if setting is not None and event.value != self.options.values[setting.name]:
            self.options = self.options.with_value(setting.name, event.value)
            self._lines.update(self.options, self._lines.cursor)
            self._help()
            self._tell_wrong(Content(""))
            self._entering = False
            self._check()

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

    # Looking for values

    def action_rate(self) -> None:
        """Look for a learning rate."""
        refuse_beside_a_run(self._workbench, "the search for a rate")
        self.app.push_screen(FindRate(self._workbench, self._spec("learning rate")), self._take_rate)

    def _take_rate(self, rate: str | None) -> None:
        if rate is not None:
            self._take({"learning_rate": rate})

    def action_search(self) -> None:
        """Search learning rate and epochs."""
        self.app.push_screen(SearchSettings(self._workbench, self._spec("learning rate and epochs")), self._take)

    def _take(self, values: dict[str, str] | None) -> None:
        """Put what was found into the form, and the cursor there."""
        if values is None:
            return
        options = self.options
        for name, text in values.items():
            options = options.with_value(name, text)
        if "epochs" in values:
            options = options.with_default("steps")
        options = options.revealing(next(iter(values)))
        self._show(options, options.place_of(next(iter(values))) or 0)
        self._check()

    def _spec(self, what: str) -> TrainSpec:
        """The run as it stands in the form; raises UserError where there is nothing to look for."""
        if self.options.wrong:
            first = next(name for name in self.options.values if name in self.options.wrong)
            raise UserError(f"{first} is not valid", f"It takes {self.options.wrong[first]}.")
        spec = training_spec(self._workbench.workspace, None, assignments(self.options.values))
        if spec.strategy == "head":
            raise UserError(f"strategy head has no {what}", "Take strategy full or lora first.")
        return spec

    # Starting

    @on(Input.Submitted)
    def _submitted(self) -> None:
        self.action_enter()

    def action_enter(self) -> None:
        """Go to the setting that was found; unfold a group; else start the run, as soon as is known that it can be."""
        if self.options.query is not None:
            self._leave_finding(self._setting)
            return
        line = self.options.lines[self._lines.cursor]
        if isinstance(line, Group):
            self._change(self.options.folded(line.name, line.name not in self.options.open))
            return
        self._start()

    def _start(self) -> None:
        if self.options.wrong:
            first = next(name for name in self.options.values if name in self.options.wrong)
            options = self.options.revealing(first)
            self._show(options, options.place_of(first) or 0)
            return
        facts = self.query_one(RunFindings).facts
        if facts is None:
            self._entering = True
            return
        if facts.refused:
            self._tell_wrong(Content.styled("✗ it can't be started", "$error"))
            return
        try:
            spec = training_spec(self._workbench.workspace, None, assignments(self.options.values))
        except UserError as error:
            self._tell_wrong(Content.assemble((f"✗ {clean(error.what)}", "$error"), f"\n{clean(error.hint)}"))
            return
        self.dismiss((spec, to_keep(self.options.values)))

    def _tell_wrong(self, words: Content) -> None:
        wrong = self.query_one("#wrong", Static)
        wrong.display = bool(words.plain)
        wrong.update(words)

    @on(RunFindings.Looked)
    def _looked(self, event: RunFindings.Looked) -> None:
        self._lines.guesses = {guess.strategy: guess.words for guess in event.guesses}
        self._lines.refresh()
        self._help()
        if self._entering:
            self._entering = False
            self._start()
