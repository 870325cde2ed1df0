"""What a run has to compute, in tokens, and how long that takes at a known speed."""

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias

from tlworkbench.jobs.spec import TrainSpec
from tlworkbench.preflight.speeds import Speed, gpus

Strategy: TypeAlias = Literal["full", "lora", "head"]

PADDING = 4
"""Tokens of padding a text: batches hold texts of like length and are padded to a multiple of 8."""
_COST: dict[Strategy, float] = {"full": 2.7, "lora": 2.0, "head": 1.0}
"""What a token takes, as a multiple of its forward pass, measured with MiniLM on a processor; with LoRA beside that"""
_ADAPTERS = 450.0
"""what its adapters take: as a share of all the more, the narrower the model is."""
SLOWER = 1.3
"""A run's step as a multiple of its longest batch's pace: clipping, AdamW, batches of ever new shapes;"""
SLOWER_RANGE = (1.0, 2.0)
"""what is remembered of it beyond that was other work on the machine."""
FIT = 2e-4
"""Seconds to fit a head to a row's features."""
_CPU_TOKENS = 4096
_GPU_TOKENS = 65_536
"""Tokens that go through at once at most where nothing else is asked for, on a processor and on a GPU."""


@dataclass(frozen=True)
class Work:
    """Tokens that a run sends through a model, padding counted."""

    learnt: float
    """In all steps; with `head` once each of its rows."""
    scored: float
    """In all evaluations, that of the saved model too."""
    at_once: int
    """In the fullest batch."""
    rows: int
    """Of which features are fitted, with `head`."""


def cost_of(strategy: Strategy, width: int) -> float:
    """A token of a step as a multiple of its forward pass, in a model so wide."""
    return _COST[strategy] + (_ADAPTERS / max(width, 64) if strategy == "lora" else 0.0)


def work_of(spec: TrainSpec, train_rows: int, validation_rows: int, tokens: float, longest: int) -> Work:
    """What a run on so many rows has to compute; tokens: of a text on average, longest: at most."""
    tokens += PADDING
    if spec.strategy == "head":
        rows = train_rows + validation_rows
        return Work(rows * tokens, 0.0, _CPU_TOKENS, rows)
    steps = spec.total_steps(train_rows)
    evaluations = math.ceil(steps / spec.steps_per_epoch(train_rows)) + 1
    learnt = steps * min(spec.rows_a_step, train_rows) * tokens
    most = spec.tokens_per_batch or (_GPU_TOKENS if gpus() else _CPU_TOKENS)
    at_once = max(longest, min(most, min(spec.batch_size, train_rows) * longest))
    return Work(learnt, evaluations * validation_rows * tokens, at_once, 0)


def seconds_of(work: Work, speed: Speed) -> float:
    """A whole run at that speed, from the start of its process to its end, early stopping not counted."""
    scoring = speed.scoring_seconds or speed.token_seconds / 3
    return speed.fixed_seconds + work.learnt * speed.token_seconds + work.scored * scoring + work.rows * FIT
