"""How many tokens texts have for a model."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tlworkbench.errors import UserError
from tlworkbench.inference.text_encoder import without_surrogates

FILE = "tokenizer.json"


class TokenCounter:
    """Counts tokens with a model folder's tokenizer, nothing cut and nothing padded; safe to share among threads."""

    def __init__(self, folder: Path) -> None:
        """Raises UserError where the folder has no tokenizer.json that can be read."""
        from tokenizers import Tokenizer

        path = folder / FILE
        if not path.is_file():
            raise UserError(f"{folder} has no {FILE}", "Choose a checkpoint that has one.")
        try:
            self._tokenizer = Tokenizer.from_file(str(path))
        except Exception as error:  # The library raises nothing narrower.
            raise UserError(f"{path} can't be read: {error}", "Get the model again.") from error
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self.specials = int(self._tokenizer.num_special_tokens_to_add(False))
        """Tokens the tokenizer itself adds to a text."""
        self._encode = getattr(self._tokenizer, "encode_batch_fast", self._tokenizer.encode_batch)

    def __call__(self, texts: Sequence[str]) -> np.ndarray[Any, np.dtype[np.int32]]:
        """Tokens of each text, special ones counted; a thousand texts or so at once."""
        try:
            encodings = self._encode(list(texts))
        except TypeError:
            encodings = self._encode([without_surrogates(text) for text in texts])
        return np.fromiter((len(encoding) for encoding in encodings), np.int32, len(texts))
