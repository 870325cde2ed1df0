"""Long texts in windows: tokenised, batched and cut into parts so that a row stays one text with one answer."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import msgspec
import numpy as np
import torch
from torch.utils.checkpoint import checkpoint

from tlworkbench.data.trainable import counted
from tlworkbench.engine.model_folder import Classifier
from tlworkbench.engine.run_record import WINDOWS_KEY
from tlworkbench.engine.texts import Batch, Rows, TokenisedTexts, padded_width, refuse_slow, tokenise
from tlworkbench.engine.token_cache import tokenise_kept
from tlworkbench.errors import UserError
from tlworkbench.inference.windows import Windows, check_windows, choose_windows, windows_of
from tlworkbench.jobs.spec import TrainSpec

COUNTS = "windows"
"""In a batch of windows: how many of them each text has, one text after the other."""
_CHUNK = 256
"""Texts tokenised at once: as lists of numbers, long ones take much memory."""


@dataclass(frozen=True)
class WindowedTexts:
    """Texts of which the long ones have several windows; in length, order and classes as their texts are."""

    windows: TokenisedTexts
    """Each window as if it were a text."""
    counts: Rows
    """Windows of each text."""
    truncated: int
    """How many texts have more than are read."""

    def __len__(self) -> int:
        return len(self.counts)

    @property
    def lengths(self) -> Rows:
        """Tokens of each text, over all its windows."""
        return np.add.reduceat(self.windows.lengths, self._starts)

    @property
    def pad_left(self) -> bool:
        """Whether padding comes first."""
        return self.windows.pad_left

    def batch(self, rows: "Sequence[int] | Rows") -> Batch:
        """The windows of some texts, one text after the other (windows × length), and how many each has (texts)."""
        counts = self.counts[rows]
        ends = np.cumsum(counts)
        places = np.repeat(self._starts[rows] - (ends - counts), counts) + np.arange(ends[-1])
        return {**self.windows.batch(places), COUNTS: torch.from_numpy(counts)}

    def counted(self, told: Callable[[int], None]) -> Callable[[int], None]:
        """Hears how many windows are done and tells `told` how many texts that makes, in proportion."""
        return lambda done: told(done * len(self) // len(self.windows))

    def told(self, max_length: int) -> str:
        """How many windows there are, in a sentence."""
        most = int(self.counts.max())
        return (
            f"{counted(len(self), 'text')} are read in {counted(len(self.windows), 'window')} of up to {max_length} "
            f"tokens, {most} for the longest"
        )

    @cached_property
    def _starts(self) -> Rows:
        return np.cumsum(self.counts) - self.counts


Texts: TypeAlias = TokenisedTexts | WindowedTexts


def windows_for(spec: TrainSpec, tokenizer: Any, max_length: int) -> Windows | None:
    """How a run reads long texts, None where it cuts them; raises UserError where its windows can't be."""
    if spec.long_texts == "cut":
        return None
    return choose_windows(spec.window_stride, spec.max_windows, max_length, tokenizer.num_special_tokens_to_add())


def save_windows(config: Any, windows: Windows | None) -> None:
    """Note in a model's configuration how it reads long texts; what an earlier run noted there goes."""
    if windows is not None:
        setattr(config, WINDOWS_KEY, msgspec.to_builtins(windows))
    elif hasattr(config, WINDOWS_KEY):
        delattr(config, WINDOWS_KEY)


def saved_windows(classifier: Classifier, max_length: int, shown_as: str) -> Windows | None:
    """How a trained model reads long texts; raises UserError where its configuration holds nothing of the kind."""
    noted = getattr(classifier.model.config, WINDOWS_KEY, None)
    if noted is None:
        return None
    try:
        windows = msgspec.convert(noted, Windows)
    except msgspec.ValidationError as error:
        raise UserError(
            f"the config.json of {shown_as} says {WINDOWS_KEY} = {noted!r}: {error}",
            "Train it again, or mend the file.",
        ) from error
    check_windows(windows, max_length, classifier.tokenizer.num_special_tokens_to_add())
    return windows


def tokenised(
    tokenizer: Any,
    texts: Sequence[str],
    max_length: int,
    windows: Windows | None,
    told: Callable[[int], None],
    note: Callable[[str], None] | None = None,
) -> Texts:
    """Tokenise; longer texts than `max_length` are cut, or come in windows.

    With `note`, which hears what goes wrong with that, the tokens of texts that are cut are kept for other runs.
    """
    if windows is None:
        if note is None:
            return tokenise(tokenizer, texts, max_length, told)
        return tokenise_kept(tokenizer, texts, max_length, told, note)
    refuse_slow(tokenizer)
    ids: list[list[int]] = []
    segments: list[list[int]] = []
    counts: list[int] = []
    truncated = 0
    for start in range(0, len(texts), _CHUNK):
        chunk = list(texts[start : start + _CHUNK])
        encoded = tokenizer(
            chunk,
            truncation=True,
            max_length=max_length,
            stride=windows.stride,
            padding=False,
            return_attention_mask=False,
            verbose=False,
        )
        found, many = windows_of(encoded.encodings, windows)
        counts += many
        truncated += sum(1 + len(text.overflowing) > windows.most for text in encoded.encodings)
        # A text of nothing the tokenizer knows, in a model without special tokens, would be an empty row.
        ids += [window.ids or [tokenizer.pad_token_id] for window in found]
        if "token_type_ids" in encoded:
            segments += [window.type_ids or [0] for window in found]
        told(start + len(chunk))
    return WindowedTexts(
        windows=TokenisedTexts(
            ids=_joined(ids),
            offsets=np.cumsum([0, *map(len, ids)], dtype=np.int64),
            segments=_joined(segments) if segments else None,
            cut=np.zeros(len(ids), np.bool_),
            pad_id=int(tokenizer.pad_token_id),
            pad_left=tokenizer.padding_side == "left",
        ),
        counts=np.array(counts, np.int64),
        truncated=truncated,
    )


def _joined(rows: list[list[int]]) -> np.ndarray[Any, np.dtype[np.int32]]:
    return np.fromiter(itertools.chain.from_iterable(rows), np.int32)


def as_rows(texts: Texts, rows_a_step: int) -> tuple[TokenisedTexts, int]:
    """What goes through the model as a row each, and how many of them make a step on average."""
    if isinstance(texts, WindowedTexts):
        return texts.windows, round(rows_a_step * len(texts.windows) / len(texts))
    return texts, rows_a_step


def longest(texts: Texts) -> int:
    """Tokens of the longest row that goes through the model."""
    return int(as_rows(texts, 1)[0].lengths.max())


def pooled_logits(
    forward: Callable[[Batch], torch.Tensor], inputs: Batch, counts: torch.Tensor, at_once: int
) -> torch.Tensor:
    """Logits of texts (texts × classes): the mean over the windows of each; `forward` gives those of windows.

    More than `at_once` windows (they are then of one text) go through the model one part after the other, each again
    in the backward pass, so that no more than one part's intermediate results are ever held (Chen et al. 2016,
    "Training Deep Nets with Sublinear Memory Cost"). Random numbers are those of the first time.
    """
    names = list(inputs)

    def again(*values: torch.Tensor) -> torch.Tensor:
        return forward(dict(zip(names, values, strict=True)))

    tensors = list(inputs.values())
    if len(tensors[0]) <= at_once:
        logits = forward(inputs)
    else:
        parts = zip(*(tensor.split(at_once) for tensor in tensors), strict=True)
        logits = torch.cat([checkpoint(again, *part, use_reentrant=False) for part in parts])
    return torch.segment_reduce(logits, "mean", lengths=counts, unsafe=True)


def window_portions(batch: Batch, most: int, pad_left: bool) -> Iterator[Batch]:
    """Parts of whole texts with at most `most` windows in all, or of one text that has more.

    Columns that are padding in all rows of a part are left out.
    """
    counts = batch[COUNTS].tolist()
    lengths = batch["attention_mask"].sum(dim=1).tolist()
    first = window = 0
    while first < len(counts):
        end, stop = first + 1, window + counts[first]
        while end < len(counts) and stop + counts[end] - window <= most:
            stop += counts[end]
            end += 1
        width = padded_width(max(lengths[window:stop]))
        columns = slice(-width, None) if pad_left else slice(width)
        yield {
            name: values[window:stop, columns] if values.ndim == 2 else values[first:end]
            for name, values in batch.items()
        }
        first, window = end, stop
