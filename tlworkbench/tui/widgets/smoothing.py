"""Smoothing of a curve: a mean of what was, weighted less the longer ago it was."""

from typing import Literal, TypeAlias

import numpy as np

from tlworkbench.tui.widgets.thinning import Floats

Smoothing: TypeAlias = Literal["off", "light", "strong"]
CYCLE: tuple[Smoothing, ...] = ("off", "light", "strong")
_SHARE = {"light": 100, "strong": 20}
_FEWEST = {"light": 5, "strong": 20}
_BLOCK = 4096


def reach(smoothing: Smoothing, points: int) -> int:
    """Points that a smoothed value is about the mean of; 1 where it is the value itself.

    A share of all points: what is told of a curve of a hundred points would not be seen in one of a hundred thousand.
    """
    if smoothing == "off":
        return 1
    return max(_FEWEST[smoothing], round(points / _SHARE[smoothing]))


def smoothed(values: Floats, over: int) -> Floats:
    """Exponential moving mean of about the last `over` values, corrected for having begun with nothing.

    The correction by 1 - decay^n is that of Adam (Kingma and Ba, 2015, section 3): the first value stays as it is.
    """
    if over <= 1 or len(values) < 2:
        return values
    decay = (over - 1) / over
    block = max(2, min(_BLOCK, int(100 / -np.log2(decay)), len(values)))
    blocks = -(-len(values) // block)
    padded = np.zeros(blocks * block)
    padded[: len(values)] = values
    powers = decay ** np.arange(1, block + 1)
    # Within a block s_n = decay^n * sum of x_i / decay^i; what a block leaves behind goes on into the next.
    means = (1 - decay) * np.cumsum(padded.reshape(blocks, block) / powers, axis=1) * powers
    carried = 0.0
    for row in means:
        row += carried * powers
        carried = row[-1]
    weights = 1 - decay ** np.arange(1, len(values) + 1)
    corrected: Floats = means.reshape(-1)[: len(values)] / weights
    return corrected
