"""A classifier's answers to many texts: sorted by length, in large batches, without gradients."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch

from tlworkbench.engine.metrics import Floats, Ints, cross_entropy, figures
from tlworkbench.engine.portions import attempt
from tlworkbench.engine.precision import Precision
from tlworkbench.engine.scored import Scored
from tlworkbench.engine.texts import TokenisedTexts, batches_by_length
from tlworkbench.engine.windows import Texts, WindowedTexts
from tlworkbench.inference.windows import pool

_CPU_TOKENS = 4096
_GPU_TOKENS = 65536
"""Tokens a batch, padding counted: enough to keep the device busy, far less than a training step needs."""
_ROWS = 512


def score(
    model: Any,
    texts: Texts,
    classes: Ints,
    names: tuple[str, ...],
    precision: Precision,
    told: Callable[[int], None],
) -> Scored:
    """Answer `texts` and compare with `classes`; `told` hears how many rows are done and may raise to leave."""
    logits = answer(model, texts, precision, told)
    answers = logits.argmax(axis=1)
    return Scored(logits, answers, cross_entropy(logits, classes), figures(classes, answers, names))


def answer(model: Any, texts: Texts, precision: Precision, told: Callable[[int], None]) -> Floats:
    """Logits of each text (rows × classes), in the order of `texts`; the model is left in eval mode."""
    if isinstance(texts, WindowedTexts):
        return pool(answer(model, texts.windows, precision, texts.counted(told)), texts.counts)
    device = next(model.parameters()).device
    model.eval()
    logits: Floats | None = None
    done = 0
    budget = _CPU_TOKENS if device.type == "cpu" else _GPU_TOKENS
    with torch.no_grad(), autocast(device.type, precision):
        for rows in batches_by_length(texts.lengths, budget, _ROWS):
            part = _answered(model, texts, rows)
            if logits is None:
                logits = np.empty((len(texts), part.shape[1]))
            logits[rows] = part
            done += len(rows)
            told(done)
    return np.zeros((0, 0)) if logits is None else logits


def _answered(model: Any, texts: TokenisedTexts, rows: Ints) -> Floats:
    def forward() -> Floats:
        batch = {name: tensor.to(model.device) for name, tensor in texts.batch(rows).items()}
        return np.asarray(model(**batch).logits.float().cpu().numpy())

    if len(rows) == 1:
        return forward()
    answered = attempt(model, forward)
    if answered is None:
        halves = np.array_split(rows, 2)
        return np.concatenate([_answered(model, texts, half) for half in halves])
    return answered


@contextlib.contextmanager
def autocast(device: str, precision: Precision) -> Iterator[None]:
    """Run what the block computes in `precision`; the model's weights stay fp32."""
    if precision == "fp32":
        yield
        return
    with torch.autocast(device, dtype=torch.bfloat16 if precision == "bf16" else torch.float16):
        yield
