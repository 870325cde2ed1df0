"""Searching learning rate and epochs from the form: the budget asked for, the trials as they end, the best to take."""

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import msgspec
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Input, Static

from tlworkbench.config_file import convert
from tlworkbench.errors import UserError
from tlworkbench.jobs.events import Trial
from tlworkbench.jobs.folder import JobFolder
from tlworkbench.jobs.run_state import RunState
from tlworkbench.jobs.search_plan import best_of, chance, planned, rates_of, rungs_of, told
from tlworkbench.jobs.setting_text import text_of
from tlworkbench.jobs.spec import SearchSpec, TrainSpec
from tlworkbench.jobs.stop import ask_to_stop
from tlworkbench.tui.screens.dialog import Dialog
from tlworkbench.tui.screens.find_rate import refuse_beside_a_run
from tlworkbench.tui.text import clean, cut, duration, percent
from tlworkbench.tui.widgets.trial_table import TrialTable

if TYPE_CHECKING:
    from tlworkbench.tui.app import Workbench

_LOOK_SECONDS = 0.2
_FIELDS = (
    ("minutes", "minutes", "for all trials together"),
    ("learning_rates", "learning rates", "the likeliest first"),
    ("epochs", "epochs", "the better half goes on"),
)


def search_spec(run: TrainSpec, typed: dict[str, str]) -> SearchSpec:
    """The search that was typed; raises UserError that names what is wrong."""
    try:
        document = {
            "kind": "search",
            "run": {name: value for name, value in msgspec.to_builtins(run).items() if value is not None},
            "minutes": float(typed["minutes"]),
            **{
                name: [float(word) for word in typed[name].replace(",", " ").split()]
                for name in ("learning_rates", "epochs")
            },
        }
    except ValueError:
        raise UserError("minutes, rates and epochs are numbers", "Write them as in 10, 1e-4 2e-4 and 1 2 4.") from None
    if not document["epochs"]:
        raise UserError("no number of epochs is given", "Write some, as in 1 2 4.")
    return convert(document, SearchSpec, "the search")


class SearchSettings(Dialog[dict[str, str]]):
    """Closes with the learning rate and the epochs of the trial under the cursor; esc leaves a search going.

    Begins with the workspace's latest search where there is one, so that one left going is found again.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "enter", "start, take"),
        Binding("up", "app.focus_previous", "field before"),
        Binding("down", "app.focus_next", "next field"),
        Binding("x", "stop", "stop"),
        Binding("r", "resume", "resume"),
        Binding("n", "anew", "another search"),
    ]

    def __init__(self, workbench: "Workbench", run: TrainSpec) -> None:
        super().__init__()
        self._workbench = workbench
        self._run = run
        self._job: JobFolder | None = None
        self._spec = SearchSpec(run=run)
        self._shown: RunState | None = None

    def compose(self) -> ComposeResult:
        """What is to be tried, then what was, how far it is, the keys."""
        first = {
            "minutes": text_of(self._spec.minutes),
            "learning_rates": " ".join(map(text_of, rates_of(self._spec))),
            "epochs": " ".join(map(text_of, self._spec.epochs)),
        }
        with Vertical(id="dialog", classes="search") as frame:
            frame.border_title = "Search learning rate × epochs"
            with Vertical(id="asked"):
                for name, label, help in _FIELDS:
                    with Horizontal(classes="field"):
                        yield Static(label, classes="label", markup=False)
                        yield Input(first[name], id=name, compact=True)
                        yield Static(help, classes="help", markup=False)
            yield TrialTable(id="trials")
            yield Static(id="told", markup=False)
            yield Static(id="keys")

    def on_mount(self) -> None:
        """A search that was begun before is shown; else one is asked for."""
        known = self._workbench.jobs.of_kind("search")
        self.set_interval(_LOOK_SECONDS, self._look)
        if known:
            self._follow(known[0][0])
        else:
            self.action_anew()

    # Keys

    def action_anew(self) -> None:
        """Ask for another search."""
        state = self._shown
        if state is not None and not state.ended:
            raise UserError("a search is at work", "Stop it first (x), or let it end.")
        self._job, self._shown = None, None
        self._lay(asking=True)
        self.set_focus(self.query_one("#minutes", Input))
        self._plan()

    @on(Input.Submitted)
    def _submitted(self) -> None:
        self.action_enter()

    def action_enter(self) -> None:
        """Begin the search that was typed; afterwards take the trial under the cursor, which ends the search."""
        if self._job is None:
            self._begin()
            return
        table = self.query_one(TrialTable)
        if table.trials and not (trial := table.trials[table.cursor]).lost:
            # Whoever takes one is about to start a run: the search would only slow it down.
            self.action_stop()
            self.dismiss({"learning_rate": text_of(trial.learning_rate), "epochs": text_of(trial.epochs)})

    def action_stop(self) -> None:
        """Ask the search to stop; what was tried stays."""
        if self._job is not None and not self._job.state().ended:
            ask_to_stop(self._job)

    def action_resume(self) -> None:
        """Go on with a search that was stopped."""
        if self._job is None or self._shown is None or self._shown.status not in ("stopped", "lost", "interrupted"):
            raise UserError("there is no search to go on with", "Press n for another one.")
        refuse_beside_a_run(self._workbench, "a search")
        self._workbench.jobs.resume(self._job)

    # What is shown

    def _begin(self) -> None:
        try:
            refuse_beside_a_run(self._workbench, "a search")
            spec = search_spec(self._run, {name: self.query_one(f"#{name}", Input).value for name, _, _ in _FIELDS})
            self._follow(self._workbench.jobs.start(spec, Path(spec.run.model).name))
        except UserError as error:
            self._tell(Content.assemble((f"✗ {clean(error.what)}", "$error"), f"\n{clean(error.hint)}"))

    def _follow(self, job: JobFolder) -> None:
        self._job, self._shown = job, None
        spec = job.spec()
        assert isinstance(spec, SearchSpec)
        self._spec = spec
        self._lay(asking=False)
        self.set_focus(self.query_one(TrialTable))
        self._look()

    @on(Input.Changed)
    def _changed(self) -> None:
        if self._job is None:
            self._plan()

    def _plan(self) -> None:
        """What would be tried."""
        try:
            spec = search_spec(self._run, {name: self.query_one(f"#{name}", Input).value for name, _, _ in _FIELDS})
        except UserError as error:
            self._tell(Content.assemble((f"✗ {clean(error.what)}", "$error"), f"\n{clean(error.hint)}"))
            return
        rungs = [f"{count} for {epochs:g}" for epochs, count in rungs_of(spec)]
        whole = sum(epochs * count for epochs, count in rungs_of(spec))
        self._tell(
            Content(
                f"{planned(spec)} trials: rates {', '.join(rungs)} {'epoch' if len(rungs) == 1 else 'epochs'}; "
                f"{whole:g} epochs in all, as far as the time lasts.\n"
                "Each is a run of its own on the same rows and seed; nothing is kept of it but its figures."
            )
        )

    def _lay(self, asking: bool) -> None:
        self.query_one("#asked").display = asking
        self.query_one(TrialTable).display = not asking
        self._keys()

    def _look(self) -> None:
        state = self._workbench.jobs.state(self._job) if self._job is not None else None
        if state is None or state is self._shown:
            return
        before, self._shown = self._shown, state
        table = self.query_one(TrialTable)
        if before is None or len(before.trials) != len(state.trials):
            table.show_trials(state.trials, self._spec.run.metric)
        self._tell(state_lines(self._spec, state, table.size.width or 72))
        self._keys()

    def _tell(self, words: Content) -> None:
        self.query_one("#told", Static).update(words)

    def _keys(self) -> None:
        state = self._shown
        if self._job is None:
            keys = [("enter", "starts"), ("↑↓ tab", "field"), ("esc", "close")]
        elif state is None or not state.ended:
            keys = [("enter", "takes it and stops"), ("x", "stops"), ("esc", "leaves it going")]
        elif state.status == "done":
            keys = [("enter", "takes it"), ("n", "another search"), ("esc", "close")]
        else:
            keys = [("enter", "takes it"), ("r", "goes on"), ("n", "another search"), ("esc", "close")]
        parts = [part for key, word in keys for part in ((key, "bold $accent"), (f" {word}   ", "$muted"))]
        self.query_one("#keys", Static).update(Content.assemble(*parts))


def state_lines(spec: SearchSpec, state: RunState, width: int) -> Content:
    """How far a search is, or what came of it."""
    trials: tuple[Trial, ...] = state.trials
    if not state.ended:
        now = state.progress
        if now is None:
            return Content.styled("starting …", "$muted")
        far = f"  {percent(now.share)}" if now.total else " …"
        left = f"  {duration(now.seconds_left)} left" if now.seconds_left >= 0 else ""
        spent = sum(trial.seconds for trial in trials) / 60
        return Content.assemble(
            ("▶ ", "$primary"),
            cut(f"{clean(now.what)}{far}{left}", width - 2),
            (f"\n{spent:.1f} of {spec.minutes:g} minutes spent on trials that ended", "$muted"),
        )
    if state.status == "failed":
        return Content.assemble((f"✗ {clean(state.what)}", "$error"), f"\n{clean(state.hint)}")
    result = state.result or {}
    words = str(result.get("words") or told(spec, trials, False))
    rows = result.get("validation_rows", 0)
    best = best_of(trials, spec.run.metric)
    noise = chance(best, rows) if best is not None and isinstance(rows, int) else 0.0
    doubt = f"\non {rows} rows accuracies within {noise:.3f} of each other may be chance" if noise else ""
    head = clean(state.what) if state.what else state.status
    return Content.assemble((head, "bold"), f"\n{words}", (doubt, "$muted"))
