"""How deep in a model each of its weights lies, found from its structure, and what follows from that for training."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import torch

from tlworkbench.errors import UserError


@dataclass(frozen=True)
class Depths:
    """Where weights lie: 0 in the embeddings, 1 to `layers` in the layers, `layers` + 1 above them."""

    layers: int
    """Layers with weights of their own; 0 where no list of layers was found."""
    of: dict[str, int]
    """Depth of each of the model's parameters by its name."""

    @property
    def top(self) -> int:
        """Depth of the head."""
        return self.layers + 1


def depths(model: Any) -> Depths:
    """Find the layers of a `transformers` classifier: the longest list of modules in its body.

    What the body holds before that list, and every embedding, is counted to the embeddings; what comes after it, and
    the head, lies above. DeBERTa's relative positions, kept behind the layers with the norm they go through, are
    embeddings too. A model whose layers share their weights (ALBERT) has one layer.
    """
    body = model.base_model
    prefix = "" if body is model else f"{model.base_model_prefix}."
    lists = [(name, module) for name, module in body.named_modules() if isinstance(module, torch.nn.ModuleList)]
    path, layers = max(lists, key=lambda found: len(found[1]), default=("", torch.nn.ModuleList()))
    top = len(layers) + 1
    of = {}
    seen = relative = False
    embeddings = tuple(name for name, module in body.named_modules() if isinstance(module, torch.nn.Embedding))
    stack = path.rpartition(".")[0]
    for name, _ in body.named_parameters():
        embedding = name.rpartition(".")[0] in embeddings
        within = len(layers) > 0 and name.startswith(f"{path}.")
        seen = seen or within
        behind = bool(stack) and seen and not within and name.startswith(f"{stack}.")
        relative = relative or (behind and embedding)
        if within:
            depth = int(name[len(path) + 1 :].partition(".")[0]) + 1
        else:
            depth = 0 if embedding or not seen or (behind and relative) else top
        of[prefix + name] = depth
    for name, _ in model.named_parameters():
        of.setdefault(name, top)
    return Depths(len(layers), of)


def freeze(model: Any, wanted: Literal["none", "embeddings"] | int, shown_as: str) -> str | None:
    """Keep weights from learning, as `TrainSpec.freeze` says; returns a sentence about what still learns.

    Raises UserError where the model has fewer layers than that.
    """
    if wanted == "none":
        return None
    found = depths(model)
    last = 0 if wanted == "embeddings" else int(wanted)
    if last > found.layers:
        shared = getattr(model.config.get_text_config(), "num_hidden_layers", 0)
        have = f"{found.layers} layer{'s' if found.layers != 1 else ''}"
        if 0 < found.layers < shared:
            have = f"{shared} layers that share the weights of {found.layers}"
        raise UserError(
            f"freeze = {last}, but {shown_as} has {have}",
            f"Set freeze to {found.layers} at most, or to embeddings." if found.layers else "Set freeze = embeddings.",
        )
    for name, weight in model.named_parameters():
        if found.of[name] <= last:
            weight.requires_grad_(False)
    learning = sum(weight.numel() for weight in model.parameters() if weight.requires_grad)
    kept = "the embeddings" if not last else f"the embeddings and {last} of {found.layers} layers"
    return f"{kept} keep their weights: {learning / model.num_parameters():.0%} of the model learns"


def learning_groups(
    model: Any, decaying: list[str], learning_rate: float, weight_decay: float, layer_decay: float
) -> Iterator[dict[str, Any]]:
    """Groups of weights for an optimizer, from the head down, each layer with `layer_decay` times the rate above it.

    decaying: names of the weights that weight decay is for. As in ELECTRA's and ULMFiT's fine-tuning.
    """
    found = depths(model)
    weights = [(name, weight) for name, weight in model.named_parameters() if weight.requires_grad]
    for depth in range(found.top, -1, -1):
        rate = learning_rate * layer_decay ** (found.top - depth)
        for decays in (True, False):
            group = [weight for name, weight in weights if found.of[name] == depth and (name in decaying) == decays]
            if group:
                yield {"params": group, "lr": rate, "weight_decay": weight_decay if decays else 0.0}
