"""Transformers folders of a few kilobytes, as file names and bytes: real headers, no torch."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save

Files = dict[str, bytes]


def model_files(model_type: str = "bert", params: int = 1000, **config: Any) -> Files:
    """A model with a configuration, a tokenizer file and `params` float32 weights (plus a buffer, as BERT has)."""
    return {
        "config.json": json.dumps({"model_type": model_type, **config}).encode(),
        "tokenizer.json": b'{"version": "1.0"}',
        "model.safetensors": weights(params),
    }


def weights(params: int = 1000) -> bytes:
    """A safetensors file with `params` float32 weights."""
    ids = np.arange(8, dtype=np.int64)
    return save({"weight": np.ones(params, dtype=np.float32), "position_ids": ids}, metadata={"format": "pt"})


def write(folder: Path, files: Files) -> Path:
    """Put the files into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder
