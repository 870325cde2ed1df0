"""`b` on the Train screen: what a run's figures are held against, measured before it and shown in a line."""

from dataclasses import replace
from pathlib import Path

from textual.content import Content
from textual.widgets import Static

from tlworkbench.jobs.baseline_words import figure, in_order
from tlworkbench.jobs.events import Baseline
from tlworkbench.jobs.folder import JobFolder
from tlworkbench.jobs.prepare import training_spec
from tlworkbench.jobs.run_state import RunState
from tlworkbench.jobs.setting_text import assignments
from tlworkbench.jobs.spec import BaselineSpec, TrainSpec
from tlworkbench.jobs.stop import ask_to_stop
from tlworkbench.tui.screens.confirm import Confirm
from tlworkbench.tui.screens.train_facts import RunFacts
from tlworkbench.tui.screens.train_stop import StoppingRuns
from tlworkbench.tui.screens.train_words import glyph, working_on
from tlworkbench.tui.text import clean, cut

_MEASURED = frozenset({"done", "stopped"})


class MeasuringBaselines(StoppingRuns):
    """Measures them, and holds the shown run against what was measured on its rows."""

    def action_baselines(self) -> None:
        """Measure them for the chosen model; asked while that goes on, offer to stop it."""
        measuring = self._measuring()
        if measuring is not None:
            question = Confirm("Stop measuring the baselines?", "What is measured already stays.", "stop it", "go on")
            self.app.push_screen(question, lambda yes: self._stop_measuring(measuring[0]) if yes else None)
            return
        spec = training_spec(self.workbench.workspace, None, assignments(self._settings()))
        self.workbench.jobs.start(BaselineSpec(run=spec), Path(spec.model).name)
        self._paint()

    def _stop_measuring(self, job: JobFolder) -> None:
        with self.workbench.reporting():
            ask_to_stop(job)

    def _settings(self) -> dict[str, str]:
        """What the form for a new run begins with; raises UserError where none can be started."""
        raise NotImplementedError

    def _held_against(self, job: JobFolder, state: RunState) -> RunState:
        """The run with lines that were measured on its rows apart from it, where it has no figure of its own."""
        spec = self._facts.get(job, RunFacts()).spec
        measured = self._measured_lines(spec) if spec is not None else ()
        own = {line.name for line in state.baselines if line.macro_f1 is not None}
        more = tuple(line for line in measured if line.name not in own and line.macro_f1 is not None)
        if not more:
            return state
        names = {line.name for line in more}
        return replace(state, baselines=(*(line for line in state.baselines if line.name not in names), *more))

    def _paint_baselines(self, state: RunState | None) -> None:
        model = self.workbench.workspace.info.model
        lines = state.baselines if state is not None else self._lines_of(model)
        static = self.query_one("#baselines", Static)
        said = baselines_line(lines, self._job_words(model), self.size.width - 4)
        static.set_class(bool(said.plain), "-some")
        self._said.text(static, said)

    def _job_words(self, model: str) -> tuple[str, str]:
        """What the last measuring is at or failed by, and its style; empty where it ended well or for another model."""
        latest = next(iter(self.workbench.jobs.of_kind("baseline")), None)
        if latest is None:
            return "", ""
        job, state = latest
        if not state.ended:
            doing = working_on(state) if state.progress is not None else "starting"
            return f"{glyph('running')} {doing}", "$primary"
        spec = self._measured_for.get(job)
        if state.status in _MEASURED or spec is None or spec.model != model:
            return "", ""
        why = " ".join(word for word in (state.what, state.hint) if word)
        return f"{glyph(state.status)} {state.status}: {why}", "$error"

    def _measuring(self) -> tuple[JobFolder, RunState] | None:
        return next((pair for pair in self.workbench.jobs.of_kind("baseline") if not pair[1].ended), None)

    def _measured_lines(self, spec: TrainSpec) -> tuple[Baseline, ...]:
        """What was measured last for a run on these validation rows."""
        for job, state in self.workbench.jobs.of_kind("baseline"):
            known = self._measured_for.get(job)
            if known is not None and state.baselines and _same_rows(known, spec):
                return state.baselines
        return ()

    def _lines_of(self, model: str) -> tuple[Baseline, ...]:
        for job, state in self.workbench.jobs.of_kind("baseline"):
            known = self._measured_for.get(job)
            if known is not None and state.baselines and known.model == model:
                return state.baselines
        return ()


def baselines_line(lines: tuple[Baseline, ...], job: tuple[str, str], width: int) -> Content:
    """`baselines  majority .214 · as it is – (no head) · head .714` in `width` cells; the best one stands out.

    job: what measuring them is at, and its style. What has no room is how figures came about, then why one is missing.
    """
    words, style = job
    head = Content.styled("baselines  ", "$muted")
    if not lines:
        return head + Content.styled(cut(clean(words), width - head.cell_length), style) if words else Content("")
    best = max((line.macro_f1 for line in lines if line.macro_f1 is not None), default=None)
    missing = tuple(line for line in lines if line.macro_f1 is None)
    for explained in (lines, missing, ()):
        parts = [_line(line, line in explained, line.macro_f1 == best) for line in in_order(lines)]
        told = head + Content.styled(" · ", "$muted").join(parts)
        if not any(line.name == "head" for line in lines) and not words:
            told += Content.assemble("   ", ("b", "bold $accent"), (" measures the head", "$muted"))
        if told.cell_length <= width:
            break
    if not words:
        return told
    room = width - told.cell_length - 3
    return told + "   " + Content.styled(cut(clean(words), room), style) if room >= 12 else told


def _line(line: Baseline, explained: bool, best: bool) -> Content:
    words = f" ({clean(line.words)})" if explained and line.words else ""
    return Content.assemble(
        (f"{clean(line.name)} ", "$muted"),
        (figure(line), "bold" if best and line.macro_f1 is not None else ""),
        (words, "$muted"),
    )


def _same_rows(measured: TrainSpec, spec: TrainSpec) -> bool:
    """Whether both validate the same model on the same rows."""

    def rows(run: TrainSpec) -> tuple[object, ...]:
        return run.model, run.journal_version, run.max_eval_rows, run.seed if run.max_eval_rows else 0

    return rows(measured) == rows(spec)
