"""What speaks against a run that is to be: looked for in a thread, told a line each."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual import on
from textual.content import Content
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Static

from tlworkbench.data.findings import Finding
from tlworkbench.errors import UserError
from tlworkbench.jobs.prepare import training_spec
from tlworkbench.preflight.facts import Facts
from tlworkbench.tui.background import in_background
from tlworkbench.tui.text import clean, cut
from tlworkbench.workspace import Workspace

if TYPE_CHECKING:
    from tlworkbench.preflight.ahead import LookAhead
    from tlworkbench.preflight.guide import StrategyGuess

_PAUSE = 0.25
"""Seconds without another key before a look begins."""
_MARKS = {"refusal": ("✗", "$error"), "warning": ("!", "$warning"), "info": ("·", "$muted")}
_LINES = 3


def finding_lines(findings: Sequence[Finding], width: int, most: int, rest: str = "") -> Content:
    """A line each, what is worst first; below a refusal what to do. rest: where the others are to be seen."""
    lines = []
    shown = findings if len(findings) <= most else findings[: most - 1]
    for finding in shown:
        mark, colour = _MARKS[finding.level]
        lines.append(Content.styled(cut(f"{mark} {clean(finding.text)}", width), colour))
        if finding.level == "refusal" and finding.hint:
            lines.append(Content(f"  {clean(finding.hint)}"))
    if left := len(findings) - len(shown):
        lines.append(Content.styled(cut(f"  and {left} more{rest}", width), "$muted"))
    return Content("\n").join(lines)


class RunFindings(Static):
    """Looks ahead at a run on `workspace` and shows what it finds; posts `Looked` each time."""

    @dataclass
    class Looked(Message):
        """It is known what a run with the settings asked for last would do."""

        facts: Facts
        guesses: tuple["StrategyGuess", ...] = ()
        """Time and memory of each strategy, where they can be told."""

    @dataclass
    class _Found(Message, bubble=False):
        number: int
        facts: Facts
        guesses: tuple["StrategyGuess", ...]

    def __init__(self, workspace: Workspace, id: str) -> None:
        super().__init__(id=id)
        self.facts: Facts | None = None
        """What was found; None while it looks."""
        self._workspace = workspace
        self._ahead: LookAhead | None = None
        self._number = 0
        self._soon: Timer | None = None
        self._settings: tuple[str, ...] = ()

    def look(self, settings: tuple[str, ...]) -> None:
        """Look at a run with these `key=value`s, soon; nothing where it looks at them already."""
        if settings == self._settings:
            return
        at_once = not self._settings
        self._settings = settings
        self.facts = None
        # What is being looked at is of no use any more.
        self._number += 1
        if self._soon is not None:
            self._soon.stop()
        if at_once:
            self._begin()
        else:
            self._soon = self.set_timer(_PAUSE, self._begin)

    def _begin(self) -> None:
        number, settings = self._number, self._settings

        def work() -> None:
            self.post_message(self._Found(number, *self._look(settings)))

        in_background(self, "preflight", work)

    def _look(self, settings: tuple[str, ...]) -> tuple[Facts, tuple["StrategyGuess", ...]]:
        from tlworkbench.preflight.ahead import LookAhead
        from tlworkbench.preflight.guide import guide

        try:
            self._ahead = self._ahead or LookAhead(self._workspace)
            spec = training_spec(self._workspace, None, settings)
            facts = self._ahead.at(spec)
            return facts, guide(facts, spec)
        except UserError as error:
            return Facts(model="", findings=(Finding.refusal(error),)), ()

    @on(_Found)
    def _found(self, event: _Found) -> None:
        if event.number == self._number:
            self.facts = event.facts
            width = self.content_size.width or 72
            self.update(finding_lines(event.facts.findings, width, _LINES, ": esc, then p shows all"))
            self.post_message(self.Looked(event.facts, event.guesses))
