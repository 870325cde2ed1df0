"""A fitted last layer put into the kept model: a checkpoint as any other, written without torch."""

import json
import shutil
from pathlib import Path
from typing import Any

from safetensors.numpy import load_file, save_file

from tlworkbench import atomic
from tlworkbench.engine.checkpoint import keep_as_model
from tlworkbench.engine.head_features import LAYER_FILE, HeadLayer
from tlworkbench.engine.head_fit import Linear
from tlworkbench.errors import UserError

WEIGHTS = "model.safetensors"


def write_head(
    kept: Path, layer: HeadLayer, linear: Linear, names: tuple[str, ...], added: dict[str, Any], to: Path
) -> None:
    """Write the kept model with `linear` as its last layer to the folder `to`, all or nothing.

    added: further keys of config.json. Raises UserError when the disk is full.
    """
    part = to.with_name(f".{to.name}.head")
    try:
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        for file in kept.iterdir():
            if file.name not in (WEIGHTS, LAYER_FILE, "config.json"):
                shutil.copyfile(file, part / file.name)
        config = json.loads((kept / "config.json").read_bytes())
        config["id2label"] = {str(number): name for number, name in enumerate(names)}
        config["label2id"] = {name: number for number, name in enumerate(names)}
        atomic.write_text(part / "config.json", json.dumps(config | added, indent=2, ensure_ascii=False) + "\n")
        weights = load_file(kept / WEIGHTS)
        weights[f"{layer.name}.weight"] = linear.weight
        if layer.bias:
            weights[f"{layer.name}.bias"] = linear.bias
        save_file(weights, part / WEIGHTS, metadata={"format": "pt"})
        keep_as_model(part, to)
    except OSError as error:
        raise UserError(
            f"the model could not be written to {to}: {error.strerror or error}",
            "Free some space, then resume the run.",
        ) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
