"""From texts to the arrays a graph takes: tokenizing, cutting, padding."""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from tlworkbench.errors import UserError
from tlworkbench.inference.windows import Windows, check_windows

if TYPE_CHECKING:
    from tokenizers import Encoding

Feeds = dict[str, npt.NDArray[np.int64]]
_INPUTS = ("input_ids", "attention_mask", "token_type_ids")


class TextEncoder:
    """A tokenizer with the truncation and padding its tokenizer.json asks for; safe to share among threads."""

    def __init__(
        self,
        tokenizer_json: bytes,
        max_length: int,
        inputs: Collection[str],
        origin: Path,
        windows: Windows | None = None,
    ) -> None:
        """inputs: names of the graph's inputs; origin: the file named in errors; windows: None where texts are cut."""
        from tokenizers import Tokenizer

        unknown = set(inputs) - set(_INPUTS)
        if unknown or "input_ids" not in inputs:
            raise UserError(
                f"{origin} takes {', '.join(inputs)}: not a text classifier's inputs",
                "Give a file that export made.",
            )
        try:
            self._tokenizer = Tokenizer.from_buffer(tokenizer_json)
        except ValueError as error:
            raise UserError(f"the tokenizer in {origin} can't be read: {error}", "Export the model again.") from error
        truncation: dict[str, Any] = self._tokenizer.truncation or {}
        padding: dict[str, Any] = self._tokenizer.padding or {}
        if windows is not None:
            # tokenizers itself would end the thread without an error that could be caught.
            check_windows(windows, max_length, self._tokenizer.num_special_tokens_to_add(False))
        self._tokenizer.enable_truncation(
            max_length, stride=windows.stride if windows else 0, direction=truncation.get("direction", "right")
        )
        # Padding is ours: texts are tokenized once, then sorted by length, then padded batch by batch.
        self._tokenizer.no_padding()
        self._inputs = tuple(name for name in _INPUTS if name in inputs)
        self._fill = {
            "input_ids": int(padding.get("pad_id", 0)),
            "attention_mask": 0,
            "token_type_ids": int(padding.get("pad_type_id", 0)),
        }
        self._left = padding.get("direction", "right") == "left"
        # Without the offsets, which nobody asks for here; tokenizers before 0.20 lack it.
        self._encode = getattr(self._tokenizer, "encode_batch_fast", self._tokenizer.encode_batch)

    def encode(self, texts: Sequence[str]) -> list["Encoding"]:
        """Token ids of each text, cut to the maximal length; its other windows are its `overflowing`.

        Lone surrogates count as U+FFFD.
        """
        try:
            return list(self._encode(list(texts)))
        except TypeError:
            return list(self._encode([without_surrogates(text) for text in texts]))

    def feeds(self, encodings: Sequence["Encoding"]) -> Feeds:
        """The graph's inputs for one batch, int64 (rows, longest), padded to its own longest text."""
        rows = len(encodings)
        # A text without any token (an empty one, where the tokenizer adds no marks) still needs a place to stand on.
        longest = max(1, max(len(encoding) for encoding in encodings))
        feeds = {name: np.full((rows, longest), self._fill[name], dtype=np.int64) for name in self._inputs}
        for row, encoding in enumerate(encodings):
            length = len(encoding)
            part = slice(longest - length, longest) if self._left else slice(0, length)
            feeds["input_ids"][row, part] = encoding.ids
            if "attention_mask" in feeds:
                feeds["attention_mask"][row, part] = 1
                if not length:
                    feeds["attention_mask"][row, -1 if self._left else 0] = 1
            if "token_type_ids" in feeds:
                feeds["token_type_ids"][row, part] = encoding.type_ids
        return feeds


def without_surrogates(text: str) -> str:
    """The text with U+FFFD for lone surrogates, which UTF-8 (and so tokenizers and Arrow) can't hold."""
    # Through UTF-16, so that two halves of one character come together again.
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
