"""Texts through an encoder: the mean of the last hidden states over a text's tokens, many texts at once.

On a processor with bf16 units MiniLM under autocast embeds 245 tweets a second and core; quantised to int8 in ONNX it
does 161, and its vectors are further from those of fp32 (cosine .95 against .9999), after ten seconds of export. In
fp32, all there is without such units, it does 89.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from tlworkbench.data.embedding_files import Floats, Keys
from tlworkbench.data.rows import Rows
from tlworkbench.engine.context import JobContext
from tlworkbench.engine.failures import out_of_memory
from tlworkbench.engine.model_folder import load_base
from tlworkbench.engine.plan import set_up_libraries
from tlworkbench.engine.precision import Precision, choose_precision
from tlworkbench.engine.scoring import autocast
from tlworkbench.engine.stopping import telling
from tlworkbench.engine.texts import batches_by_length
from tlworkbench.engine.windows import tokenised
from tlworkbench.errors import UserError
from tlworkbench.inference.text_limit import effective_length
from tlworkbench.inference.windows import Windows

_CHUNK = 16_384
"""Rows tokenised and sorted by length together."""
_CPU_TOKENS = 4096
_GPU_TOKENS = 65536
_ROWS = 512
_KEPT_EVERY = 5.0
"""Seconds of work that a kill may cost."""

Keep = Callable[[Keys, Floats], None]
_Places = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True)
class Encoder:
    """A model without a head, ready to embed."""

    model: Any
    tokenizer: Any
    device: str
    precision: Precision
    max_length: int
    dimensions: int
    shown_as: str
    windows: Windows | None = None
    """How texts longer than `max_length` are read; None where they are cut."""
    notes: tuple[str, ...] = ()


def load_encoder(folder: Path, shown_as: str, max_length: int) -> Encoder:
    """Open a checkpoint for embedding; raises UserError for what is no text model or is damaged."""
    device = set_up_libraries()
    base = load_base(folder, shown_as)
    model = base.model.to(device).eval()
    return Encoder(
        model=model,
        tokenizer=base.tokenizer,
        device=device,
        precision=choose_precision("auto", device),
        max_length=effective_length(max_length, base.limit),
        dimensions=_dimensions(model, device, shown_as),
        shown_as=shown_as,
        notes=base.notes,
    )


def embed_texts(
    context: JobContext,
    encoder: Encoder,
    rows: Rows,
    wanted: _Places,
    keep: Keep,
    vectors_of: "Callable[[Encoder, dict[str, torch.Tensor]], Floats] | None" = None,
) -> None:
    """Embed the texts of `wanted` rows; `keep` gets keys and vectors every few seconds, and what there is at a stop.

    vectors_of: what makes a batch into vectors; `embed_batch` where it is None. Equal texts are computed once.
    Raises `Stopped` when the job is asked to stop, UserError when memory runs out.
    """
    done = 0
    vectors_of = vectors_of or embed_batch
    told = telling(context, "embedding", len(wanted))
    for start in range(0, len(wanted), _CHUNK):
        chunk = wanted[start : start + _CHUNK]
        texts = rows.texts(chunk.tolist())
        numbers: dict[str, int] = {}
        which = np.array([numbers.setdefault(text, len(numbers)) for text in texts], np.int64)
        pending = _Pending(rows.keys[chunk], which, encoder.dimensions, len(numbers), keep)
        hears = _same(told, done)
        tokens = tokenised(encoder.tokenizer, list(numbers), encoder.max_length, encoder.windows, hears)
        budget = _CPU_TOKENS if encoder.device == "cpu" else _GPU_TOKENS
        counts = np.bincount(which, minlength=len(numbers))
        try:
            for batch in batches_by_length(tokens.lengths, budget, _ROWS):
                pending.add(batch, vectors_of(encoder, tokens.batch(batch)))
                done += int(counts[batch].sum())
                told(done)
        except (RuntimeError, MemoryError) as error:
            if out_of_memory(error):
                raise UserError(
                    f"out of memory while embedding with {encoder.shown_as}",
                    "Choose a smaller model, or close programs.",
                ) from error
            raise
        finally:
            pending.flush()


@torch.no_grad()
def embed_batch(encoder: Encoder, batch: dict[str, torch.Tensor]) -> Floats:
    """Vectors of a batch of token ids: float32, rows × dimensions. Raises UserError where they overflow."""
    batch = {name: tensor.to(encoder.device) for name, tensor in batch.items()}
    with autocast(encoder.device, encoder.precision):
        hidden = encoder.model(**batch).last_hidden_state.float()
    mask = batch["attention_mask"].unsqueeze(-1).float()
    if hidden.shape[1] != mask.shape[1]:
        # Models that work on latent positions of their own, all of which stand for the text.
        mask = torch.ones_like(hidden[:, :, :1])
    vectors: Floats = ((hidden * mask).sum(dim=1) / mask.sum(dim=1)).cpu().numpy()
    if not np.isfinite(vectors).all():
        raise UserError(
            f"{encoder.shown_as} gives numbers that overflow in {encoder.precision}", "Choose another model."
        )
    return vectors


def _same(told: Callable[[int], None], done: int) -> Callable[[int], None]:
    """Tokenising is no progress to speak of, but a stop is heard meanwhile."""
    return lambda _: told(done)


class _Pending:
    """Vectors that are computed and not yet on the disk."""

    def __init__(self, keys: Keys, which: _Places, dimensions: int, texts: int, keep: Keep) -> None:
        self._keys, self._which, self._keep = keys, which, keep
        self._vectors = np.empty((texts, dimensions), np.float32)
        self._waiting = np.zeros(texts, np.bool_)
        self._kept_at = time.monotonic()

    def add(self, texts: _Places, vectors: Floats) -> None:
        """Take in the vectors of some texts."""
        self._vectors[texts] = vectors
        self._waiting[texts] = True
        if time.monotonic() - self._kept_at >= _KEPT_EVERY:
            self.flush()

    def flush(self) -> None:
        """Hand everything on, for all rows that have these texts."""
        rows = np.flatnonzero(self._waiting[self._which])
        if len(rows):
            self._keep(self._keys[rows], self._vectors[self._which[rows]])
        self._waiting[:] = False
        self._kept_at = time.monotonic()


def _dimensions(model: Any, device: str, shown_as: str) -> int:
    """Numbers a vector, found by asking the model: configurations name it in many ways."""
    ids = torch.ones((1, 4), dtype=torch.int64, device=device)
    try:
        with torch.no_grad():
            return int(model(input_ids=ids, attention_mask=torch.ones_like(ids)).last_hidden_state.shape[-1])
    except (AttributeError, TypeError, ValueError, RuntimeError, IndexError) as error:
        raise UserError(
            f"{shown_as} gives no hidden states for a text alone: {type(error).__name__}",
            "Choose a text encoder: BERT, RoBERTa, DistilBERT, MiniLM and their like.",
        ) from error
