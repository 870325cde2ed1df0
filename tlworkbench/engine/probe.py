"""The longest batch tried before a run: how much of it fits into memory at once, and how long it takes."""

import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from tlworkbench.engine.machine import free_memory, peak_memory, reset_peak_memory, resident_memory
from tlworkbench.engine.portions import RandomState, attempt, smaller, token_budget
from tlworkbench.engine.precision import Precision
from tlworkbench.engine.processor_pass import training_pass
from tlworkbench.engine.run_record import Probe
from tlworkbench.engine.scoring import autocast
from tlworkbench.engine.texts import Batch, Rows, TokenisedTexts, padded_width
from tlworkbench.jobs.spec import TrainSpec

_AMPLE = 2
_SAMPLE = 8
_FEW = 4
_WORKING = 1.3
"""Memory of a forward and backward pass as a multiple of what is kept between the two."""
_MOMENTS = 8
"""Bytes AdamW keeps for each weight that learns."""
_GRADIENT = 4


def probe(
    model: Any,
    texts: TokenisedTexts,
    rows: int,
    rows_a_step: int,
    precision: Precision,
    lowered: Callable[[int, int, str], None],
    processes: int = 1,
) -> Probe:
    """Send the longest texts forward and backward once, `rows` at a time, or fewer where memory doesn't last.

    Where what a forward pass keeps of one and of two texts shows that there is twice the memory needed, an eighth of
    the rows is enough to tell the time by. `lowered` hears how many rows at once were too many, how many are tried
    instead, and why. processes: so many learn side by side and share the processor's memory. Weights, gradients and
    random numbers are left as they were. Raises what torch does where not even one row fits.
    """
    longest = np.argsort(-texts.lengths, kind="stable")[:rows]
    before = RandomState.now()
    model.train()
    try:
        held = _held(model.device)
        one, two = texts.batch(longest[:1]), texts.batch(longest[:1].repeat(2))
        need = attempt(model, lambda: _need(model, one, two, precision))
        # Where not even two rows fit, the loop below comes down to one.
        if need is not None:
            free = _free(model.device, processes)
            # Where a processor's memory runs out, the system may end the process without a word.
            fits = rows
            while fits > 1 and need(fits) > free:
                fits = smaller(fits)
            if fits < rows:
                lowered(rows, fits, f"the longest batch would need {_gigabytes(need(rows))} of {_gigabytes(free)} free")
                rows = fits
            if _AMPLE * need(rows) <= free:
                tried = longest[: min(rows, max(_FEW, -(-rows // _SAMPLE)))]
                # What is made ready at the first pass is no part of a step.
                took = _passed(model, texts, tried, precision) and _passed(model, texts, tried, precision)
                if took is not None:
                    return _told(texts, tried, took[0], rows, rows_a_step, held + need(rows), held)
        while (took := _passed(model, texts, longest[:rows], precision)) is None:
            lowered(rows, smaller(rows), "out of memory")
            rows = smaller(rows)
        return _told(texts, longest[:rows], took[0], rows, rows_a_step, took[1] + _MOMENTS * _learning(model), held)
    finally:
        model.zero_grad(set_to_none=True)
        before.restore()


def longest_rows(spec: TrainSpec, texts: TokenisedTexts, device: str) -> int:
    """How many of the longest texts go through the model at once, where memory lasts."""
    within = token_budget(spec.tokens_per_batch, device) // padded_width(int(texts.lengths.max()))
    return max(1, min(spec.batch_size, len(texts), within))


def _told(
    texts: TokenisedTexts, tried: Rows, seconds: float, rows: int, rows_a_step: int, peak: int, held: int
) -> Probe:
    tokens = padded_width(int(texts.lengths[tried].max()))
    # A step's rows are of like length, on average as long as all rows are.
    step = min(rows_a_step, len(texts)) * padded_width(math.ceil(texts.lengths.mean()))
    each = seconds / (len(tried) * tokens)
    return Probe(
        rows=rows,
        tokens=tokens,
        seconds=each * rows * tokens,
        step_seconds=each * step,
        peak_bytes=peak,
        held_bytes=held,
    )


def _need(model: Any, one: Batch, two: Batch, precision: Precision) -> Callable[[int], int]:
    """Bytes that a step with so many rows takes beside the weights, from what is kept of one row and of two."""
    single, double = _kept(model, one, precision), _kept(model, two, precision)
    fixed = max(0, 2 * single - double) + (_GRADIENT + _MOMENTS) * _learning(model)
    return lambda rows: int(fixed + _WORKING * (double - single) * rows)


def _learning(model: Any) -> int:
    return sum(weight.numel() for weight in model.parameters() if weight.requires_grad)


def _kept(model: Any, batch: Batch, precision: Precision) -> int:
    """Bytes that a forward pass keeps for the backward pass, weights not counted."""
    weights = {weight.untyped_storage().data_ptr() for weight in model.parameters()}
    kept: dict[int, int] = {}

    def keep(values: torch.Tensor) -> torch.Tensor:
        storage = values.untyped_storage()
        if storage.data_ptr() not in weights:
            kept[storage.data_ptr()] = storage.nbytes()
        return values.detach()

    kind = model.device.type
    with (
        torch.autograd.graph.saved_tensors_hooks(keep, lambda values: values),
        autocast(kind, precision),
        training_pass(kind, precision == "bf16"),
    ):
        model(**{name: values.to(model.device) for name, values in batch.items()})
    return sum(kept.values())


def _passed(model: Any, texts: TokenisedTexts, rows: Rows, precision: Precision) -> tuple[float, int] | None:
    """Seconds and peak bytes of one forward and backward pass; None where memory ran out, unless with one row."""

    def both() -> tuple[float, int]:
        on_gpu = model.device.type == "cuda"
        torch.cuda.reset_peak_memory_stats() if on_gpu else reset_peak_memory()
        began = time.monotonic()
        batch = {name: values.to(model.device) for name, values in texts.batch(rows).items()}
        with autocast(model.device.type, precision), training_pass(model.device.type, precision == "bf16"):
            logits = model(**batch).logits.float()
        # Any loss that depends on all answers.
        torch.logsumexp(logits, dim=1).mean().backward()
        if on_gpu:
            torch.cuda.synchronize()
        return time.monotonic() - began, torch.cuda.max_memory_allocated() if on_gpu else peak_memory()

    return both() if len(rows) == 1 else attempt(model, both)


def _held(device: torch.device) -> int:
    return int(torch.cuda.memory_allocated()) if device.type == "cuda" else resident_memory()


def _free(device: torch.device, processes: int) -> int:
    if device.type != "cuda":
        return free_memory() // processes
    unused = torch.cuda.memory_reserved() - torch.cuda.memory_allocated()
    return int(torch.cuda.mem_get_info()[0]) + unused


def _gigabytes(count: int) -> str:
    return f"{count / 1e9:.1f} GB"
