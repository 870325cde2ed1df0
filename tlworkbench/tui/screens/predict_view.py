"""What the Predict screen shows, as values made from what it knows."""

from collections.abc import Mapping

from textual.content import Content

from tlworkbench.errors import UserError
from tlworkbench.tui.screens.predict_answering import Answer
from tlworkbench.tui.screens.predict_loading import Loaded
from tlworkbench.tui.text import clean, cut, one_line
from tlworkbench.tui.themes import Look
from tlworkbench.tui.widgets.answer_pane import AnswerView
from tlworkbench.tui.widgets.score_bars import Score
from tlworkbench.tui.widgets.variant_table import milliseconds

_LONGEST_TITLE = 24


def colours(loaded: Loaded | None, look: Look) -> dict[str, str]:
    """The colour of each label, in the order of the model's labels."""
    return {label: look.label(place) for place, label in enumerate(loaded.labels)} if loaded else {}


def answer_view(
    loaded: Loaded | None, answer: Answer | None, beside: str, loading: bool, problem: UserError | None, look: Look
) -> AnswerView:
    """The answer's pane. beside: text the answer is for, where it is not the one in the field."""
    if loaded is None:
        return AnswerView(Content("Answer"), note=_note(problem))
    by_label = colours(loaded, look)
    below = [loaded.variant, f"run {loaded.run}"]
    if loading:
        below = ["loading …", f"run {loaded.run}"]
    if answer is None:
        return AnswerView(
            Content("Answer"), _scores({label: None for label in loaded.labels}, by_label), None, _joined(below)
        )
    if not loading:
        below = [answer.variant, milliseconds(answer.milliseconds), f"run {answer.run}"]
    label = answer.scores[0][0]
    return AnswerView(
        _title(label, by_label.get(label, ""), beside), _scores(dict(answer.scores), by_label), None, _joined(below)
    )


def _scores(shares: Mapping[str, float | None], by_label: Mapping[str, str]) -> tuple[Score, ...]:
    return tuple(Score(clean(label), share, by_label.get(label, "")) for label, share in shares.items())


def _title(label: str, colour: str, beside: str) -> Content:
    name = cut(clean(label), _LONGEST_TITLE)
    text = f"  {one_line(beside, 200)}" if beside else ""
    return Content.assemble((name, f"bold {colour}".strip()), (text, "not bold $muted"))


def _note(problem: UserError | None) -> Content:
    if problem is None:
        return Content.styled("loading …", "$muted")
    return Content.assemble((f"{clean(problem.what)}\n", ""), (clean(problem.hint), "$muted"))


def _joined(words: list[str]) -> str:
    return " · ".join(map(clean, words))


def history_title(taken: int, total: int) -> Content:
    """How far a batch of lines is stands in the title while it lasts."""
    batch = f"  {taken} of {total} lines" if taken < total and total > 1 else ""
    return Content.assemble("History", (batch, "not bold $primary"))
