"""The loss over a rising learning rate, and which rate it speaks for."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

_SMOOTHING = 0.9
_DIVERGED = 4.0
"""The loss is lost at so many times its lowest."""


@dataclass(frozen=True)
class LrCurve:
    """What a learning rate finder saw."""

    rates: tuple[float, ...]
    losses: tuple[float, ...]
    """As measured at each step,"""
    smoothed: tuple[float, ...]
    """and their exponential mean."""
    steepest: float | None
    """Rate at which the smoothed loss falls fastest; None where it never falls."""
    lowest: float
    """Rate at which it is lowest."""
    suggestion: float | None
    """The lesser of `steepest` and a tenth of `lowest`, beyond which it diverges."""


def lr_curve(rates: Sequence[float], losses: Sequence[float]) -> LrCurve:
    """Smooth the losses, and read the curve as in Smith's range test (arXiv:1506.01186) and fastai's finder."""
    smoothed = smooth(losses)
    lowest = int(np.argmin(smoothed))
    steepest: float | None = None
    if lowest >= 2:
        slope = np.gradient(smoothed[: lowest + 1], np.log(np.asarray(rates[: lowest + 1])))
        at = int(np.argmin(slope))
        steepest = float(rates[at]) if slope[at] < 0 else None
    suggestion = None if steepest is None else min(steepest, float(rates[lowest]) / 10)
    return LrCurve(tuple(rates), tuple(losses), tuple(smoothed.tolist()), steepest, float(rates[lowest]), suggestion)


def smooth(losses: Sequence[float]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Exponential mean, without the pull to zero at its start."""
    mean, values = 0.0, np.empty(len(losses))
    for number, loss in enumerate(losses):
        mean = _SMOOTHING * mean + (1 - _SMOOTHING) * loss
        values[number] = mean / (1 - _SMOOTHING ** (number + 1))
    return values


def diverged(losses: Sequence[float]) -> bool:
    """Whether there is nothing more to see: the loss is no number any more, or far above its lowest."""
    if not np.isfinite(losses[-1]):
        return True
    smoothed = smooth(losses)
    return bool(smoothed[-1] > _DIVERGED * smoothed.min())
