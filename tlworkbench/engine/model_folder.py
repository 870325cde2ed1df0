"""Checkpoints as transformers folders: opened for classification from safetensors alone, without any remote code."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from transformers import AutoConfig, AutoModel, AutoModelForSequenceClassification, AutoTokenizer
from transformers import __version__ as transformers_version

from tlworkbench.errors import UserError
from tlworkbench.inference.text_limit import DEFAULT_MAX_LENGTH


@dataclass(frozen=True)
class Classifier:
    """A model with a classification head, its tokenizer, and the tokens it takes at most."""

    model: Any
    """A transformers.PreTrainedModel."""
    tokenizer: Any
    limit: int
    notes: tuple[str, ...] = ()
    """What was replaced or started from random numbers, in sentences."""
    fresh: frozenset[str] = frozenset()
    """Weights that the file does not hold."""


def load_for_training(folder: Path, class_names: Sequence[str], shown_as: str) -> Classifier:
    """Open a checkpoint with a head for `class_names`; a head that doesn't fit is replaced, which `notes` tells.

    The weights are fp32 whatever the file holds. The head starts from the current random state of torch.
    Raises UserError for a folder without safetensors or tokenizer, and for what can't classify texts.
    """
    config = _config(folder, shown_as)
    before = (config.num_labels, list(config.id2label.values()), _has_head(config))
    config.num_labels = len(class_names)
    config.id2label = dict(enumerate(class_names))
    config.label2id = {name: number for number, name in enumerate(class_names)}
    config.problem_type = "single_label_classification"
    tokenizer = _tokenizer(folder, shown_as)
    config.get_text_config().pad_token_id = tokenizer.pad_token_id
    model, report = _load(folder, config, shown_as)
    notes = _notes(report, before, class_names, shown_as)
    return Classifier(model, tokenizer, _limit(model, tokenizer), notes, frozenset(report["missing_keys"]))


def load_trained(folder: Path, shown_as: str) -> Classifier:
    """Open a checkpoint that was trained to classify; raises UserError where its head is missing or doesn't fit."""
    config = _config(folder, shown_as)
    tokenizer = _tokenizer(folder, shown_as)
    model, report = _load(folder, config, shown_as)
    if report["missing_keys"] or report["mismatched_keys"]:
        raise UserError(
            f"{shown_as} has no trained classification head",
            "Train it on this dataset first, or choose a checkpoint that was trained to classify.",
        )
    return Classifier(model, tokenizer, _limit(model, tokenizer))


def load_base(folder: Path, shown_as: str) -> Classifier:
    """Open a checkpoint without a head, for its hidden states; of an encoder-decoder the encoder alone.

    Raises UserError for a folder without safetensors or tokenizer, and for what is no text model.
    """
    config = _config(folder, shown_as)
    tokenizer = _tokenizer(folder, shown_as)
    model, report = _load(folder, config, shown_as, AutoModel)
    limit = _limit(model, tokenizer)
    if config.is_encoder_decoder:
        model = model.get_encoder()
    return Classifier(model, tokenizer, limit, _random_weights(report, shown_as))


def _config(folder: Path, shown_as: str) -> Any:
    if not (folder / "config.json").is_file():
        raise UserError(f"{shown_as} has no config.json in {folder}", "Choose the folder of a transformers checkpoint.")
    if not any(folder.glob("*.safetensors")):
        raise UserError(
            f"{shown_as} has no safetensors weights in {folder}",
            "Pickled weights (.bin) can run code and are not loaded: take a checkpoint that has model.safetensors.",
        )
    try:
        return AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    except (OSError, ValueError, KeyError) as error:
        kind = _model_type(folder)
        raise UserError(
            f"transformers {transformers_version} can't read the configuration of {shown_as} (model type '{kind}')",
            f"Choose another checkpoint. It said: {_first_line(error)}",
        ) from error


def _tokenizer(folder: Path, shown_as: str) -> Any:
    try:
        tokenizer: Any = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, ImportError) as error:
        raise UserError(
            f"the tokenizer of {shown_as} could not be loaded from {folder}",
            f"The folder needs a tokenizer.json beside the weights. It said: {_first_line(error)}",
        ) from error
    if tokenizer.pad_token_id is None:
        # GPT-2 and its like were never trained on batches: any token does, the attention mask hides it.
        tokenizer.pad_token = tokenizer.eos_token or tokenizer.unk_token or tokenizer.convert_ids_to_tokens(0)
    return tokenizer


def _load(
    folder: Path, config: Any, shown_as: str, kind: Any = AutoModelForSequenceClassification
) -> tuple[Any, dict[str, Any]]:
    try:
        loaded: tuple[Any, dict[str, Any]] = kind.from_pretrained(
            folder,
            config=config,
            local_files_only=True,
            trust_remote_code=False,
            use_safetensors=True,
            ignore_mismatched_sizes=True,
            dtype=torch.float32,
            output_loading_info=True,
        )
        return loaded
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        text = _first_line(error)
        if "Unrecognized configuration class" in text:
            raise UserError(
                f"{shown_as} (model type '{config.model_type}') can't classify texts",
                "Choose a text encoder: BERT, RoBERTa, DistilBERT, DeBERTa and their like.",
            ) from error
        if isinstance(error, torch.OutOfMemoryError) or "allocate memory" in text:
            raise
        raise UserError(
            f"the weights of {shown_as} could not be loaded from {folder}: {text}",
            "The file may be damaged: fetch it again.",
        ) from error


def _limit(model: Any, tokenizer: Any) -> int:
    """Tokens a text may have: the smaller of what the positions and what the tokenizer allow."""
    text = model.config.get_text_config()
    positions = getattr(text, "max_position_embeddings", None) or getattr(text, "n_positions", None) or 0
    for name, module in model.named_modules():
        if name.endswith("embeddings.position_embeddings") and isinstance(module, torch.nn.Embedding):
            # RoBERTa and its like count positions from the padding index on.
            positions = module.num_embeddings - (0 if module.padding_idx is None else module.padding_idx + 1)
            break
    return int(min(positions if positions > 0 else DEFAULT_MAX_LENGTH, tokenizer.model_max_length))


def _has_head(config: Any) -> bool:
    return any(name.endswith("ForSequenceClassification") for name in config.architectures or ())


def _notes(
    report: dict[str, Any], before: tuple[int, list[str], bool], class_names: Sequence[str], shown_as: str
) -> tuple[str, ...]:
    notes = []
    count, names, had_head = before
    if _replaced(report):
        listed = ", ".join(names[:6]) + (" …" if len(names) > 6 else "")
        notes.append(
            f"{shown_as} was trained for {count} classes ({listed}): its head is replaced by one for {len(class_names)}"
        )
    elif had_head and not report["missing_keys"] and tuple(names) != tuple(class_names):
        notes.append(
            f"{shown_as} keeps its head of {count} classes, but they were called {', '.join(names)}: "
            f"now they learn {', '.join(class_names)}"
        )
    return (*notes, *_random_weights(report, shown_as))


def _replaced(report: dict[str, Any]) -> frozenset[str]:
    return frozenset(key[0] if isinstance(key, tuple) else key for key in report["mismatched_keys"])


def _random_weights(report: dict[str, Any], shown_as: str) -> tuple[str, ...]:
    # A fresh head has its weights in the top modules; anything below the encoder's own prefix is worth a word.
    random = sorted(key for key in report["missing_keys"] if "." in key and not key.startswith(_HEADS))
    if not random:
        return ()
    shown = ", ".join(random[:3]) + (" …" if len(random) > 3 else "")
    return (f"{shown_as} has no weights for {shown}: they start from random numbers",)


_HEADS = ("classifier.", "pre_classifier.", "score.", "classification_head.", "head.", "sequence_summary.", "pooler.")


def _model_type(folder: Path) -> str:
    try:
        return str(json.loads((folder / "config.json").read_bytes()).get("model_type", "unknown"))
    except (OSError, ValueError, AttributeError):
        return "unknown"


def _first_line(error: BaseException) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)[:300]
