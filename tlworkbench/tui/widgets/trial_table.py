"""What a search has tried: a line a trial, the best marked."""

from textual.content import Content

from tlworkbench.jobs.events import Trial
from tlworkbench.jobs.search_plan import best_of
from tlworkbench.jobs.setting_text import text_of
from tlworkbench.tui.text import cut, duration
from tlworkbench.tui.widgets import figures
from tlworkbench.tui.widgets.line_list import LineList


class TrialTable(LineList):
    """Shows trials in the order in which they were made."""

    def __init__(self, id: str) -> None:
        super().__init__(id=id, cursor_without_focus=True)
        self.trials: tuple[Trial, ...] = ()
        self._metric = "macro_f1"

    def show_trials(self, trials: tuple[Trial, ...], metric: str, cursor: int | None = None) -> None:
        """Show these; the cursor goes to the best where it is not given."""
        self.trials = trials
        self._metric = metric
        best = best_of(trials, metric)
        self.show(len(trials), cursor if cursor is not None else trials.index(best) if best else 0)

    def head(self, width: int) -> Content:
        """The names of the columns."""
        line = f"  {'learning rate':>13} {'epochs':>7} {'macro-F1':>9} {'accuracy':>9} {'loss':>8} {'time':>7}"
        return Content.styled(cut(line, width), "$muted")

    def line(self, place: int, width: int) -> Content:
        """One trial."""
        trial = self.trials[place]
        best = trial == best_of(self.trials, self._metric)
        head = f"{'▲' if best else ' '} {text_of(trial.learning_rate):>13} {trial.epochs:>7g}"
        if trial.lost:
            return Content.assemble(head, (cut(f"  ✗ {trial.lost}", width - len(head)), "$error"))
        score = f" {figures.score(trial.macro_f1):>9} {figures.score(trial.accuracy):>9} {figures.loss(trial.loss):>8}"
        return Content.assemble(
            (head, "bold $success" if best else ""),
            (score, "bold $success" if best else ""),
            (f" {duration(trial.seconds):>7}", "$muted"),
        )
