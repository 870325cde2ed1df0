"""A classifier's answers to many texts: sorted by length, in large batches, without gradients."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import torch

from tlworkbench import atomic
from tlworkbench.engine.examples_file import Keys
from tlworkbench.engine.metrics import Figures, Floats, Ints, cross_entropy, figures
from tlworkbench.engine.portions import attempt
from tlworkbench.engine.precision import Precision
from tlworkbench.engine.texts import TokenisedTexts, batches_by_length

_CPU_TOKENS = 4096
_GPU_TOKENS = 65536
"""Tokens a batch, padding counted: enough to keep the device busy, far less than a training step needs."""
_ROWS = 512

PREDICTIONS_FILE = "predictions.arrow"
"""In the folder of a run or an evaluation: what the model answered to each row it was measured on."""


@dataclass(frozen=True)
class Scored:
    """Answers to labelled rows and what they are worth."""

    logits: Floats
    answers: Ints
    loss: float
    figures: Figures


def score(
    model: Any,
    texts: TokenisedTexts,
    classes: Ints,
    names: tuple[str, ...],
    precision: Precision,
    told: Callable[[int], None],
) -> Scored:
    """Answer `texts` and compare with `classes`; `told` hears how many rows are done and may raise to leave."""
    logits = answer(model, texts, precision, told)
    answers = logits.argmax(axis=1)
    return Scored(logits, answers, cross_entropy(logits, classes), figures(classes, answers, names))


def answer(model: Any, texts: TokenisedTexts, precision: Precision, told: Callable[[int], None]) -> Floats:
    """Logits of each text (rows × classes), in the order of `texts`; the model is left in eval mode."""
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


def write_predictions(folder: Path, keys: Keys, classes: Ints, names: tuple[str, ...], scored: Scored) -> None:
    """Write `predictions.arrow`: key uint64, class and answer (dictionaries of class names), score float32.

    The score is the probability of the answer.
    """
    shifted = np.exp(scored.logits - scored.logits.max(axis=1, keepdims=True))
    probabilities = shifted.max(axis=1) / shifted.sum(axis=1)
    dictionary = pa.array(names, pa.string())
    table = pa.table(
        {
            "key": pa.array(keys, pa.uint64()),
            "class": pa.DictionaryArray.from_arrays(pa.array(classes, pa.int32()), dictionary),
            "answer": pa.DictionaryArray.from_arrays(pa.array(scored.answers, pa.int32()), dictionary),
            "score": pa.array(probabilities, pa.float32()),
        }
    )
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    atomic.write_bytes(folder / PREDICTIONS_FILE, sink.getvalue().to_pybytes())
