"""How many tokens of a text a model reads."""

import json
from pathlib import Path
from typing import Any

DEFAULT_MAX_LENGTH = 256
# These count positions from the padding token on: some of them are never a token's.
_COUNT_FROM_PADDING = {
    "camembert", "data2vec-text", "ibert", "longformer", "luke", "mpnet", "roberta", "roberta-prelayernorm",
    "xlm-roberta", "xlm-roberta-xl", "xmod",
}  # fmt: skip


def effective_length(asked: int, limit: int) -> int:
    """Tokens to keep of a text: what was asked for, else 256, never more than the model takes."""
    return min(asked or DEFAULT_MAX_LENGTH, limit)


def folder_limit(folder: Path) -> int:
    """Tokens that the model in a transformers folder takes, as its configuration and its tokenizer's tell."""
    config = _object(folder / "config.json")
    text = config.get("text_config")
    config = {**config, **text} if isinstance(text, dict) else config
    positions = config.get("max_position_embeddings") or config.get("n_positions")
    if not isinstance(positions, int) or positions <= 0:
        positions = DEFAULT_MAX_LENGTH
    elif config.get("model_type") in _COUNT_FROM_PADDING:
        padding = config.get("pad_token_id", 1)
        positions -= (padding if isinstance(padding, int) else 1) + 1
    allowed = _object(folder / "tokenizer_config.json").get("model_max_length")
    return int(min(positions, allowed)) if isinstance(allowed, int | float) and allowed > 0 else positions


def _object(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
