"""What a variant of a bundle is worth: its answers to labelled rows, its size, its speed."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tlworkbench.engine.metrics import figures
from tlworkbench.inference.classifier import Classifier
from tlworkbench.inference.report import ParityReport, VariantReport

Floats = npt.NDArray[np.float32]
_TIMED_RUNS = 60
_TIMED_SECONDS = 3.0
_WARM_RUNS = 5


@dataclass(frozen=True)
class LabelledTexts:
    """Rows to measure on."""

    texts: Sequence[str]
    classes: npt.NDArray[np.int64]
    """Right output of each."""
    split: str


def measure(
    classifier: Classifier,
    rows: LabelledTexts,
    exact: ParityReport | Floats,
    done: Callable[[int, int], None],
) -> tuple[VariantReport, Floats]:
    """Report on a variant, and its logits; `done` hears rows answered and rows in all.

    exact: for fp32 the proof, which already compared it with torch; for the others fp32's logits of the same rows.
    """
    answered = 0

    def count(batch: int) -> None:
        nonlocal answered
        answered += batch
        done(answered, len(rows.texts))

    logits = classifier.logits(rows.texts, count)
    answers = logits.argmax(axis=1)
    if isinstance(exact, ParityReport):
        largest, mean, agreement = exact.max_abs_diff, exact.mean_abs_diff, exact.agreement
    else:
        difference = np.abs(logits.astype(np.float64) - exact)
        largest, mean = float(difference.max()), float(difference.mean())
        agreement = float((answers == exact.argmax(axis=1)).mean())
    scored = figures(rows.classes, answers.astype(np.int64), classifier.labels)
    file = classifier.bundle.file(classifier.variant)
    report = VariantReport(
        file=str(file.relative_to(classifier.bundle.path)),
        # The weights of a very large model lie in a file beside it.
        bytes=sum(part.stat().st_size for part in file.parent.glob(f"{file.name}*")),
        max_abs_diff=largest,
        mean_abs_diff=mean,
        agreement=agreement,
        accuracy=scored.accuracy,
        macro_f1=scored.macro_f1,
        p50_ms=_p50_ms(classifier, sorted(rows.texts, key=len)[len(rows.texts) // 2]),
    )
    return report, logits


def _p50_ms(classifier: Classifier, text: str) -> float:
    for _ in range(_WARM_RUNS):
        classifier.probabilities([text])
    times: list[float] = []
    until = time.perf_counter() + _TIMED_SECONDS
    while len(times) < _TIMED_RUNS and (not times or time.perf_counter() < until):
        began = time.perf_counter()
        classifier.probabilities([text])
        times.append(time.perf_counter() - began)
    return float(np.median(times) * 1000)
