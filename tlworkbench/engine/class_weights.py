"""How much the loss of a row counts, by its class."""

from typing import Any, Literal

import numpy as np

from tlworkbench.data.run_examples import RunExamples
from tlworkbench.data.trainable import unknown_class
from tlworkbench.engine.choice import listed
from tlworkbench.errors import UserError

Weights = np.ndarray[Any, np.dtype[np.float64]]


def class_weights(wanted: Literal["none", "auto"] | dict[str, float], examples: RunExamples) -> Weights | None:
    """A weight for each class name; None where all rows count the same.

    `auto` is rows / (classes × rows of the class) over the training rows, as `sklearn.utils.class_weight` computes
    "balanced"; a class without training rows counts 1, as one does that a table leaves out. Raises UserError for a
    table that names an unknown class.
    """
    if wanted == "none":
        return None
    names = examples.class_names
    if wanted == "auto":
        counts = np.bincount(examples.train.classes, minlength=len(names))
        share = counts * np.count_nonzero(counts)
        weights: Weights = np.ones(len(names))
        np.divide(counts.sum(), share, out=weights, where=counts > 0)
        return weights
    if finding := unknown_class(wanted, names):
        raise UserError(finding.text, finding.hint)
    return np.array([wanted.get(name, 1.0) for name in names])


def told_weights(weights: Weights, names: tuple[str, ...]) -> str:
    """`a × 0.5, b × 2`, as a note says it."""
    return listed([f"{name} × {weight:.3g}" for name, weight in zip(names, weights.tolist(), strict=True)])
