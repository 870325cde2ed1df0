"""How much there is to compute in a model and to learn, told from its configuration: no weights are read."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tlworkbench.catalog.model_info import read_model_info
from tlworkbench.jobs.spec import TrainSpec

_WIDTH = ("hidden_size", "dim", "n_embd", "d_model")
_LAYERS = ("num_hidden_layers", "n_layers", "n_layer", "num_layers", "encoder_layers")
_INNER = ("intermediate_size", "hidden_dim", "n_inner", "d_ff", "encoder_ffn_dim")
_SHARED_ADAPTERS = frozenset({"albert"})


@dataclass(frozen=True)
class ModelSize:
    """A text model's weights by what they cost; 0 where its configuration doesn't tell."""

    parameters: int
    multiplied: int
    """Weights that every token is multiplied with, those of shared layers as often as they are used."""
    width: int
    """Numbers of a hidden state."""
    layers: int
    adapters: int
    """Weights that adapters of rank 1 at every linear layer have."""
    signature: str
    """The same for models that take the same time, whatever their weights are."""


def model_size(folder: Path) -> ModelSize:
    """Read it from a transformers folder; a body of unknown form counts with all its parameters."""
    info = read_model_info(folder)
    config = _config(folder)
    width, layers = _first(config, _WIDTH), _first(config, _LAYERS)
    inner = _first(config, _INNER) or 4 * width
    multiplied = layers * (4 * width * width + 2 * width * inner)
    adapters = (1 if info.architecture in _SHARED_ADAPTERS else layers) * (4 * 2 * width + 2 * (width + inner))
    known = f"{width}x{layers}x{inner}" if multiplied else str(info.params)
    return ModelSize(
        parameters=info.params,
        multiplied=multiplied or info.params,
        width=width,
        layers=layers,
        adapters=adapters,
        signature=f"{info.architecture} {known}",
    )


def learning(spec: TrainSpec, size: ModelSize, classes: int) -> int:
    """About how many weights a run changes, what it freezes counted too."""
    head = size.width * classes
    if spec.strategy == "head":
        return head
    # Beside the adapters the head, of whose layers one is as wide as the model in many families.
    adapters = size.adapters * spec.lora_rank + size.width * size.width + head
    return adapters if spec.strategy == "lora" else size.parameters


def _config(folder: Path) -> dict[str, Any]:
    try:
        document = json.loads((folder / "config.json").read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _first(config: dict[str, Any], names: tuple[str, ...]) -> int:
    for name in names:
        if isinstance(value := config.get(name), int) and 0 < value < 1 << 24:
            return value
    return 0
