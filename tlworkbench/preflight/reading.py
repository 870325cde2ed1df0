"""How much of the texts a run reads: all of it, the beginning, or windows."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from tlworkbench.data.findings import Finding
from tlworkbench.data.trainable import truncated, unread
from tlworkbench.inference.windows import choose_windows, count_windows
from tlworkbench.jobs.spec import TrainSpec


@dataclass(frozen=True)
class Reading:
    """What a sample of the texts tells; the figures are those of `Facts`."""

    truncated: float | None = None
    measured: int = 0
    windows: int = 0
    most_windows: int = 0
    tokens: float = 0.0
    longest: int = 0
    finding: Finding | None = None


def reading(lengths: np.ndarray[Any, np.dtype[np.int32]], specials: int, spec: TrainSpec, limit: int) -> Reading:
    """Judge texts of so many tokens, of which the tokenizer adds `specials`, for a model that reads `limit`.

    Raises UserError where the windows that are asked for can't be.
    """
    if not len(lengths):
        return Reading()
    longest = int(min(limit, lengths.max()))
    if spec.long_texts == "cut":
        share = float((lengths > limit).mean())
        tokens = float(np.minimum(lengths, limit).mean())
        return Reading(share, len(lengths), tokens=tokens, longest=longest, finding=truncated(share, limit))
    windows = choose_windows(spec.window_stride, spec.max_windows, limit, specials)
    counts = count_windows(lengths, windows, limit, specials)
    # Each further window reads its marks and what it shares with the one before once more.
    whole = lengths + (counts - 1) * (windows.stride + specials)
    tokens = float(np.where(counts > windows.most, windows.most * limit, whole).mean())
    share = float((counts > windows.most).mean())
    read = np.minimum(counts, windows.most)
    finding = unread(share, windows.most, limit)
    return Reading(share, len(lengths), int(read.sum()), int(read.max()), tokens, longest, finding)
