"""Texts as token ids: tokenised once, kept compactly, padded batch by batch."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from tlworkbench.errors import UserError

if TYPE_CHECKING:
    from tlworkbench.engine.windows import Texts

_CHUNK = 1000
"""Texts handed to the tokenizer at once; also how often progress is told."""
_MULTIPLE = 8
"""Batches are padded to a multiple of this, which suits matrix units."""

Rows = np.ndarray[Any, np.dtype[np.int64]]
Batch = dict[str, torch.Tensor]


@dataclass(frozen=True)
class TokenisedTexts:
    """Token ids of many texts in one array, as a million Python lists would need twenty times the memory."""

    ids: np.ndarray[Any, np.dtype[np.int32]]
    offsets: np.ndarray[Any, np.dtype[np.int64]]
    """Text i is `ids[offsets[i]:offsets[i + 1]]`."""
    segments: np.ndarray[Any, np.dtype[np.int32]] | None
    """Token types, where the model takes them."""
    cut: np.ndarray[Any, np.dtype[np.bool_]]
    """Which texts were longer than `max_length`."""
    pad_id: int
    pad_left: bool

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def truncated(self) -> int:
        """How many texts were cut."""
        return int(self.cut.sum())

    @property
    def lengths(self) -> np.ndarray[Any, np.dtype[np.int64]]:
        """Tokens of each text, special ones counted."""
        return np.diff(self.offsets)

    def batch(self, rows: "Sequence[int] | Rows") -> Batch:
        """input_ids, attention_mask and, where there are any, token_type_ids of some texts: int64, rows × length."""
        lengths = self.lengths[rows]
        width = padded_width(int(lengths.max()))
        ids = np.full((len(rows), width), self.pad_id, np.int64)
        mask = np.zeros((len(rows), width), np.int64)
        segments = None if self.segments is None else np.zeros((len(rows), width), np.int64)
        for line, (row, length) in enumerate(zip(rows, lengths, strict=True)):
            place = slice(width - length, width) if self.pad_left else slice(0, length)
            source = slice(self.offsets[row], self.offsets[row + 1])
            ids[line, place] = self.ids[source]
            mask[line, place] = 1
            if segments is not None and self.segments is not None:
                segments[line, place] = self.segments[source]
        batch = {"input_ids": torch.from_numpy(ids), "attention_mask": torch.from_numpy(mask)}
        if segments is not None:
            batch["token_type_ids"] = torch.from_numpy(segments)
        return batch


def padded_width(longest: int) -> int:
    """Columns of a batch whose longest text has so many tokens."""
    return -(-longest // _MULTIPLE) * _MULTIPLE


class TrainingBatches:
    """Collates row numbers into a batch with its classes; what the data loader calls."""

    def __init__(self, texts: "Texts", classes: np.ndarray[Any, np.dtype[np.int64]]) -> None:
        self._texts = texts
        self._classes = classes

    def __call__(self, rows: Sequence[int]) -> Batch:
        return {**self._texts.batch(rows), "labels": torch.from_numpy(self._classes[rows])}


def tokenise(tokenizer: Any, texts: Sequence[str], max_length: int, told: Callable[[int], None]) -> TokenisedTexts:
    """Tokenise with a fast tokenizer, cutting at `max_length` tokens; `told` hears how many texts are done."""
    refuse_slow(tokenizer)
    ids: list[np.ndarray[Any, np.dtype[np.int32]]] = []
    segments: list[np.ndarray[Any, np.dtype[np.int32]]] = []
    lengths: list[int] = []
    cut: list[bool] = []
    for start in range(0, len(texts), _CHUNK):
        chunk = list(texts[start : start + _CHUNK])
        encoded = tokenizer(
            chunk, truncation=True, max_length=max_length, padding=False, return_attention_mask=False, verbose=False
        )
        for encoding in encoded.encodings:
            cut.append(bool(encoding.overflowing))
            # A text of nothing the tokenizer knows, in a model without special tokens, would be an empty row.
            row = encoding.ids or [tokenizer.pad_token_id]
            ids.append(np.asarray(row, np.int32))
            lengths.append(len(row))
            if "token_type_ids" in encoded:
                segments.append(np.asarray(encoding.type_ids or [0], np.int32))
        told(start + len(chunk))
    return TokenisedTexts(
        ids=np.concatenate(ids),
        offsets=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        segments=np.concatenate(segments) if segments else None,
        cut=np.array(cut, np.bool_),
        pad_id=int(tokenizer.pad_token_id),
        pad_left=tokenizer.padding_side == "left",
    )


def refuse_slow(tokenizer: Any) -> None:
    """Raise UserError where a tokenizer has no fast form."""
    if not getattr(tokenizer, "is_fast", False):
        raise UserError(
            f"the model's tokenizer ({type(tokenizer).__name__}) has no tokenizer.json form",
            "Choose a checkpoint that has a tokenizer.json.",
        )


def batches_by_length(
    lengths: np.ndarray[Any, np.dtype[np.int64]], tokens: int, rows: int
) -> Iterator[np.ndarray[Any, np.dtype[np.int64]]]:
    """Row numbers in batches of at most `rows` texts and, padding counted, `tokens` tokens; longest texts first."""
    order = np.argsort(-lengths, kind="stable")
    start = 0
    while start < len(order):
        width = padded_width(int(lengths[order[start]]))
        size = max(1, min(rows, tokens // width))
        yield order[start : start + size]
        start += size
