"""What an export is compared with: the trained model as torch and transformers load it."""

import inspect
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from transformers import PreTrainedModel

from tlworkbench.engine.label_matching import label_names
from tlworkbench.engine.model_folder import load_trained
from tlworkbench.engine.run_record import MAX_LENGTH_KEY
from tlworkbench.engine.windows import saved_windows
from tlworkbench.inference.text_limit import effective_length
from tlworkbench.inference.windows import Windows

Floats = npt.NDArray[np.float32]


class TorchReference:
    """A run's `model/` folder, fp32, in eval mode, with transformers' own tokenizer."""

    def __init__(self, folder: Path, shown_as: str) -> None:
        """shown_as: what errors call the model. Raises UserError when it can't be loaded."""
        loaded = load_trained(folder, shown_as)
        self.model: PreTrainedModel = loaded.model.eval()
        self.tokenizer: Any = loaded.tokenizer
        self.labels = label_names(folder)
        self.max_length: int = getattr(self.model.config, MAX_LENGTH_KEY, None) or effective_length(0, loaded.limit)
        self.windows: Windows | None = saved_windows(loaded, self.max_length, shown_as)
        self._taken = inspect.signature(self.model.forward).parameters

    def inputs(self, texts: Sequence[str]) -> dict[str, torch.Tensor]:
        """One padded batch of what the model takes, int64 (texts, longest); of longer texts the first window."""
        encoded = self.tokenizer(
            list(texts), padding=True, truncation=True, max_length=self.max_length, return_tensors="pt"
        )
        return {name: tensor for name, tensor in encoded.items() if name in self._taken}

    def logits(self, texts: Sequence[str]) -> Floats:
        """Raw outputs for one batch, float32 (texts, labels): the mean over its windows where a text has several."""
        if self.windows is not None:
            return np.concatenate([self._pooled(text, self.windows) for text in texts])
        with torch.inference_mode():
            logits: torch.Tensor = self.model(**self.inputs(texts)).logits
        return np.asarray(logits.numpy(), dtype=np.float32)

    def token_ids(self, texts: Sequence[str]) -> list[list[int]]:
        """Token ids of each text, cut, without padding; those of its windows one after the other."""
        if not texts:
            return []
        if self.windows is not None:
            windows = [self._windows(text, self.windows)["input_ids"] for text in texts]
            return [[token for window in text for token in window] for text in windows]
        ids: list[list[int]] = self.tokenizer(list(texts), truncation=True, max_length=self.max_length)["input_ids"]
        return ids

    def _windows(self, text: str, windows: Windows) -> Mapping[str, list[list[int]]]:
        # Text by text and by transformers' own way, so that a fault in how we take windows apart is seen.
        found = self.tokenizer(
            [text], truncation=True, max_length=self.max_length, stride=windows.stride, return_overflowing_tokens=True
        )
        return {name: rows[: windows.most] for name, rows in found.items() if name in self._taken}

    def _pooled(self, text: str, windows: Windows) -> Floats:
        answers = []
        with torch.inference_mode():
            for window in zip(*(found := self._windows(text, windows)).values(), strict=True):
                one = {name: torch.tensor([row]) for name, row in zip(found, window, strict=True)}
                answers.append(self.model(**one).logits)
        return np.asarray(torch.cat(answers).mean(dim=0, keepdim=True).numpy(), dtype=np.float32)
