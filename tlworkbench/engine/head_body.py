"""What a classifier's last linear layer gets for a text, and the model made ready so that this is worth something."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from tlworkbench import atomic
from tlworkbench.data.embedding_files import Floats
from tlworkbench.engine.embed_texts import Encoder
from tlworkbench.engine.head_features import HeadLayer, joined_width, split_numbers, write_layer
from tlworkbench.engine.model_folder import Classifier, load_for_training
from tlworkbench.engine.plan import set_up_libraries
from tlworkbench.engine.precision import choose_precision
from tlworkbench.engine.scoring import autocast
from tlworkbench.engine.windows import COUNTS, save_windows, windows_for
from tlworkbench.errors import UserError
from tlworkbench.inference.text_limit import effective_length
from tlworkbench.inference.windows import pool
from tlworkbench.jobs.spec import TrainSpec

_SEED = 7
"""Weights a checkpoint lacks are the same whatever the run: features outlive it."""

_DENSE: dict[str, tuple[str, str]] = {
    "bert": ("bert.pooler.dense", "tanh"),
    "albert": ("albert.pooler", "tanh"),
    "roberta": ("classifier.dense", "tanh"),
    "xlm-roberta": ("classifier.dense", "tanh"),
    "camembert": ("classifier.dense", "tanh"),
    "mpnet": ("classifier.dense", "tanh"),
    "electra": ("classifier.dense", "gelu"),
    "distilbert": ("pre_classifier", "relu"),
}
"""The square layer between the first token's hidden state and the last linear layer, and what follows it."""
_PASSING = {"tanh": (0.25, 0.0), "relu": (1.0, 2.0), "gelu": (1.0, 3.0)}
"""Scale and shift with which that layer lets hidden states (most of them within ±2) through almost unbent."""


@dataclass(frozen=True)
class Body:
    """A model in eval mode, the layer that is to be fitted, and what its features are."""

    encoder: Encoder
    layer: HeadLayer
    notes: tuple[str, ...]


def make_body(source: Path, folder: Path, spec: TrainSpec, names: tuple[str, ...]) -> Body:
    """Open the checkpoint at `source` for a head on `names` and leave it in `folder`, to be gone on from.

    Raises UserError for what can't be loaded or has no linear layer at its end.
    """
    device = set_up_libraries()
    with torch.random.fork_rng():
        torch.manual_seed(_SEED)
        classifier = load_for_training(source, names, spec.model)
    save_windows(classifier.model.config, None)
    notes = (*classifier.notes, *_pass_through(classifier))
    body = _body(classifier, spec, device, notes)
    _save(classifier, folder, body.layer, spec.model)
    return body


def open_body(folder: Path, spec: TrainSpec, names: tuple[str, ...]) -> Body:
    """Open what `make_body` left; the fitted layer itself may have another size meanwhile."""
    device = set_up_libraries()
    return _body(load_for_training(folder, names, spec.model), spec, device, ())


def features(body: Body, batch: dict[str, torch.Tensor]) -> Floats:
    """What the last linear layer gets for each text: float32, rows × dimensions."""
    counts = batch.get(COUNTS)
    rows = {name: values for name, values in batch.items() if name != COUNTS}
    found, _ = _forward(body.encoder.model, body.layer.name, rows, body.encoder)
    if not np.isfinite(found).all():
        raise UserError(
            f"{body.encoder.shown_as} gives numbers that overflow in {body.layer.precision}",
            "Choose another model, or --set precision=fp32.",
        )
    return found if counts is None else pool(found, counts.numpy())


def kept_numbers(body: Body, batch: dict[str, torch.Tensor]) -> Floats:
    """The same as the cache keeps them, with whether a text fills the model's limit, or has all windows it may."""
    if body.encoder.windows is None:
        full = batch["attention_mask"].sum(dim=1).numpy() >= body.encoder.max_length
    else:
        full = batch[COUNTS].numpy() >= body.encoder.windows.most
    return split_numbers(features(body, batch), full)


def _body(classifier: Classifier, spec: TrainSpec, device: str, notes: tuple[str, ...]) -> Body:
    model = classifier.model.to(device).eval()
    name = _last_linear(model, spec.model)
    linear = model.get_submodule(name)
    precision = choose_precision(spec.precision, device)
    layer = HeadLayer(
        name=name,
        dimensions=linear.in_features,
        bias=linear.bias is not None,
        max_length=effective_length(spec.max_length, classifier.limit),
        windows=windows_for(spec, classifier.tokenizer, effective_length(spec.max_length, classifier.limit)),
        precision=precision,
    )
    encoder = Encoder(
        model=model,
        tokenizer=classifier.tokenizer,
        device=device,
        precision=precision,
        max_length=layer.max_length,
        windows=layer.windows,
        dimensions=joined_width(layer.dimensions),
        shown_as=spec.model,
    )
    return Body(encoder, layer, notes)


def _last_linear(model: Any, shown_as: str) -> str:
    """Name of the linear layer whose output the logits are."""
    count = model.config.num_labels
    called: list[str] = []
    hooks = [
        module.register_forward_hook(lambda *_, name=name: called.append(name))
        for name, module in model.named_modules()
        if isinstance(module, torch.nn.Linear) and module.out_features == count
    ]
    ids = torch.full((1, 4), 5, device=model.device)
    try:
        with torch.no_grad():
            logits = model(input_ids=ids, attention_mask=torch.ones_like(ids)).logits
        if called and logits.shape == (1, count):
            return called[-1]
    except (AttributeError, TypeError, ValueError, RuntimeError, IndexError):
        called.clear()
    finally:
        for hook in hooks:
            hook.remove()
    raise UserError(f"{shown_as} has no linear layer at its end that could be fitted", "Train it with --strategy full.")


@torch.no_grad()
def _forward(model: Any, name: str, batch: dict[str, torch.Tensor], encoder: Encoder) -> tuple[Floats, Floats]:
    """Features and logits of a batch."""
    caught: list[tuple[torch.Tensor, torch.Tensor]] = []
    hook = model.get_submodule(name).register_forward_hook(
        lambda _, given, gave: caught.append((given[0].float(), gave.float()))
    )
    try:
        with autocast(encoder.device, encoder.precision):
            logits = model(**{key: tensor.to(encoder.device) for key, tensor in batch.items()}).logits.float()
    finally:
        hook.remove()
    given, gave = caught[-1]
    if given.dim() == 3:
        # A decoder's head answers at every token, and the answer of one of them is taken: that one is looked up.
        place = (gave - logits[:, None, :]).abs().sum(dim=2).argmin(dim=1)
        given = given[torch.arange(len(given), device=given.device), place]
    return given.cpu().numpy(), logits.cpu().numpy()


def _pass_through(classifier: Classifier) -> tuple[str, ...]:
    """Where the layer before the last knows nothing, let it hand on the first token's hidden state."""
    model = classifier.model
    name, bend = _DENSE.get(model.config.model_type, ("", ""))
    if not name:
        return ()
    if f"{name}.weight" not in classifier.fresh:
        # As it was pretrained it is worth as much as anything there: of MiniLM on 5 000 tweets the macro-F1 is .548
        # with its own pooler, .547 with one that hands on the first token, .548 at best with one that learns too.
        return ()
    scale, shift = _PASSING[bend]
    dense = model.get_submodule(name)
    with torch.no_grad():
        dense.weight.copy_(torch.eye(dense.out_features) * scale)
        dense.bias.fill_(shift)
    return (f"{name} hands the first token on as it is: the checkpoint has no weights for it",)


def _save(classifier: Classifier, folder: Path, layer: HeadLayer, shown_as: str) -> None:
    part = folder.with_name(f".{folder.name}.part")
    try:
        shutil.rmtree(part, ignore_errors=True)
        classifier.model.save_pretrained(part, max_shard_size="1000GB")
        classifier.tokenizer.save_pretrained(part)
        write_layer(part, layer)
        for file in part.iterdir():
            atomic.sync(file)
        shutil.rmtree(folder, ignore_errors=True)
        part.rename(folder)
    except OSError as error:
        shutil.rmtree(part, ignore_errors=True)
        raise UserError(
            f"{shown_as} could not be kept in {folder}: {error.strerror or error}", "Free some space."
        ) from error
