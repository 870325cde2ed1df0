"""Marking runs on the Train screen, and setting the marked ones beside one another."""

from tlworkbench.comparison.compare import MOST
from tlworkbench.errors import UserError
from tlworkbench.jobs.folder import JobFolder
from tlworkbench.tui.run_signs import SIGNS, sign_colour
from tlworkbench.tui.screens.compare import CompareScreen
from tlworkbench.tui.screens.train_stop import StoppingRuns

_KEPT = "marked"


class MarkingRuns(StoppingRuns):
    """Keeps which runs are marked, in the order in which they were; the first is the reference."""

    def action_mark(self) -> None:
        """Mark the run that is shown, or take its mark away."""
        shown = self._shown_run()
        if shown is None:
            raise UserError("there is no run to mark yet", "Press s to start one.")
        marked, run = self._marked(), shown[0].run
        if run in marked:
            marked.remove(run)
        elif len(marked) == MOST:
            raise UserError(f"{MOST} runs are marked already", "Take a mark away with space, or compare them with v.")
        else:
            marked.append(run)
        self.workbench.where.keep(self.SCOPE, **{_KEPT: marked})
        self._paint()

    def action_compare(self) -> None:
        """Open the comparison of the marked runs, or of the one that is shown and the one before it."""
        self.app.push_screen(CompareScreen(self._to_compare()))

    def _marked(self) -> list[str]:
        kept = self.workbench.where.of(self.SCOPE).get(_KEPT)
        runs = {job.run for job, _ in self._runs()}
        return [run for run in kept if run in runs][:MOST] if isinstance(kept, list) else []

    def _signs(self) -> dict[str, tuple[str, str]]:
        look = self.workbench.look
        return {run: (SIGNS[place], sign_colour(look, place)) for place, run in enumerate(self._marked())}

    def _to_compare(self) -> list[JobFolder]:
        jobs = {job.run: job for job, _ in self._runs()}
        marked, shown = self._marked(), self._shown_run()
        if len(marked) > 1:
            return [jobs[run] for run in marked]
        if shown is None:
            raise UserError("there is no run to compare yet", "Press s to start one.")
        if len(jobs) == 1:
            raise UserError(
                f"there is only {shown[0].run}, and nothing to compare it with",
                "Press s to start another run; then space marks runs and v sets them side by side.",
            )
        others = [jobs[run] for run in marked if run != shown[0].run] or [_before(shown[0], list(jobs.values()))]
        return sorted([*others, shown[0]])


def _before(job: JobFolder, jobs: list[JobFolder]) -> JobFolder:
    # The run before it; of the oldest the one after.
    older = [other for other in jobs if other < job]
    return max(older) if older else min(other for other in jobs if other > job)
