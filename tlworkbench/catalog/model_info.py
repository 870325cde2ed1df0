"""A pretrained model as it is listed: what it is, how large, and whether it can be used."""

import re
from pathlib import Path
from typing import Any, Literal, TypeAlias

import msgspec

from tlworkbench.catalog.architectures import Task, task_of, unfit_because
from tlworkbench.catalog.plain import plain
from tlworkbench.catalog.weights import UnusableWeights, read_json, read_weights

Where: TypeAlias = Literal["bundled", "run", "cache", "folder", "hub"]
_TOKENIZERS = (
    "tokenizer.json", "vocab.txt", "vocab.json", "tokenizer.model", "spiece.model", "spm.model",
    "sentencepiece.bpe.model",
)  # fmt: skip
_BYTE_TOKENIZED = frozenset({"canine", "perceiver"})
"""Model types whose tokenizer is code alone: bytes or code points, no vocabulary."""
_HEADS = ("ForSequenceClassification", "ForImageClassification")
_LABEL_LIMIT = 30_000


class ModelInfo(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the Models screen; every text in it is safe to show."""

    id: str
    """What chooses it: `bundled`, a run's number, a Hub id, a folder's path."""
    where: Where
    path: str = ""
    """Its folder; empty for one on the Hub."""
    task: Task = "other"
    """What it can learn to classify."""
    architecture: str = ""
    """`model_type` of its config: `bert`, `distilbert`."""
    params: int = 0
    """Parameters; 0 where unknown."""
    bytes: int = 0
    """Size of its weights; 0 where unknown."""
    labels: tuple[str, ...] = ()
    """Class names of a trained classification head; empty where there is none or its classes are nameless."""
    positions: int = 0
    """Longest input in tokens as the config says it; 0 where it doesn't."""
    note: str = ""
    """A fact beside: a revision, how a run ended, that a model is gated."""
    usable: bool = True
    """Whether it can be fine-tuned here."""
    why: str = ""
    """Why not, and what to do about it."""


def read_model_info(folder: Path, id: str = "", where: Where = "folder", note: str = "") -> ModelInfo:
    """What a transformers folder holds, from `config.json` and the headers of its safetensors; loads no weights.

    Never raises for what is in the folder: a damaged or unfit model comes back with `usable` False and `why`.
    """
    info = ModelInfo(id=plain(id or folder), where=where, path=str(folder), note=note)
    try:
        config = _read_config(folder)
        model_type = str(config["model_type"])
        info = msgspec.structs.replace(
            info,
            task=task_of(model_type),
            architecture=plain(model_type, 60),
            labels=_labels(config),
            positions=_positions(config),
        )
        weights = read_weights(folder)
        info = msgspec.structs.replace(info, params=weights.params, bytes=weights.bytes)
        why = _needs_code(config) or unfit_because(model_type) or _lacks_tokenizer(folder, info)
    except UnusableWeights as problem:
        why = unfit_because(info.architecture) if info.architecture else ""
        why = why or str(problem)
    except OSError as error:
        why = f"it can't be read: {error.strerror or error}"
    return msgspec.structs.replace(info, usable=not why, why=plain(why, 400))


def _read_config(folder: Path) -> dict[str, Any]:
    path = folder / "config.json"
    if not path.is_file():
        raise UnusableWeights("there is no config.json in it, so it is no transformers model")
    config = read_json(path)
    if not isinstance(config, dict):
        raise UnusableWeights("config.json is damaged (no object in it); get it again")
    if not isinstance(config.get("model_type"), str) or not config["model_type"]:
        raise UnusableWeights("config.json names no model_type, so it is no transformers model")
    return config


def _needs_code(config: dict[str, Any]) -> str:
    if config.get("auto_map") and task_of(str(config["model_type"])) == "other":
        return "it needs Python code from its own repository, which this program doesn't run"
    return ""


def _lacks_tokenizer(folder: Path, info: ModelInfo) -> str:
    if info.task != "text" or info.architecture in _BYTE_TOKENIZED:
        return ""
    if any((folder / name).is_file() for name in _TOKENIZERS):
        return ""
    return "there is no tokenizer beside its weights (tokenizer.json or a vocabulary); get the whole folder"


def _labels(config: dict[str, Any]) -> tuple[str, ...]:
    architectures = config.get("architectures")
    names = architectures if isinstance(architectures, list) else []
    if not any(isinstance(name, str) and name.endswith(_HEADS) for name in names):
        return ()
    id2label = config.get("id2label")
    if not isinstance(id2label, dict) or not 0 < len(id2label) <= _LABEL_LIMIT:
        return ()
    # Exactly 0 … n-1, or the position in this tuple would not be the class.
    if not all(str(index) in id2label for index in range(len(id2label))):
        return ()
    labels = tuple(plain(id2label[str(index)], 120) for index in range(len(id2label)))
    return () if all(re.fullmatch(r"LABEL_\d+", label) for label in labels) else labels


def _positions(config: dict[str, Any]) -> int:
    positions = config.get("max_position_embeddings")
    # -1 and the like stand for "any length" in some configurations.
    return positions if isinstance(positions, int) and 0 < positions < 1 << 31 else 0
