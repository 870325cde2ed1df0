"""The proof that a bundle answers as the model that was trained: same tokens, same logits, at any batch and length."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt

from tlworkbench.inference.report import ParityReport, WorstRow
from tlworkbench.inference.windows import Windows

Floats = npt.NDArray[np.float32]
BATCH_SIZES = (7, 32, 2, 1)
TOLERANCE = 1e-4
"""Largest difference of a logit that fp32 may show, and the gap under which two logits are a tie."""
_WORST = 10
_LONG_ENOUGH = 1_000_000
"""Characters after which a text is taken to have all the tokens it will ever have."""


class Reference(Protocol):
    """The truth: torch and transformers' own tokenizer."""

    max_length: int
    windows: Windows | None

    def logits(self, texts: Sequence[str]) -> Floats:
        """Raw outputs for one batch."""

    def token_ids(self, texts: Sequence[str]) -> list[list[int]]:
        """Token ids of each text."""


class Candidate(Protocol):
    """What is to be proved: a session behind a tokenizer of its own."""

    def batch_logits(self, texts: Sequence[str]) -> Floats:
        """Raw outputs for one batch."""

    def token_ids(self, texts: Sequence[str]) -> list[list[int]]:
        """Token ids of each text."""


@dataclass
class _Comparison:
    rows: int = 0
    sum_of_means: float = 0.0
    agreeing: int = 0
    ties: int = 0
    worst: dict[str, WorstRow] = field(default_factory=dict)

    def add(self, texts: Sequence[str], tokens: Sequence[int], torch: Floats, onnx: Floats) -> None:
        difference = np.abs(torch.astype(np.float64) - onnx)
        for row, text in enumerate(texts):
            # A logit that is not a number differs by as much as can be.
            largest = float(np.nan_to_num(difference[row], nan=np.inf).max())
            same = int(torch[row].argmax()) == int(onnx[row].argmax())
            best = np.sort(torch[row])
            tie = not same and len(best) > 1 and float(best[-1] - best[-2]) <= TOLERANCE
            self.rows += 1
            self.sum_of_means += float(difference[row].mean())
            self.agreeing += same or tie
            self.ties += tie
            if text not in self.worst or largest > self.worst[text].max_abs_diff:
                self.worst[text] = WorstRow(
                    text=text[:200],
                    tokens=tokens[row],
                    batch=len(texts),
                    max_abs_diff=largest,
                    torch=tuple(torch[row].tolist()),
                    onnx=tuple(onnx[row].tolist()),
                )


def prove(
    reference: Reference,
    candidate: Candidate,
    texts: Sequence[str],
    proof_rows: int,
    *,
    split: str,
    traced_batch: int,
    seed: int = 7,
    done: Callable[[int, int], None] = lambda rows, total: None,
) -> ParityReport:
    """Compare on `proof_rows` of `texts` (all where fewer) and on the shortest, median and longest of all of them.

    Every row is compared once, in batches of 1, 2, 7 and 32 of mixed lengths; the three marked rows once in each
    size; so are an empty text and one that is repeated until it
    reaches the model's limit, or has three windows at least. `done` hears rows compared and rows in all.
    """
    expected = reference.token_ids(texts)
    got = candidate.token_ids(texts)
    by_length = sorted(range(len(texts)), key=lambda row: len(expected[row]))
    marked = [by_length[0], by_length[len(by_length) // 2], by_length[-1]]
    rng = np.random.default_rng(seed)
    drawn = rng.permutation(len(texts))[:proof_rows].tolist()
    edges = _edge_texts(reference, texts[marked[-1]])
    all_texts = [*texts, *edges]
    edge_rows = list(range(len(texts), len(all_texts)))
    lengths = [len(ids) for ids in [*expected, *reference.token_ids(edges)]]

    batches = list(_batches(drawn, marked, edge_rows, rng))
    total = sum(len(batch) for batch in batches)
    comparison = _Comparison()
    for batch in batches:
        chosen = [all_texts[row] for row in batch]
        comparison.add(
            chosen,
            [lengths[row] for row in batch],
            reference.logits(chosen),
            candidate.batch_logits(chosen),
        )
        done(comparison.rows, total)
    worst = sorted(comparison.worst.values(), key=lambda row: -row.max_abs_diff)[:_WORST]
    return ParityReport(
        rows=len({*drawn, *marked}),
        split=split,
        comparisons=comparison.rows,
        batch_sizes=tuple(sorted({len(batch) for batch in batches})),
        traced_batch=traced_batch,
        shortest=lengths[marked[0]],
        median=lengths[marked[1]],
        longest=max(lengths),
        max_abs_diff=worst[0].max_abs_diff,
        mean_abs_diff=comparison.sum_of_means / comparison.rows,
        agreement=comparison.agreeing / comparison.rows,
        ties=comparison.ties,
        other_tokens=sum(a != b for a, b in zip(expected, got, strict=True))
        + sum(a != b for a, b in zip(reference.token_ids(edges), candidate.token_ids(edges), strict=True)),
        worst=tuple(worst),
    )


def objection(parity: ParityReport) -> str:
    """Why the proof failed, in a sentence with the worst figures; empty when it holds."""
    if parity.other_tokens:
        return f"{parity.other_tokens} texts are tokenized differently by tokenizers and by transformers"
    faults = []
    if not parity.max_abs_diff <= TOLERANCE:
        faults.append(f"logits differ by up to {parity.max_abs_diff:.2g} (allowed: {TOLERANCE:.0e})")
    if parity.agreement < 1:
        faults.append(f"{100 * (1 - parity.agreement):.2g} % of the answers are others")
    if not faults:
        return ""
    worst = parity.worst[0]
    return f"{' and '.join(faults)}; worst in a batch of {worst.batch} at {worst.tokens} tokens: {worst.text[:60]!r}"


def _edge_texts(reference: Reference, longest: str) -> list[str]:
    """One text that reaches the model's limit, and an empty one where that has any tokens.

    Where long texts are read in windows, one of three at least: thirty of them would prove no more.
    """
    text, limit = longest, reference.max_length
    if reference.windows is not None:
        limit = min(reference.windows.most * limit, 2 * limit + 1)
    while text.strip() and len(text) < _LONG_ENOUGH and len(reference.token_ids([text])[0]) < limit:
        text = f"{text} {text}"
    return [text, *([""] if reference.token_ids([""])[0] else [])]


def _batches(
    drawn: Sequence[int], marked: Sequence[int], edges: Sequence[int], rng: np.random.Generator
) -> Iterator[list[int]]:
    start = turn = 0
    while start < len(drawn):
        size = BATCH_SIZES[turn % len(BATCH_SIZES)]
        yield list(drawn[start : start + size])
        start, turn = start + size, turn + 1
    for size in BATCH_SIZES:
        if size < len(marked):
            # Each of them once, the last batch filled up.
            places = [marked[start : start + size] for start in range(0, len(marked), size)]
        else:
            places = [list(marked)]
        for place in places:
            yield [*place, *rng.choice(drawn, size - len(place)).tolist()]
    for edge in edges:
        yield [edge]
    yield list(edges)
