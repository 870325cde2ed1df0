"""LoRA: small matrices beside a model's linear layers learn, the layers' own weights stay (Hu et al. 2021); by peft."""

import contextlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from peft.tuners.lora import LoraLayer
from transformers.pytorch_utils import Conv1D

from tlworkbench.engine.depth import Depths, depths, freeze
from tlworkbench.engine.model_folder import Classifier
from tlworkbench.errors import UserError, nearest
from tlworkbench.jobs.spec import LEARNING_RATES, TrainSpec

_LINEAR = (torch.nn.Linear, Conv1D)
_LOW = 0.3
"""Below this share of its usual rate LoRA learns little in the usual number of epochs."""


def with_adapters(classifier: Classifier, spec: TrainSpec) -> Classifier:
    """The classifier with adapters at the linear layers of its body; all above its layers learns in full.

    Layers that are frozen get none. Raises UserError where `lora_targets` names what the model lacks.
    """
    model = classifier.model
    freeze(model, spec.freeze, spec.model)
    found = depths(model)
    frozen = spec.freeze if isinstance(spec.freeze, int) else 0
    names = [name for name, _ in _linear(model) if frozen < found.of.get(f"{name}.weight", 0) < found.top]
    if not names:
        raise UserError(
            f"{spec.model} has no linear layers in its body that adapters could stand beside",
            "Freeze fewer layers." if frozen else "Train it with --strategy full.",
        )
    targets = _wanted(names, spec)
    config = LoraConfig(
        r=spec.lora_rank,
        lora_alpha=spec.lora_alpha,  # type: ignore[arg-type]  # It is a factor, whatever its annotation says.
        lora_dropout=spec.lora_dropout,
        # A pattern, as a list of names would be matched by their ends.
        target_modules="|".join(re.escape(name) for name in targets),
        modules_to_save=list(_above(model, found, "")),
        fan_in_fan_out=any(isinstance(model.get_submodule(name), Conv1D) for name in targets),
    )
    adapted = get_peft_model(model, config)
    # Else each checkpoint would be compared with the base, on the Hub even.
    adapted.peft_config["default"].base_model_name_or_path = ""
    for module in adapted.modules():
        if isinstance(module, LoraLayer):
            # Hidden states needn't be made fp32 for fp32 adapters: in half precision autocast makes them half again.
            module.cast_input_dtype_enabled = False
    return replace(classifier, model=adapted, notes=(*classifier.notes, *_notes(adapted, targets, spec)))


def plain(model: Any) -> Any:
    """The classifier itself, with its layers named as ever, where adapters are around it."""
    return model.get_base_model() if isinstance(model, PeftModel) else model


@contextlib.contextmanager
def merged(model: Any) -> Iterator[None]:
    """Within it adapters are part of the weights, as they will be in what is saved; afterwards all is as it was.

    So what is measured during training is the very model that is kept: added to a layer's answer instead, adapters
    give other roundings, by which one row in hundreds changes its class in bf16.
    """
    layers = [module for module in plain(model).modules() if isinstance(module, LoraLayer)]
    # Taking an adapter out again would leave roundings in the weights; the copy is kept where memory is ample.
    before = [_weight(layer).detach().to("cpu", copy=True) for layer in layers]
    try:
        if layers:
            model.merge_adapter(safe_merge=True)
        yield
    finally:
        for layer, weight in zip(layers, before, strict=True):
            with torch.no_grad():
                _weight(layer).copy_(weight)
            layer.merged_adapters.clear()


def _weight(layer: Any) -> torch.Tensor:
    weight: torch.Tensor = layer.get_base_layer().weight
    return weight


def learning_weights(model: Any) -> int:
    """How many weights learn."""
    return sum(weight.numel() for weight in model.parameters() if weight.requires_grad)


def _linear(model: Any) -> Iterator[tuple[str, Any]]:
    return ((name, module) for name, module in model.named_modules() if isinstance(module, _LINEAR))


def _wanted(names: Sequence[str], spec: TrainSpec) -> list[str]:
    asked = [word.strip() for word in spec.lora_targets.split(",") if word.strip()]
    if not asked:
        return list(names)
    for word in asked:
        if not any(_called(name, word) for name in names):
            there = _last_words(names)
            raise UserError(
                f"lora_targets names '{word}', but no layer of {spec.model} that could get an adapter is called so",
                f"{nearest(word, there)} There are: {', '.join(there)}.",
            )
    return [name for name in names if any(_called(name, word) for word in asked)]


def _called(name: str, word: str) -> bool:
    return name == word or name.endswith(f".{word}")


def _above(module: Any, found: Depths, prefix: str) -> Iterator[str]:
    """The outermost modules all of whose weights lie above the layers."""
    for name, child in module.named_children():
        path = f"{prefix}{name}"
        inside = [
            found.of[f"{path}.{weight}"] for weight, _ in child.named_parameters() if f"{path}.{weight}" in found.of
        ]
        if inside and min(inside) == found.top:
            yield path
        elif inside:
            yield from _above(child, found, f"{path}.")


def _notes(model: Any, targets: Sequence[str], spec: TrainSpec) -> Iterator[str]:
    learn = learning_weights(model)
    stay = plain(model).num_parameters() - learn
    yield (
        f"LoRA of rank {spec.lora_rank} at {len(targets)} layers ({', '.join(_last_words(targets))}): "
        f"{learn / 1e6:.2g} M weights learn, the head among them in full, {stay / 1e6:.3g} M stay"
    )
    usual = LEARNING_RATES["lora"]
    if spec.learning_rate < _LOW * usual:
        yield (
            f"learning_rate = {spec.learning_rate:g} is one for all weights: adapters learn best at about {usual:g}, "
            "as --set learning_rate takes it"
        )


def _last_words(names: Sequence[str]) -> list[str]:
    """What the layers are called, without what tells one from another of the same name."""
    return list(dict.fromkeys(name.rpartition(".")[2] for name in names))
