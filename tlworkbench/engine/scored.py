"""Answers to labelled rows, what they are worth, and the file that keeps them."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from tlworkbench import atomic
from tlworkbench.data.run_examples import Keys
from tlworkbench.engine.metrics import Figures, Floats, Ints

PREDICTIONS_FILE = "predictions.arrow"
"""In the folder of a run or an evaluation: what the model answered to each row it was measured on."""


@dataclass(frozen=True)
class Scored:
    """Answers to labelled rows and what they are worth."""

    logits: Floats
    answers: Ints
    loss: float
    figures: Figures


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
