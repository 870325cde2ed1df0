"""A model's last linear layer fitted by logistic regression, in the scale of the features themselves."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from tlworkbench.data.embedding_files import Floats
from tlworkbench.engine.logistic_head import fit_head
from tlworkbench.engine.machine import usable_cores
from tlworkbench.engine.metrics import Figures, Ints, cross_entropy, figures

PENALTIES = (1.0, 0.1, 0.01)
"""Tried from the strongest on; on tweets less than the last gained nothing."""

_Logits = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True)
class Linear:
    """Weights (classes × dimensions) and bias (classes) as `torch.nn.Linear` has them."""

    weight: Floats
    bias: Floats

    def logits(self, vectors: Floats) -> _Logits:
        """Answers in the order of the rows: rows × classes."""
        return (vectors @ self.weight.T + self.bias).astype(np.float64)


@dataclass(frozen=True)
class HeadFit:
    """The layer that did best on validation, and what it did there."""

    linear: Linear
    penalty: float
    logits: _Logits
    loss: float
    figures: Figures


def fit_linear(
    vectors: Floats, classes: Ints, count: int, penalty: float, weights: Floats | None, bias: bool
) -> Linear:
    """Fit one layer; the features are put in one scale for it and the layer is put back into theirs.

    weights: how much each row counts. Without a bias the features are not centred, as nothing could make up for it.
    """
    spread = vectors.std(axis=0)
    centre = vectors.mean(axis=0) if bias else np.zeros_like(spread)
    # Directions in which nothing differs stay out.
    scale = np.where(spread > 1e-6 * max(float(spread.max()), 1e-30), 1.0 / np.maximum(spread, 1e-30), 0.0)
    scale = (scale / np.sqrt(vectors.shape[1])).astype(np.float32)
    head = fit_head((vectors - centre) * scale, classes, count, penalty, weights, bias)
    weight = head.coefficients[:-1] * scale[:, None]
    intercept = head.coefficients[-1] - centre @ weight if bias else np.zeros(count, np.float32)
    return Linear(np.ascontiguousarray(weight.T, np.float32), np.asarray(intercept, np.float32))


def best_fit(
    train: tuple[Floats, Ints],
    validation: tuple[Floats, Ints],
    names: tuple[str, ...],
    metric: str,
    class_weights: "np.ndarray[Any, np.dtype[np.float64]] | None",
    bias: bool,
) -> HeadFit:
    """Fit with each penalty and keep the one with the best `metric` on validation; the stronger one where they tie."""
    vectors, classes = train
    weights = None if class_weights is None else class_weights[classes].astype(np.float32)

    def fitted(penalty: float) -> HeadFit:
        linear = fit_linear(vectors, classes, len(names), penalty, weights, bias)
        logits = linear.logits(validation[0])
        found = figures(validation[1], logits.argmax(axis=1), names)
        return HeadFit(linear, penalty, logits, cross_entropy(logits, validation[1]), found)

    # A core for each penalty: over so few rows threads of BLAS mostly wait for one another.
    with threadpool_limits(1, "blas"), ThreadPoolExecutor(min(usable_cores(), len(PENALTIES))) as threads:
        return max(threads.map(fitted, PENALTIES), key=lambda fit: _worth(fit, metric))


def _worth(fit: HeadFit, metric: str) -> float:
    if metric == "loss":
        return -fit.loss
    return fit.figures.macro_f1 if metric == "macro_f1" else fit.figures.accuracy
