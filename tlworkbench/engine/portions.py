"""A batch that goes through the model in parts, and smaller parts once memory ran out."""

import gc
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

import torch

from tlworkbench.engine.failures import out_of_memory
from tlworkbench.engine.texts import Batch, batches_by_length, padded_width
from tlworkbench.engine.windows import COUNTS, window_portions

_CPU_TOKENS = 4096
_GPU_TOKENS = 65536
"""Enough to keep the device busy; the rest would only take memory."""

T = TypeVar("T")


@dataclass(frozen=True)
class RandomState:
    """Where torch's random numbers stand, on the processor and the GPU in use."""

    cpu: torch.Tensor
    gpu: torch.Tensor | None

    @classmethod
    def now(cls) -> "RandomState":
        """The current one."""
        return cls(torch.get_rng_state(), torch.cuda.get_rng_state() if torch.cuda.is_initialized() else None)

    def restore(self) -> None:
        """Go on from here."""
        torch.set_rng_state(self.cpu)
        if self.gpu is not None:
            torch.cuda.set_rng_state(self.gpu)


def token_budget(asked: int, device: str) -> int:
    """Tokens that go through a model at once, padding counted; 0 asks for what suits `device`."""
    return asked or (_GPU_TOKENS if device == "cuda" else _CPU_TOKENS)


def portions(batch: Batch, rows: int, tokens: int, pad_left: bool) -> Iterator[Batch]:
    """Parts of at most `rows` rows and, padding counted, `tokens` tokens, the longest texts first.

    Rows of like length go together, and each part is as wide as its own longest text. Of texts in windows: parts of
    whole texts, one with more windows than go through at once alone.
    """
    if COUNTS in batch:
        yield from window_portions(batch, most_rows(batch, rows, tokens), pad_left)
        return
    parts = _cut(batch, rows, tokens)
    if len(parts) == 1:
        yield batch
        return
    for width, part in parts:
        columns = slice(-width, None) if pad_left else slice(width)
        chosen = part.to(batch["labels"].device)
        cut = {name: values[chosen] for name, values in batch.items()}
        yield {name: values[:, columns] if values.ndim == 2 else values for name, values in cut.items()}


def most_rows(batch: Batch, rows: int, tokens: int) -> int:
    """Rows, or windows, that go through the model at once at most."""
    if COUNTS in batch:
        count, width = batch["attention_mask"].shape
        return max(1, min(rows, count, tokens // width))
    return max(len(part) for _, part in _cut(batch, rows, tokens))


def _cut(batch: Batch, rows: int, tokens: int) -> list[tuple[int, torch.Tensor]]:
    """Width and row numbers of each part."""
    count, width = batch["attention_mask"].shape
    if count <= rows and count * width <= tokens:
        return [(width, torch.arange(count))]
    lengths = batch["attention_mask"].sum(dim=1).cpu().numpy()
    parts = batches_by_length(lengths, tokens, rows)
    return [(padded_width(int(lengths[part[0]])), torch.from_numpy(part)) for part in parts]


def attempt(model: Any, work: Callable[[], T]) -> T | None:
    """Do `work`; None where memory ran out, with no gradient left in `model` and the random numbers where they were.

    Weights and optimizer are `work`'s own affair: it must not touch them.
    """
    before = RandomState.now()
    try:
        return work()
    except (RuntimeError, MemoryError) as error:
        if not out_of_memory(error):
            raise
    # Only here are the error and its frames gone, which hold on to everything that was computed.
    model.zero_grad(set_to_none=True)
    before.restore()
    gc.collect()
    if torch.cuda.is_initialized():
        torch.cuda.empty_cache()
    return None


def smaller(rows: int) -> int:
    """Half of it, rounded up."""
    return -(-rows // 2)
