"""Answers off the screen's thread: one question at a time, so that no key ever waits for a model."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from textual.message import Message
from textual.widget import Widget

from tlworkbench.errors import UserError
from tlworkbench.tui.asked import Asked, append_asked
from tlworkbench.tui.messages import WorkFailed
from tlworkbench.tui.screens.predict_loading import Loaded
from tlworkbench.tui.screens.predict_questions import Question, Questions

if TYPE_CHECKING:
    from tlworkbench.inference.classifier import Prediction


@dataclass(frozen=True)
class Answer:
    """What the model says of one text."""

    text: str
    scores: tuple[tuple[str, float], ...]
    """Every label with its probability, best first."""
    milliseconds: float
    """Time the model took; of several texts asked at once, the average."""
    run: str
    variant: str


@dataclass
class Answered(Message):
    """A question was answered."""

    question: Question
    answers: tuple[Answer, ...]
    kept: tuple[Asked, ...]
    """What went into the history, in the order asked."""


@dataclass
class AnswerFailed(Message):
    """The model could not answer."""

    error: BaseException


class Answerer:
    """Puts questions to the model in use and posts the answers to `screen`. Called on the screen's thread alone."""

    def __init__(self, screen: Widget, history: Path) -> None:
        self.questions = Questions()
        self.loaded: Loaded | None = None
        """What answers; None while nothing is loaded: then questions wait."""
        self._screen = screen
        self._history = history
        self._busy = False

    def go_on(self) -> None:
        """Begin with what waits, unless a question is being answered."""
        if self._busy or self.loaded is None:
            return
        question = self.questions.next()
        if question is not None:
            self._busy = True
            loaded = self.loaded
            self._screen.run_worker(
                lambda: self._answer(loaded, question), thread=True, group="answer", exit_on_error=False
            )

    def answered(self) -> None:
        """The screen has taken in an `Answered` or `AnswerFailed`: go on with the next."""
        self._busy = False
        self.go_on()

    def _answer(self, loaded: Loaded, question: Question) -> None:
        try:
            began = time.perf_counter()
            predictions = loaded.classifier.predict(question.texts, len(loaded.labels))
            each = (time.perf_counter() - began) * 1000 / len(question.texts)
            answers = tuple(_answer_of(prediction, loaded, each) for prediction in predictions)
            kept = tuple(_asked(answer) for answer in answers) if question.keep else ()
        except Exception as error:
            self._screen.post_message(AnswerFailed(error))
            return
        try:
            if kept:
                append_asked(self._history, kept)
        except UserError as error:
            # The answers are there all the same; only the next start won't know of them.
            self._screen.app.post_message(WorkFailed(error))
        self._screen.post_message(Answered(question, answers, kept))


def _answer_of(prediction: "Prediction", loaded: Loaded, milliseconds: float) -> Answer:
    return Answer(prediction.text, prediction.top, milliseconds, loaded.run, loaded.variant)


def _asked(answer: Answer) -> Asked:
    label, score = answer.scores[0]
    # A lone half of a character, as a broken paste leaves it, can't be written in UTF-8.
    text = answer.text.encode("utf-8", "replace").decode()
    return Asked(text=text, label=label, score=score, run=answer.run, variant=answer.variant)
