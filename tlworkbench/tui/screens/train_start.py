"""The form that starts a training run."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from tlworkbench.errors import UserError
from tlworkbench.jobs.prepare import training_spec
from tlworkbench.jobs.setting_text import assignments, spec_of
from tlworkbench.jobs.spec import TrainSpec
from tlworkbench.tui.screens.find_rate import FindRate, refuse_beside_a_run
from tlworkbench.tui.screens.search_settings import SearchSettings
from tlworkbench.tui.screens.train_counts import Counts, RowCounts, RowsCounted
from tlworkbench.tui.screens.train_form import SettingsForm
from tlworkbench.tui.screens.train_options import Group, to_keep
from tlworkbench.tui.text import clean, counted
from tlworkbench.tui.widgets.option_lines import OptionLines
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


class StartRun(SettingsForm):
    """Closes with the run's settings and what the next form is to begin with; wrong values are told in their line."""

    CSS_PATH = "train_start.tcss"

    def __init__(self, workbench: "Workbench", values: Mapping[str, str], behind: str = "") -> None:
        """behind: number of the run that is to end first."""
        super().__init__(values)
        self._behind = behind
        self._workbench = workbench
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

    def edited(self) -> None:
        """Nothing that was said holds any more."""
        self._tell_wrong(Content(""))
        self._entering = False
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
