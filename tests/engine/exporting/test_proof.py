"""The comparison itself, on stand-ins: what is compared, what counts as the same, what is said of the rest."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from tlworkbench.engine.onnx_proof import Floats, objection, prove
from tlworkbench.inference.report import ParityReport
from tlworkbench.inference.windows import Windows

LIMIT = 12
TEXTS = [" ".join(["word"] * length) for length in (3, 1, 5, 2, 8, 4)] + [f"text {number}" for number in range(44)]

Answer = Callable[[str, int], Sequence[float]]


def plain(text: str, batch: int) -> Sequence[float]:
    return (float(len(text)), 1.0, -1.0)


class Model:
    """Answers by `answer(text, batch size)`; a token a word and two marks."""

    max_length = LIMIT
    windows: Windows | None = None

    def __init__(self, answer: Answer = plain, tokens: Callable[[str], int] = lambda text: 0) -> None:
        self.answer = answer
        self.tokens = tokens
        self.batches: list[list[str]] = []

    def logits(self, texts: Sequence[str]) -> Floats:
        self.batches.append(list(texts))
        return np.array([self.answer(text, len(texts)) for text in texts], np.float32)

    batch_logits = logits

    def token_ids(self, texts: Sequence[str]) -> list[list[int]]:
        return [[1, *[7 + self.tokens(text)] * len(text.split()), 2][:LIMIT] for text in texts]


def proof(candidate: Model, reference: Model | None = None, rows: int = 40) -> ParityReport:
    return prove(reference or Model(), candidate, TEXTS, rows, split="validation", traced_batch=3)


def test_every_size_and_the_marked_rows_are_compared() -> None:
    candidate, reference = Model(), Model()
    parity = proof(candidate, reference)
    assert candidate.batches == reference.batches, "the same batches on both sides"
    sizes = {len(batch) for batch in candidate.batches}
    assert sizes >= {1, 2, 7, 32}
    shortest, median, longest = "word", "text 1", " ".join(["word"] * 8)
    for size in (1, 2, 7, 32):
        together = {text for batch in candidate.batches if len(batch) == size for text in batch}
        assert {shortest, longest} <= together
        assert any(text.startswith("text") for text in together), median
    assert (parity.shortest, parity.median, parity.longest) == (3, 4, LIMIT)
    assert parity.comparisons == sum(map(len, candidate.batches)) and 40 <= parity.rows <= 43
    assert objection(parity) == ""


def test_a_text_at_the_limit_and_an_empty_one_are_compared() -> None:
    candidate = Model()
    proof(candidate)
    [long] = [batch[0] for batch in candidate.batches if len(batch) == 1 and len(batch[0].split()) >= LIMIT - 2]
    assert [""] in candidate.batches
    assert [long, ""] in candidate.batches, "all padding beside none"


def test_all_rows_are_compared_where_there_are_fewer() -> None:
    assert proof(Model(), rows=999).rows == len(TEXTS)


@pytest.mark.parametrize("size", [1, 2, 7, 32])
def test_a_fault_at_one_batch_size_alone_is_found(size: int) -> None:
    def faulty(text: str, batch: int) -> Sequence[float]:
        return (float(len(text)) + (0.01 if batch == size else 0), 1.0, -1.0)

    parity = proof(Model(faulty))
    assert parity.max_abs_diff == pytest.approx(0.01, rel=0.01)
    assert parity.worst[0].batch == size
    assert "logits differ by up to 0.01 (allowed: 1e-04)" in objection(parity)
    assert f"worst in a batch of {size}" in objection(parity)


def test_the_worst_rows_are_listed_worst_first() -> None:
    drift = {text: number * 1e-6 for number, text in enumerate(TEXTS)}
    parity = proof(Model(lambda text, batch: (len(text) + drift.get(text, 0) * 1000, 1.0, -1.0)), rows=99)
    figures = [row.max_abs_diff for row in parity.worst]
    assert len(figures) == 10 and figures == sorted(figures, reverse=True)
    assert [row.text for row in parity.worst] == TEXTS[:-11:-1]
    assert parity.worst[0].torch[0] != parity.worst[0].onnx[0]


def test_another_answer_on_a_tie_is_reported_but_no_fault() -> None:
    def torch(text: str, batch: int) -> Sequence[float]:
        return (1.0, 1.00004, 0.0) if text == TEXTS[0] else plain(text, batch)

    def onnx(text: str, batch: int) -> Sequence[float]:
        return (1.00005, 1.00004, 0.0) if text == TEXTS[0] else plain(text, batch)

    parity = proof(Model(onnx), Model(torch), rows=99)
    assert parity.ties >= 1 and parity.agreement == 1.0 and objection(parity) == ""


def test_another_answer_is_a_fault_however_small_the_difference() -> None:
    def torch(text: str, batch: int) -> Sequence[float]:
        return (1.0, 1.00015, 0.0) if text == TEXTS[0] else plain(text, batch)

    def onnx(text: str, batch: int) -> Sequence[float]:
        return (1.00008, 1.00007, 0.0) if text == TEXTS[0] else plain(text, batch)

    parity = proof(Model(onnx), Model(torch), rows=99)
    assert parity.max_abs_diff <= 1e-4 and parity.agreement < 1
    assert "of the answers are others" in objection(parity)


def test_what_is_not_a_number_is_a_fault() -> None:
    parity = proof(Model(lambda text, batch: (float("nan"), 1.0, -1.0)))
    assert parity.max_abs_diff == float("inf")
    assert "logits differ by up to inf" in objection(parity)


def test_other_tokens_are_a_fault_even_with_the_same_logits() -> None:
    parity = proof(Model(tokens=lambda text: int(text == TEXTS[4])))
    assert parity.other_tokens == 1
    assert objection(parity) == "1 texts are tokenized differently by tokenizers and by transformers"
