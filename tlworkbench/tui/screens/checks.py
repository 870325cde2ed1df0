"""The checks: what is wrong with the dataset, how many rows, and putting it right."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Static
from textual.worker import get_current_worker

from tlworkbench.data.checks.fixes import leave_training, majority, take_majority
from tlworkbench.data.checks.found import Found
from tlworkbench.data.checks.subject import Subject
from tlworkbench.data.checks.table import BY_ID, CHECKS, MANY, Check, run_checks
from tlworkbench.data.journal import Journal
from tlworkbench.data.near_duplicates import Cancelled
from tlworkbench.data.row_edits import Edit
from tlworkbench.tui import actions
from tlworkbench.tui.background import in_background
from tlworkbench.tui.screens.confirm import Confirm
from tlworkbench.tui.screens.dialog import Dialog
from tlworkbench.tui.text import counted, cut, thousands
from tlworkbench.tui.widgets.check_figures import class_figures, length_figures, no_lengths
from tlworkbench.tui.widgets.key_bar import key_line
from tlworkbench.tui.widgets.line_list import LineList

if TYPE_CHECKING:
    from tlworkbench.tui.app import Workbench

Measure = Callable[[Subject, Callable[[], bool]], Subject]
"""Adds token lengths; given what says whether anyone still waits. For any thread."""
MakeEdit = Callable[[Journal], Edit | None]

_MARKS = {"fault": ("✗", "$error"), "doubt": ("!", "$warning"), "note": ("·", "$primary")}
_COUNT = 7
_AROUND = 6
"""Lines of the dialog that are not the list."""
_WITH_TOKENS = "too_long"


@dataclass(frozen=True)
class Chosen:
    """A check whose rows are to be shown."""

    check: Check
    found: Found


class CheckList(LineList):
    """One check a line: how often, how bad, what."""

    found: dict[str, Found]

    def line(self, place: int, width: int) -> Content:
        """One check."""
        check = CHECKS[place]
        found = self.found.get(check.id)
        if found is None or found.count is None:
            told = "…" if found is None else "?"
            return Content.assemble(
                (f"{told:>{_COUNT}}   ", "$muted"), (cut(check.title, width - _COUNT - 3), "$muted")
            )
        if not found.count:
            return Content.assemble(
                (f"{'–':>{_COUNT}} ", "$muted"), ("✓ ", "$success"), (cut(check.title, width - _COUNT - 3), "$muted")
            )
        mark, colour = _MARKS[check.severity]
        return Content.assemble(
            (f"{thousands(found.count):>{_COUNT}} ", "bold"), (f"{mark} ", colour), cut(check.title, width - _COUNT - 3)
        )


class ChecksDialog(Dialog[Chosen]):
    """Closes with the check whose rows are to be shown. Looks in a thread; counts show as they come."""

    BINDINGS: ClassVar[list[BindingType]] = [*actions.bindings("checks")]

    @dataclass
    class Looked(Message):
        """A check has come to its end."""

        run: int
        check: Check
        found: Found

    @dataclass
    class Measured(Message):
        """The texts' lengths are known, or why they are not."""

        run: int
        subject: Subject

    def __init__(
        self,
        subject: Callable[[], Subject],
        measure: Measure,
        edit: Callable[[MakeEdit], Awaitable[Edit | None]],
        place: int = 0,
    ) -> None:
        """subject: the rows as labelled now. edit: makes an edit and shows it. place: where the cursor begins."""
        super().__init__()
        self._now, self._measure, self._edit = subject, measure, edit
        self._place = place
        self._run = 0
        self._looked: set[str] = set()
        """Checks that have come to an end in this run."""
        self._subject = subject()
        self._measured: Subject | None = None
        self._said = ""
        """What was just done or could not be, until the cursor moves on."""

    def compose(self) -> ComposeResult:
        """Checks, bars, what the one under the cursor means, keys."""
        with Vertical(id="dialog", classes="checks") as frame:
            frame.border_title = "Checks"
            with Horizontal(id="both"):
                yield CheckList(id="list")
                yield Static(id="figures")
            yield Static(id="meaning")
            yield Static(id="keys")

    def on_mount(self) -> None:
        """Begin to look."""
        listed = self.query_one(CheckList)
        listed.found = {}
        listed.show(len(CHECKS), self._place)
        self.set_focus(listed)
        self._look()

    def on_resize(self) -> None:
        """Checks, bars and keys that fit."""
        self.query_one(CheckList).styles.height = max(3, min(len(CHECKS), self.size.height - _AROUND))
        self.call_after_refresh(self._show)

    def action_open(self) -> None:
        check = self._check()
        found = self.query_one(CheckList).found.get(check.id)
        if found is not None and len(found.rows):
            self.dismiss(Chosen(check, found))
        else:
            self._say("still looking …" if found is None else "there are no rows to show")

    async def action_majority(self) -> None:
        """Ask, then give copies of a text the label most of them have."""
        subject = self._now()
        plan = await asyncio.to_thread(majority, subject)
        left = f"{counted(plan.ties, 'text')} without a majority stay as they are" if plan.ties else ""
        if not len(plan.rows):
            self._say(left or "all copies of a text have the same label")
            return
        question = f"Give {counted(len(plan.rows), 'row')} the label most copies of their text have?"
        detail = f"{counted(plan.texts, 'text')}. " + (f"{left[0].upper()}{left[1:]}. " if left else "")
        await self._ask(question, detail, "label them", lambda journal: take_majority(subject, journal, plan))

    async def action_leave(self) -> None:
        """Ask, then take leaks out of training; near ones where the cursor is on those."""
        subject = self._now()
        near = self._check().id == "near_leaks"
        found = await asyncio.to_thread(BY_ID["near_leaks" if near else "leaks"].find, subject)
        if not found.count:
            self._say("no training row stands in validation or test" + (", not even nearly" if near else ""))
            return
        question = f"Take {counted(found.count, 'row')} out of training?"
        detail = f"They {'nearly ' if near else ''}stand in validation or test too; those stay. "
        await self._ask(question, detail, "exclude them", lambda journal: leave_training(subject, journal, near))

    async def _ask(self, question: str, detail: str, yes: str, make: MakeEdit) -> None:
        async def answered(answer: bool | None) -> None:
            if answer:
                with cast("Workbench", self.app).reporting():
                    edit = await self._edit(make)
                    self._look()
                    self._say(edit.text if edit is not None else "nothing was left to do")

        await self.app.push_screen(Confirm(question, f"{detail}u in Data takes it back.", yes, "leave them"), answered)

    def _check(self) -> Check:
        return CHECKS[self.query_one(CheckList).cursor]

    def _look(self) -> None:
        """Look at the rows as they are now; what was found before shows until then."""
        self._run += 1
        run, subject = self._run, self._now()
        self._subject = subject
        self._looked = set()
        self.workers.cancel_group(self, "checks")

        def work() -> None:
            worker = get_current_worker()
            subject.facts.cancelled = lambda: worker.is_cancelled
            try:
                for check, found in run_checks(subject, [check for check in CHECKS if check.id != _WITH_TOKENS]):
                    if worker.is_cancelled:
                        return
                    self.post_message(self.Looked(run, check, found))
                measured = self._measure(subject, lambda: worker.is_cancelled)
            except Cancelled:
                return
            self.post_message(self.Measured(run, measured))
            self.post_message(self.Looked(run, BY_ID[_WITH_TOKENS], BY_ID[_WITH_TOKENS].find(measured)))

        in_background(self, "checks", work)
        self._show()

    @on(Looked)
    def _one_more(self, event: Looked) -> None:
        if event.run == self._run:
            self._looked.add(event.check.id)
            listed = self.query_one(CheckList)
            listed.found[event.check.id] = event.found
            listed.refresh()
            self._show_words()

    @on(Measured)
    def _lengths_known(self, event: Measured) -> None:
        if event.run == self._run:
            self._measured = event.subject
            self._show()

    @on(LineList.Moved)
    def _moved(self) -> None:
        self._say("")

    def _say(self, text: str) -> None:
        self._said = text
        self._show_words()

    def _show(self) -> None:
        pane = self.query_one("#figures", Static)
        width = pane.scrollable_content_region.width
        if width:
            look = cast("Workbench", self.app).look
            pieces = [class_figures(self._subject, look, width), Content("")]
            if self._measured is None:
                pieces.append(no_lengths("counting …", width))
            elif self._measured.lengths is None:
                pieces.append(no_lengths(self._measured.why_no_lengths, width))
            else:
                pieces.append(length_figures(self._measured.lengths, width))
            pane.update(Content("\n").join(pieces))
        keys = self.query_one("#keys", Static)
        entries = [(actions.shown(action.keys), action.label) for action in actions.in_scope("checks")]
        keys.update(key_line(entries, ("esc", "leave"), max(keys.size.width, 40)))
        self._show_words()

    def _show_words(self) -> None:
        said = Content.styled(self._said, "$primary") if self._said else self._meaning()
        self.query_one("#meaning", Static).update(said)
        done = len(self._looked)
        excluded = int(self._subject.excluded.sum())
        left_out = f" · {thousands(excluded)} excluded" if excluded else ""
        rows = f"{counted(len(self._subject.rows), 'row')}{left_out}"
        looking = f"looking … {done} of {len(CHECKS)} · " if done < len(CHECKS) else ""
        self.query_one("#dialog", Vertical).border_subtitle = looking + rows

    def _meaning(self) -> Content:
        """What the check under the cursor has found and what to do; where it found nothing, what it looks for."""
        check = self._check()
        found = self.query_one(CheckList).found.get(check.id)
        if found is None or found.count == 0:
            return Content.styled(check.rule, "$muted")
        if found.count is None:
            return Content.styled(f"Not looked at: {found.words}.", "$muted")
        unit = check.unit if found.count == 1 else MANY[check.unit]
        joined = found.words.startswith(("in ", "of ", "and "))
        words = f"{' ' if joined else ': '}{found.words}. " if found.words else ". "
        return Content.assemble((f"{thousands(found.count)} {unit}", "bold"), words, (check.advice, "$muted"))
