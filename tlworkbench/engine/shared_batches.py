"""A step's rows divided among processes, so that together they learn what one alone would learn from them."""

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np
import torch

from tlworkbench.engine.class_weights import Weights
from tlworkbench.engine.distributed import Team
from tlworkbench.engine.metrics import Ints
from tlworkbench.engine.texts import Batch

WHOLE = "whole"
"""Key of a batch: what the mean of the loss over the whole step is divided by."""
_IGNORED = -100
"""Class of a row that torch's cross entropy leaves out."""

Collate: TypeAlias = Callable[[Sequence[int]], Batch]


class SharedBatches:
    """Collates this process's share of each step's rows; with fewer rows than processes one that does not count."""

    def __init__(self, collate: Collate, classes: Ints, weights: Weights | None, team: Team) -> None:
        self._collate = collate
        self._classes = classes
        self._weights = None if weights is None else np.asarray(weights, np.float32)
        self._team = team

    def __call__(self, rows: Sequence[int]) -> Batch:
        mine = self._team.share(rows)
        batch = self._collate(mine or rows[:1])
        if not mine:
            batch["labels"] = torch.full_like(batch["labels"], _IGNORED)
        whole = len(rows) if self._weights is None else self._weights[self._classes[rows]].sum()
        return {**batch, WHOLE: torch.tensor(float(whole))}
