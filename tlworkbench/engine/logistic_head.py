"""Multinomial logistic regression on embeddings, fast enough to be fitted again after each handful of edits."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.linalg import cholesky, solve_triangular
from scipy.optimize import minimize

from tlworkbench.data.embedding_files import Floats
from tlworkbench.engine.metrics import Ints

PENALTY = 1.0
"""Weight of the squared norm of the coefficients, as 1 / C of scikit-learn on vectors of length one."""
_STEPS = 60
_TOLERANCE = 1e-3
_CHUNK = 65_536
"""Rows scored together."""


@dataclass(frozen=True)
class Head:
    """Coefficients (dimensions + 1 × classes, the intercept last)."""

    coefficients: Floats

    def probabilities(self, vectors: Floats) -> Floats:
        """Probability of each class: float32, rows × classes; vectors as `RowVectors` gives them."""
        weights, intercept = self.coefficients[:-1], self.coefficients[-1]
        parts = [_softmax(vectors[at : at + _CHUNK] @ weights + intercept) for at in range(0, len(vectors), _CHUNK)]
        return np.concatenate(parts) if parts else np.zeros((0, len(intercept)), np.float32)


def fit_head(
    vectors: Floats,
    classes: Ints,
    count: int,
    penalty: float = PENALTY,
    row_weights: Floats | None = None,
    intercept: bool = True,
) -> Head:
    """Fit to vectors (rows × dimensions, length about one) and classes (0 to count - 1; some may have no rows).

    L-BFGS in coordinates in which Böhning's bound on the curvature is the identity (Böhning 1992, Multinomial logistic
    regression algorithm): a tenth of the steps it takes without. The optimum is that of scikit-learn's
    LogisticRegression(C=1 / penalty) for three classes and more, with an intercept that is not penalised.
    row_weights: how much each row's loss counts; all the same where it is None. Without an intercept it is 0.
    """
    rows, dimensions = vectors.shape
    # A column of zeros is an intercept of zero.
    last = np.ones((rows, 1), np.float32) if intercept else np.zeros((rows, 1), np.float32)
    features = np.concatenate([vectors, last], axis=1)
    counts = np.ones((rows, 1), np.float32) if row_weights is None else row_weights.astype(np.float32)[:, None]
    # Half the Gram matrix bounds the curvature from above whatever the probabilities are.
    ridge = np.full(dimensions + 1, penalty)
    ridge[-1] = 1e-6 * rows
    weighted = features if row_weights is None else features * counts
    curvature = 0.5 * (features.T @ weighted).astype(np.float64) + np.diag(ridge)
    upper = cholesky(curvature)
    # What is searched for is upper · coefficients.
    inverse = solve_triangular(upper, np.eye(dimensions + 1))
    penalised = np.ones((dimensions + 1, 1))
    penalised[-1] = 0.0
    wanted = np.zeros((rows, count), np.float32)
    wanted[np.arange(rows), classes] = 1.0

    def loss(flat: "np.ndarray[Any, np.dtype[np.float64]]") -> tuple[float, Any]:
        coefficients = inverse @ flat.reshape(dimensions + 1, count)
        logits = features @ coefficients.astype(np.float32)
        logits -= logits.max(axis=1, keepdims=True)
        powers = np.exp(logits)
        sums = powers.sum(axis=1, keepdims=True)
        pulled = penalty * penalised * coefficients
        value = float((np.log(sums) * counts).sum(dtype=np.float64) - (logits * wanted * counts).sum(dtype=np.float64))
        value += 0.5 * float((pulled * coefficients).sum())
        slope = inverse.T @ ((features.T @ ((powers / sums - wanted) * counts)).astype(np.float64) + pulled)
        return value / rows, slope.ravel() / rows

    start = np.zeros((dimensions + 1) * count)
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": _STEPS, "gtol": _TOLERANCE / rows})
    coefficients = inverse @ found.x.reshape(dimensions + 1, count)
    return Head(coefficients.astype(np.float32))


def _softmax(logits: Floats) -> Floats:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float32)
