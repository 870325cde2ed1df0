"""The form that starts a training run."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Input, Static

from tlworkbench.errors import UserError
from tlworkbench.jobs.prepare import training_spec
from tlworkbench.jobs.spec import TrainSpec, with_settings
from tlworkbench.tui.background import in_background
from tlworkbench.tui.screens.dialog import Dialog
from tlworkbench.tui.screens.train_counts import Counts, RowsCounted, count_lines, count_rows
from tlworkbench.tui.text import clean, counted
from tlworkbench.tui.themes import Look
from tlworkbench.tui.widgets import figures
from tlworkbench.tui.widgets.run_findings import RunFindings
from tlworkbench.workspace import Workspace


@dataclass(frozen=True)
class Field:
    """A setting of `TrainSpec` that the form asks for."""

    name: str
    label: str
    help: str
    wanted: str
    """What is to be typed there, said when something else was."""


FIELDS = (
    Field("model", "model", "bundled, folder, Hub id or run", "a model's name"),
    Field("strategy", "strategy", "full, or head: the last layer", "full or head"),
    Field("epochs", "epochs", "passes over the training rows", "a number above 0, as in 3"),
    Field("batch_size", "batch size", "rows a step", "a whole number from 1"),
    Field("learning_rate", "learning rate", "at its peak", "a number above 0, as in 1e-4"),
    Field("max_length", "max length", "tokens of a text; 0: up to 256", "a whole number from 0"),
    Field("max_train_rows", "training rows", "drawn by seed; 0 takes all", "a whole number from 0"),
    Field("seed", "seed", "of everything random", "a whole number from 0"),
    Field("precision", "precision", "auto, fp32, bf16 or fp16", "auto, fp32, bf16 or fp16"),
)


_WITH_HEAD = dict.fromkeys(("epochs", "batch_size", "learning_rate"), "has no say with strategy head") | {
    "strategy": "last layer alone, in seconds"
}
"""What is said of fields instead where the last layer alone is fitted."""


def help_of(field: Field, values: Mapping[str, str]) -> str:
    """What a field is, given what the others hold."""
    return _WITH_HEAD.get(field.name, field.help) if values["strategy"] == "head" else field.help


def problems(values: Mapping[str, str]) -> dict[str, str]:
    """For each field whose value is not valid, what is wanted there; checked by `TrainSpec` itself."""
    wrong = {}
    for field in FIELDS:
        try:
            with_settings(TrainSpec(model="bundled"), (f"{field.name}={values[field.name]}",))
        except UserError:
            wrong[field.name] = field.wanted
    if not values["model"].strip():
        wrong["model"] = next(field.wanted for field in FIELDS if field.name == "model")
    return wrong


def remembered(kept: Mapping[str, object], model: str) -> dict[str, str]:
    """What the fields hold at first: what was typed last, else the defaults; always the chosen model."""
    default = TrainSpec(model=model)
    first = {field.name: f"{getattr(default, field.name)}" for field in FIELDS}
    first |= {"epochs": f"{default.epochs:g}", "learning_rate": figures.power(default.learning_rate)}
    values = {name: known if isinstance(known := kept.get(name), str) else value for name, value in first.items()}
    values["model"] = model
    return values | {name: first[name] for name in problems(values)}


def steps_of(values: Mapping[str, str], counts: Counts | None) -> int | None:
    """Steps that a run with these settings takes; None where that can't be told."""
    if counts is None or problems(values):
        return None
    spec = with_settings(TrainSpec(model="bundled"), tuple(f"{name}={value}" for name, value in values.items()))
    if spec.strategy == "head":
        return 1
    rows = sum(counts.train)
    rows = min(rows, spec.max_train_rows) if spec.max_train_rows else rows
    return spec.total_steps(rows) if rows else None


def _settings(values: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(f"{name}={value}" for name, value in values.items())


class StartRun(Dialog[tuple[TrainSpec, dict[str, str]]]):
    """Closes with the run's settings and what was typed; wrong values are told beside their field."""

    CSS_PATH = "train_start.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "app.focus_previous", "field before"),
        Binding("down", "app.focus_next", "next field"),
    ]

    def __init__(self, workspace: Workspace, values: Mapping[str, str], look: Look, behind: str = "") -> None:
        """behind: number of the run that is to end first."""
        super().__init__()
        self._behind = behind
        self._workspace = workspace
        self._first = dict(values)
        self._look = look
        self._counts: Counts | None = None
        self._entering = False
        """It is to start as soon as is known whether it can."""

    def compose(self) -> ComposeResult:
        """Rows above, fields below, what is wrong at the bottom."""
        with Vertical(id="dialog") as frame:
            frame.border_title = "Start a run"
            yield Static(Content.styled("counting rows …", "$muted"), id="counts")
            for field in FIELDS:
                with Horizontal(classes="field"):
                    yield Static(field.label, classes="label", markup=False)
                    yield Input(self._first[field.name], id=field.name, compact=True, select_on_focus=True)
                    yield Static(field.help, id=f"{field.name}-help", classes="help", markup=False)
            yield RunFindings(self._workspace, id="findings")
            yield Static("", id="wrong")

    def on_mount(self) -> None:
        """Count the rows; the first field that is often changed has the focus."""
        self.query_one("#epochs", Input).focus()
        self._check()
        in_background(self, "count", self._count)

    def _count(self) -> None:
        try:
            self.post_message(RowsCounted(count_rows(self._workspace)))
        except UserError as error:
            self.post_message(RowsCounted(error))

    @on(RowsCounted)
    def _counted(self, event: RowsCounted) -> None:
        counts = self.query_one("#counts", Static)
        if isinstance(event.counts, UserError):
            counts.update(Content.assemble((clean(event.counts.what), "$warning"), f"\n{clean(event.counts.hint)}"))
            return
        self._counts = event.counts
        counts.update(count_lines(event.counts, self._look, counts.content_size.width or 72))
        self._check()

    @on(Input.Changed)
    def _changed(self) -> None:
        self.query_one("#wrong", Static).update("")
        self._entering = False
        self._check()

    @on(Input.Submitted)
    def _entered(self) -> None:
        values = self._values()
        if wrong := problems(values):
            self.query_one(f"#{next(iter(wrong))}", Input).focus()
            return
        facts = self.query_one(RunFindings).facts
        if facts is None:
            self._entering = True
            return
        if facts.refused:
            self.query_one("#wrong", Static).update(Content.styled("✗ it can't be started", "$error"))
            return
        try:
            spec = training_spec(self._workspace, None, _settings(values))
        except UserError as error:
            words = Content.assemble((f"✗ {clean(error.what)}", "$error"), f"\n{clean(error.hint)}")
            self.query_one("#wrong", Static).update(words)
            return
        self.dismiss((spec, values))

    @on(RunFindings.Looked)
    def _looked(self) -> None:
        if self._entering:
            self._entering = False
            self._entered()

    def _values(self) -> dict[str, str]:
        return {field.name: self.query_one(f"#{field.name}", Input).value.strip() for field in FIELDS}

    def _check(self) -> None:
        values = self._values()
        wrong = problems(values)
        for field in FIELDS:
            said = self.query_one(f"#{field.name}-help", Static)
            said.update(Content(f"✗ {field.wanted}") if field.name in wrong else Content(help_of(field, values)))
            said.set_class(field.name in wrong, "-wrong")
        if not wrong:
            self.query_one(RunFindings).look(_settings(values))
        steps = steps_of(values, self._counts)
        starts = f"enter queues it behind {self._behind}" if self._behind else "enter starts"
        keys = f"{starts} · ↑↓ field · esc"
        self.query_one("#dialog").border_subtitle = f"{counted(steps, 'step')} · {keys}" if steps else keys
