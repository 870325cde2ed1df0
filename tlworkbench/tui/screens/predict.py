"""The Predict screen: type, and the bars follow."""

from dataclasses import dataclass
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.content import Content
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Input, Static

from tlworkbench.errors import UserError
from tlworkbench.tui import actions, asked
from tlworkbench.tui.asked import Asked, read_asked
from tlworkbench.tui.background import in_background
from tlworkbench.tui.messages import JobUpdated
from tlworkbench.tui.screens import predict_loading
from tlworkbench.tui.screens.base import WorkbenchScreen
from tlworkbench.tui.screens.predict_answering import Answer, Answered, Answerer, AnswerFailed
from tlworkbench.tui.screens.predict_file import PredictFile
from tlworkbench.tui.screens.predict_opening import BundleOpened, Opening
from tlworkbench.tui.screens.predict_runs import RunsFound, choose_run
from tlworkbench.tui.screens.predict_view import answer_view, colours, history_title
from tlworkbench.tui.text import clean, thousands
from tlworkbench.tui.widgets.answer_pane import AnswerPane
from tlworkbench.tui.widgets.history_list import HistoryList
from tlworkbench.tui.widgets.line_list import LineList
from tlworkbench.tui.widgets.say_field import SayField
from tlworkbench.tui.widgets.variant_table import Variants, VariantTable

ASK_SECONDS = 0.06
"""A typed text is asked no later than this after the key; a burst of keys is one question."""
MOST_LINES = 1000
"""Lines taken at once from the clipboard."""


@dataclass
class HistoryRead(Message):
    """What was asked before this start, newest first."""

    entries: tuple[Asked, ...]


class PredictScreen(WorkbenchScreen):
    """Asks the bundle of `workspace.info.run`, or of the latest exported run, and shows the answers."""

    SCOPE = "predict"
    BINDINGS: ClassVar[list[BindingType]] = [*actions.bindings("predict")]
    CSS_PATH = "predict.tcss"
    AUTO_FOCUS = ""

    def __init__(self) -> None:
        super().__init__()
        self._entries: list[Asked] = []
        self._waited: str | None = None
        """Text whose answer is to be shown; None for none."""
        self._answer: Answer | None = None
        self._beside = False
        """Whether what is waited for is another text than the one in the field, so that it must be named."""
        self._timer: Timer | None = None
        self._failure = ""
        self._away = True

    def body(self) -> ComposeResult:
        """The field, the answer, and below what was asked and what answers."""
        with Container(id="say", classes="pane"):
            yield SayField(id="field")
        yield AnswerPane(id="answer", classes="pane")
        with Container(id="below"):
            with Container(id="asked", classes="pane"):
                yield HistoryList(id="history")
                yield Static("enter keeps a sentence here", id="nothing-asked", classes="empty", markup=False)
            with Container(id="variants", classes="pane"):
                yield VariantTable()

    def on_mount(self) -> None:
        """Begin to load; the field takes keys at once where there is something to load."""
        workspace = self.workbench.workspace
        self._answerer = Answerer(self, workspace.root / asked.FILE)
        self._opening = Opening(self, workspace.jobs_dir)
        self._field = self.query_one(SayField)
        self._history = self.query_one(HistoryList)
        self.query_one("#say").border_title = "Say something"
        self._field.disabled = not any(workspace.jobs_dir.glob("*/bundle/report.json"))
        self.workbench.look_changed.subscribe(self, lambda _: self._show())
        self.workbench.standing_changed.subscribe(self, lambda _: self._tell_standing())
        self._read_history()
        self._load()

    def on_screen_resume(self) -> None:
        """Coming from another screen, one can type at once; coming back from a dialog nothing moves."""
        if self._away and not self._field.disabled and not self._field.value:
            self._focus_field()
        self._away = False

    def _focus_field(self) -> None:
        self._field.passed_by = True
        self._field.focus()

    def on_screen_suspend(self) -> None:
        """Another screen opens, or a dialog."""
        self._away = self.workbench.current_mode != self.SCOPE

    def job_updated(self, update: JobUpdated) -> None:
        """A new export is taken up at once."""
        if update.job.kind == "export" and update.state.status == "done":
            self._load(only_new=True)

    def _load(self, only_new: bool = False) -> None:
        variant = str(self.workbench.where.of("predict").get("variant", ""))
        self._opening.begin(self.workbench.workspace.info.run, variant, only_new)
        self._show()

    @on(BundleOpened)
    def _opened(self, event: BundleOpened) -> None:
        if not self._opening.take(event):
            return
        loaded = self._answerer.loaded = self._opening.loaded
        self._tell_standing()
        was_disabled, self._field.disabled = self._field.disabled, loaded is None
        if loaded is None:
            self._answer = None
        elif was_disabled and self.focused is None:
            self._focus_field()
        if self._waited is not None:
            self._ask(self._waited)
        self._answerer.go_on()
        self._show()

    def _tell_standing(self) -> None:
        # Also after the program has read from disk what would be used if nothing were loaded.
        if not self._opening.loading:
            loaded = self._opening.loaded
            report = loaded.report if loaded else None
            variant, proved = (loaded.variant, report and report.verdict == "ready") if loaded else ("", None)
            self.workbench.stands(variant=variant, proved=proved)

    @on(Input.Changed, "#field")
    def _typed(self, event: Input.Changed) -> None:
        self._beside = False
        if not event.value.strip():
            self._waited = self._answer = None
            self._answerer.questions.forget()
            self._show()
        elif self._timer is None:
            self._timer = self.set_timer(ASK_SECONDS, self._ask_typed)

    def _ask_typed(self) -> None:
        self._timer = None
        if self._field.value.strip():
            self._ask(self._field.value)

    def _ask(self, text: str) -> None:
        self._waited = text
        self._answerer.questions.ask(text)
        self._answerer.go_on()

    @on(Input.Submitted, "#field")
    def _entered(self, event: Input.Submitted) -> None:
        if event.value.strip():
            self._keep((event.value.strip(),))
            with self._field.prevent(Input.Changed):
                self._field.value = ""

    @on(SayField.LinesPasted)
    def _pasted(self, event: SayField.LinesPasted) -> None:
        with self.workbench.reporting():
            if len(event.lines) > MOST_LINES:
                raise UserError(
                    f"{thousands(len(event.lines))} lines are more than the field takes at once",
                    "Put them into a file; esc, then f predicts it.",
                )
            self._keep(event.lines)

    def _keep(self, texts: tuple[str, ...]) -> None:
        self._waited, self._beside = texts[-1], True
        self._field.remembered = [*reversed(texts), *self._field.remembered]
        self._answerer.questions.forget()
        self._answerer.questions.keep(texts)
        self._answerer.go_on()
        self._show()

    @on(Answered)
    def _answered(self, event: Answered) -> None:
        self._answerer.answered()
        self._entries = [*reversed(event.kept), *self._entries][: asked.KEPT]
        # While one types on, the answer to what stood there a moment ago is better than none.
        last, typing = event.answers[-1], self._waited is not None and not self._beside
        if last.text == self._waited or (typing and not event.question.keep):
            self._answer = last
        self._failure = ""
        self._show()

    @on(AnswerFailed)
    def _failed(self, event: AnswerFailed) -> None:
        self._answerer.answered()
        # Once, and not again for every key.
        if self._failure != str(event.error):
            self._failure = str(event.error)
            self.workbench.report(event.error)

    def _read_history(self) -> None:
        path = self.workbench.workspace.root / asked.FILE
        in_background(self, "history", lambda: self.post_message(HistoryRead(tuple(read_asked(path)))))

    @on(HistoryRead)
    def _history_read(self, event: HistoryRead) -> None:
        # What was asked while the file was read may be in it already.
        new = [entry for entry in self._entries if entry not in event.entries]
        self._entries = [*new, *event.entries][: asked.KEPT]
        self._field.remembered = [*self._field.remembered, *(entry.text for entry in event.entries)]
        self._show()

    @on(LineList.Moved)
    def _moved(self, event: LineList.Moved) -> None:
        if self._history.has_focus and self._history.current is not None:
            self._beside = True
            self._ask(self._history.current.text)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leaving makes sense only where something has the focus."""
        return self.focused is not None if action == "leave" else super().check_action(action, parameters)

    def action_edit(self) -> None:
        """Go to the field; from the history with the text the cursor is on."""
        if self._field.disabled:
            self._opening.ready()
        if self._history.has_focus and self._history.current is not None:
            self._field.value = clean(self._history.current.text)
            self._field.cursor_position = len(self._field.value)
        self._field.focus()

    def action_leave(self) -> None:
        """Letters are commands again."""
        self.set_focus(None)

    def action_history(self) -> None:
        """Go to the history."""
        if not self._entries:
            raise UserError("nothing was asked yet", "Type a sentence and press enter: it is kept here.")
        self._history.focus()

    def action_variant(self) -> None:
        """Take the next variant of the bundle."""
        loaded = self._opening.ready()
        if len(loaded.variants) < 2:
            raise UserError(f"this bundle holds {loaded.variant} alone", "Export the run again to get the others.")
        place = loaded.variants.index(loaded.variant) + 1
        self.workbench.where.keep("predict", variant=loaded.variants[place % len(loaded.variants)])
        self._load()

    def action_file(self) -> None:
        """Ask for a file and predict it."""
        self.workbench.push_screen(PredictFile(self._opening.ready()))

    def action_run(self) -> None:
        """Look for exported runs, then let one be chosen."""
        jobs_dir = self.workbench.workspace.jobs_dir
        in_background(
            self, "runs", lambda: self.post_message(RunsFound(predict_loading.exported_runs(jobs_dir))) and None
        )

    @on(RunsFound)
    def _runs_found(self, event: RunsFound) -> None:
        with self.workbench.reporting():
            self.workbench.push_screen(choose_run(event.runs, self.workbench.workspace.info.run), self._take_run)

    def _take_run(self, run: str | None) -> None:
        if run is not None:
            with self.workbench.reporting():
                self.workbench.workspace.update(run=run)
                self._load()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """The field's frame says what its keys do."""
        self._show_hint()

    def on_descendant_blur(self, event: events.DescendantBlur) -> None:
        """And nothing otherwise."""
        self._show_hint()

    def _show_hint(self) -> None:
        self.query_one("#say").border_subtitle = (
            "enter keeps it · ↑ older · esc leaves" if self._field.has_focus else ""
        )

    def _show(self) -> None:
        """Draw what is known."""
        loaded, look = self._answerer.loaded, self.workbench.look
        beside = self._answer.text if self._beside and self._answer else ""
        view = answer_view(loaded, self._answer, beside, self._opening.loading, self._opening.problem, look)
        self.query_one(AnswerPane).show(view)
        self._history.show_entries(tuple(self._entries), colours(loaded, look))
        self._history.display = bool(self._entries)
        self.query_one("#nothing-asked").display = not self._entries
        self.query_one("#asked").border_title = history_title(*self._answerer.questions.progress)
        variants = self.query_one("#variants")
        variants.display = loaded is not None and loaded.report is not None
        if loaded is not None and loaded.report is not None:
            variants.border_title = Content(f"Variants of {loaded.run}")
            self.query_one(VariantTable).variants = Variants(loaded.report, loaded.variant)
