"""A batch that goes through the model in parts, and smaller parts once memory ran out."""

import gc
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

import torch

from tlworkbench.engine.failures import out_of_memory
from tlworkbench.engine.texts import Batch, padded_width
from tlworkbench.engine.windows import COUNTS, window_portions

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


def portions(batch: Batch, rows: int, pad_left: bool) -> Iterator[Batch]:
    """Parts of at most `rows` rows, each without the columns that are padding in all of its rows.

    Of texts in windows: parts of whole texts, a text with more than `rows` windows alone.
    """
    if COUNTS in batch:
        yield from window_portions(batch, rows, pad_left)
        return
    count = len(batch["labels"])
    if rows >= count:
        yield batch
        return
    lengths = batch["attention_mask"].sum(dim=1).tolist()
    for start in range(0, count, rows):
        width = padded_width(max(lengths[start : start + rows]))
        columns = slice(-width, None) if pad_left else slice(width)
        part = {name: values[start : start + rows] for name, values in batch.items()}
        yield {name: values[:, columns] if values.ndim == 2 else values for name, values in part.items()}


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
