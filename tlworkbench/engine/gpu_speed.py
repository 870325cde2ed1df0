"""What makes a GPU quicker: TF32 products, and a model compiled for it."""

from typing import Any

import torch


def quick_products(device: str) -> None:
    """Let a GPU round the factors of fp32 products to TF32 (10 bits), as bf16 rounds them to 7; sums stay fp32."""
    if device == "cuda":
        torch.set_float32_matmul_precision("high")
        torch.backends.cudnn.allow_tf32 = True


def compile_for(model: Any, device: str) -> str | None:
    """Have `model` compiled at its first passes, for batches of any size; returns a sentence where that is not done."""
    if device != "cuda":
        return "compile is for GPUs: on this processor the run goes on without"
    # In place: the names of the weights, and so the checkpoints, stay as they are.
    model.compile(dynamic=True)
    return None
