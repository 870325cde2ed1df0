"""A model folder whose tokenizer has a token a word and two around a text; enough for counting."""

import json
from pathlib import Path

import numpy as np
from safetensors.numpy import save
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from tokenizers.processors import TemplateProcessing


def word_model_folder(folder: Path, limit: int, padded: bool = True) -> Path:
    """Write it; `limit`: tokens it takes; `padded`: its tokenizer.json asks for cutting and padding, as many do."""
    tokenizer = Tokenizer(WordLevel({"[UNK]": 0, "[CLS]": 1, "[SEP]": 2}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]", pair=None, special_tokens=[("[CLS]", 1), ("[SEP]", 2)]
    )
    if padded:
        tokenizer.enable_truncation(2)
        tokenizer.enable_padding(length=4)
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "config.json").write_text(json.dumps({"model_type": "bert", "max_position_embeddings": limit}))
    (folder / "model.safetensors").write_bytes(save({"weight": np.ones(8, np.float32)}))
    return folder
