"""What a training run would do, told before it is started."""

import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import msgspec
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from tlworkbench.data.findings import Finding
from tlworkbench.errors import UserError
from tlworkbench.jobs.folder import JobFolder
from tlworkbench.jobs.prepare import training_spec
from tlworkbench.jobs.setting_text import assignments
from tlworkbench.jobs.spec import PreflightSpec
from tlworkbench.jobs.stop import ask_to_stop
from tlworkbench.preflight.facts import Facts
from tlworkbench.preflight.words import measures, verdict
from tlworkbench.tui.screens.dialog import Dialog
from tlworkbench.tui.text import clean, cut, fit, thousands
from tlworkbench.tui.themes import Look
from tlworkbench.tui.widgets.run_findings import RunFindings, finding_lines

if TYPE_CHECKING:
    from tlworkbench.tui.app import Workbench

_LOOK_SECONDS = 0.1
_CLASSES = 4
_FINDINGS = 4
"""Lines in a small terminal;"""
_MORE = 3
"""so many times as many in a tall one."""
_TALL = 36


class Preflight(Dialog[bool]):
    """Tells rows, steps, disk and doubts at once; time and memory when a job has tried them. True: go on to the form.

    Nothing is tried while another run has the machine, or where the run would be refused anyway.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter,s", "go_on", "set up the run")]

    def __init__(self, workbench: "Workbench", values: Mapping[str, str], behind: str = "") -> None:
        """behind: number of the training run that is at work."""
        super().__init__()
        self._workbench = workbench
        self._settings = assignments(values)
        self._behind = behind
        self._facts: Facts | None = None
        self._job: JobFolder | None = None

    def compose(self) -> ComposeResult:
        """Figures, findings, keys."""
        with Vertical(id="dialog", classes="preflight") as frame:
            frame.border_title = "What a run would do"
            yield Static(Content.styled("looking …", "$muted"), id="figures")
            yield RunFindings(self._workbench.workspace, id="findings")
            yield Static(_keys(), classes="keys")

    def on_mount(self) -> None:
        """Begin to look."""
        self.query_one(RunFindings).look(self._settings)
        self.set_interval(_LOOK_SECONDS, self._look_at_job)

    def on_unmount(self) -> None:
        """What is still being tried is of no use to anybody."""
        # One that is only just starting can't be stopped yet: it ends by itself soon enough.
        with contextlib.suppress(UserError):
            if self._job is not None and not self._job.state().ended:
                ask_to_stop(self._job)

    def action_go_on(self) -> None:
        """Close, and go on to the form."""
        self.dismiss(True)

    @on(RunFindings.Looked)
    def _looked(self, event: RunFindings.Looked) -> None:
        facts = event.facts
        if self._behind and not facts.refused:
            facts = msgspec.structs.replace(facts, not_tried=f"{self._behind} takes this machine's time and memory")
        elif not facts.refused:
            try:
                spec = training_spec(self._workbench.workspace, None, self._settings)
                self._job = self._workbench.jobs.start(PreflightSpec(run=spec), Path(spec.model).name)
            except UserError as error:
                facts = msgspec.structs.replace(facts, not_tried=error.what)
        self._show(facts)

    def _look_at_job(self) -> None:
        state = self._workbench.jobs.state(self._job) if self._job is not None else None
        if state is None or not state.ended or self._facts is None:
            return
        self._job = None
        if state.status == "done" and state.result:
            self._show(self._facts.with_trial(state.result))
        elif state.status == "failed":
            self._show(self._facts.with_refusal(Finding("refusal", state.what, state.hint)))
        else:
            self._show(msgspec.structs.replace(self._facts, not_tried=f"it was {state.status}"))

    def _show(self, facts: Facts) -> None:
        self._facts = facts
        pane = self.query_one("#figures", Static)
        width = pane.content_size.width or 72
        times = _MORE if self.size.height >= _TALL else 1
        look = self._workbench.look
        pane.update(figure_lines(facts, look, width, _CLASSES * times, trying=self._job is not None))
        words = finding_lines(facts.findings, width, _FINDINGS * times, ": tlworkbench train --check")
        self.query_one(RunFindings).update(words)
        self.query_one("#dialog", Vertical).border_subtitle = verdict(facts)


def figure_lines(facts: Facts, look: Look, width: int, classes: int, trying: bool = False) -> Content:
    """Rows by class, then each figure, numbers at the right of their column.

    classes: lines for them at most. trying: time and memory are to come.
    """
    lines = []
    if facts.classes:
        lines.append(Content.styled(f"{'':20} {'train':>9} {'validation':>11}", "$muted"))
    order = sorted(range(len(facts.classes)), key=lambda place: -facts.classes[place].train)
    shown = order if len(order) <= classes else order[: classes - 1]
    for place in shown:
        rows = facts.classes[place]
        numbers = f" {thousands(rows.train):>9} {thousands(rows.validation):>11}"
        lines.append(Content.assemble((fit(clean(rows.name), 20), look.label(place)), numbers))
    if rest := len(order) - len(shown):
        rarest = facts.classes[order[-1]]
        words = f"and {rest} more; the rarest, {clean(rarest.name)}, has {thousands(rarest.train)}"
        lines.append(Content.styled(cut(words, width), "$muted"))
    if facts.classes:
        sums = f" {thousands(facts.train_rows):>9} {thousands(facts.validation_rows):>11}"
        lines += [Content.styled(f"{'in all':20}{sums}", "bold"), Content("")]
    figures = measures(facts) if facts.steps else []
    if trying:
        figures += [("time", "…", "trying the longest batch on this machine"), ("memory", "…", "")]
    elif facts.not_tried:
        figures.append(("time", "?", f"not tried: {facts.not_tried}"))
    cells = max((len(figure) for _, figure, _ in figures), default=0)
    for name, figure, added in figures:
        head = f"{name:8}"
        tail = cut(f"  {clean(added)}", width - len(head) - cells)
        lines.append(Content.assemble((head, "$muted"), (f"{figure:>{cells}}", "bold"), (tail, "$muted")))
    return Content("\n").join(lines)


def _keys() -> Content:
    return Content.assemble(
        ("enter", "bold $accent"), (" set up the run   ", "$muted"), ("esc", "bold $accent"), (" close", "$muted")
    )
