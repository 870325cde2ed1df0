"""The queue of questions: the newest typed text, and texts to keep in their order."""

from tlworkbench.tui.screens.predict_questions import AT_ONCE, Question, Questions


def test_of_what_is_typed_only_the_newest_is_asked() -> None:
    questions = Questions()
    for text in ("h", "he", "hey"):
        questions.ask(text)
    assert questions.next() == Question(("hey",), keep=False)
    assert questions.next() is None


def test_what_is_forgotten_is_not_asked() -> None:
    questions = Questions()
    questions.ask("hey")
    questions.forget()
    assert questions.next() is None


def test_texts_to_keep_come_in_their_order_and_take_turns_with_typing() -> None:
    questions = Questions()
    texts = [f"line {number}" for number in range(AT_ONCE * 2 + 1)]
    questions.keep(texts)
    questions.ask("hey")
    assert questions.progress == (0, len(texts))
    first, typed, second, third = (questions.next() for _ in range(4))
    assert typed == Question(("hey",), keep=False)
    kept = [question for question in (first, second, third) if question is not None]
    assert [text for question in kept for text in question.texts] == texts
    assert all(question.keep and len(question.texts) <= AT_ONCE for question in kept)
    assert questions.progress == (len(texts), len(texts)) and questions.next() is None


def test_typing_without_end_does_not_hold_up_what_is_kept() -> None:
    questions = Questions()
    questions.keep(["a"] * AT_ONCE * 3)
    taken = []
    for _ in range(6):
        questions.ask("hey")
        taken.append(questions.next())
    assert [question.keep for question in taken if question] == [True, False] * 3


def test_progress_begins_anew_once_all_was_taken() -> None:
    questions = Questions()
    questions.keep(["a", "b"])
    questions.next()
    questions.keep(["c"])
    assert questions.progress == (0, 1)
