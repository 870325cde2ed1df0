"""The kept features of a model's last layer: found again by row key without torch, exact to fp32.

They lie with the embeddings, in a folder of their own by model, precision and length; the model as the features were
computed with (without a fitted last layer) lies beside them, so that writing a new checkpoint takes no loading.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from tlworkbench.data.embedding_files import Floats, Keys
from tlworkbench.data.embeddings import Embeddings, embeddings_folder
from tlworkbench.engine.model_identity import model_identity
from tlworkbench.inference.windows import Windows
from tlworkbench.jobs.spec import TrainSpec

MODEL_FOLDER = "model"
LAYER_FILE = "tlworkbench-head.json"
_FINER = np.float32(2.0**11)

_Marks = np.ndarray[Any, np.dtype[np.bool_]]


class HeadLayer(msgspec.Struct, frozen=True, kw_only=True):
    """A model's last linear layer and how its features are computed."""

    format: int = 1
    name: str
    """As in the checkpoint, without `.weight`."""
    dimensions: int
    bias: bool
    max_length: int
    """Tokens at which texts are cut,"""
    windows: Windows | None = None
    """or how longer ones are read: their features are the mean over their windows, and so are the logits."""
    precision: str


@dataclass(frozen=True)
class Features:
    """Features of rows: float32, rows × dimensions, and which texts fill the model's limit."""

    vectors: Floats
    full: _Marks


def features_folder(source: Path, spec: TrainSpec) -> Path:
    """Where the features of a checkpoint lie."""
    windows = f" windows {spec.window_stride} {spec.max_windows}" if spec.long_texts == "windows" else ""
    return embeddings_folder(model_identity(source, f"head 1 {spec.precision}{windows}", spec.max_length))


def read_layer(folder: Path) -> HeadLayer | None:
    """What `write_layer` wrote; None where it isn't there or is damaged, for it can be made again."""
    try:
        return msgspec.json.decode((folder / LAYER_FILE).read_bytes(), type=HeadLayer)
    except (OSError, msgspec.MsgspecError):
        return None


def write_layer(folder: Path, layer: HeadLayer) -> None:
    """Note the layer beside the model."""
    (folder / LAYER_FILE).write_bytes(msgspec.json.encode(layer))


def kept_features(cache: Path, keys: Keys) -> Features:
    """Features of rows that are all in the cache."""
    there = Embeddings.open(cache)
    assert there is not None
    numbers = there.vectors(keys)
    width = (numbers.shape[1] - 1) // 2
    vectors = numbers[:, :width] + numbers[:, width:-1] / _FINER
    return Features(vectors, np.asarray(numbers[:, -1] > 0, np.bool_))


def missing_keys(cache: Path, keys: Keys) -> Keys:
    """Which of them have no features yet."""
    there = Embeddings.open(cache)
    return keys if there is None else keys[~there.has(keys)]


def joined_width(dimensions: int) -> int:
    """Numbers kept for a text with so many features."""
    return 2 * dimensions + 1


def split_numbers(vectors: Floats, full: _Marks) -> Floats:
    """Features as two half-precision numbers each, which together hold 22 bits; last, if a text fills the limit."""
    limit = float(np.finfo(np.float16).max)
    coarse = np.clip(vectors, -limit, limit).astype(np.float16).astype(np.float32)
    finer = (vectors - coarse) * _FINER
    return np.concatenate([coarse, finer, full[:, None].astype(np.float32)], axis=1)
