"""Predicting with a bundle: texts to probabilities. Needs numpy, onnxruntime and tokenizers, nothing else."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from tlworkbench.errors import UserError
from tlworkbench.inference.bundle import Bundle
from tlworkbench.inference.session import Session
from tlworkbench.inference.text_encoder import TextEncoder
from tlworkbench.inference.windows import by_text, pool, windows_of

if TYPE_CHECKING:
    from tokenizers import Encoding

Floats = npt.NDArray[np.float32]
BATCH_ROWS = 32
BATCH_TOKENS = 1024
"""Upper limits of a batch, measured on two cores: short texts gain by company, long ones are slower together."""


@dataclass(frozen=True)
class Prediction:
    """The answer to one text."""

    text: str
    label: str
    score: float
    """Probability of `label`."""
    top: tuple[tuple[str, float], ...]
    """The most probable labels, best first."""


class Classifier:
    """A loaded bundle. One may be shared by several threads."""

    def __init__(self, bundle: Bundle, variant: str | None = None, threads: int = 0) -> None:
        """variant: a name in `bundle.variants`, the default one when None; threads: 0 for all this process may use.

        Raises UserError when the file can't be loaded or doesn't fit its label names.
        """
        self.bundle = bundle
        self.labels = bundle.labels
        self.variant = variant or bundle.default
        file = bundle.file(variant)
        self._session = Session(file, threads)
        self._windows = bundle.windows
        self._encoder = TextEncoder(bundle.tokenizer_json, bundle.max_length, self._session.inputs, file, self._windows)
        if self._session.width not in (None, len(self.labels)):
            raise UserError(
                f"{file} has {self._session.width} outputs but {len(self.labels)} label names",
                "Export the model again.",
            )

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the graph's inputs."""
        return self._session.inputs

    def predict(self, texts: Sequence[str], top: int = 1) -> list[Prediction]:
        """The most probable label of each text, with the `top` most probable ones."""
        names = self.labels
        predictions = []
        for text, row in zip(texts, self.probabilities(texts), strict=True):
            # Stable, so that equal probabilities come in the order of the labels.
            best = np.argsort(-row, kind="stable")[: max(1, top)]
            ranked = tuple((names[index], float(row[index])) for index in best)
            predictions.append(Prediction(text, ranked[0][0], ranked[0][1], ranked))
        return predictions

    def probabilities(self, texts: Sequence[str]) -> Floats:
        """Probabilities, float32 (texts, labels); each row sums to 1."""
        return softmax(self.logits(texts))

    def logits(self, texts: Sequence[str], done: Callable[[int], None] | None = None) -> Floats:
        """Raw outputs, float32 (texts, labels), in the order of `texts`.

        Texts of about the same length go together, so that little is computed on padding. `done` hears the number
        of texts answered after each batch; what it raises ends the work.
        """
        encodings = self._encoder.encode(texts)
        if self._windows is None:
            return self._answers(encodings, done)
        windows, counts = windows_of(encodings, self._windows)
        return pool(self._answers(windows, by_text(done, len(counts), len(windows)) if done else None), counts)

    def _answers(self, encodings: Sequence["Encoding"], done: Callable[[int], None] | None) -> Floats:
        if len(encodings) == 1 and done is None:
            return self._run(encodings)
        logits = np.empty((len(encodings), len(self.labels)), dtype=np.float32)
        for rows in _batches([len(encoding) for encoding in encodings]):
            logits[rows] = self._run([encodings[row] for row in rows])
            if done is not None:
                done(len(rows))
        return logits

    def batch_logits(self, texts: Sequence[str]) -> Floats:
        """Raw outputs of `texts` as exactly one batch (of their windows as many as make one); what a proof compares."""
        encodings = self._encoder.encode(texts)
        if self._windows is None:
            return self._run(encodings)
        windows, counts = windows_of(encodings, self._windows)
        parts = [windows[start : start + BATCH_ROWS] for start in range(0, len(windows), BATCH_ROWS)]
        return pool(np.concatenate([self._run(part) for part in parts]), counts)

    def token_ids(self, texts: Sequence[str]) -> list[list[int]]:
        """Token ids of each text as the graph gets them, without padding; those of its windows one after the other."""
        encodings = self._encoder.encode(texts)
        if self._windows is None:
            return [encoding.ids for encoding in encodings]
        return [
            [token for window in windows_of([encoding], self._windows)[0] for token in window.ids]
            for encoding in encodings
        ]

    def _run(self, encodings: Sequence["Encoding"]) -> Floats:
        return self._session.run(self._encoder.feeds(encodings))


def softmax(logits: Floats) -> Floats:
    """Probabilities over the last axis; shifted by the maximum, so that large logits don't overflow."""
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True), dtype=np.float32)


def _batches(lengths: Sequence[int]) -> list[list[int]]:
    """Rows by length, in batches within both limits."""
    batches: list[list[int]] = []
    for row in sorted(range(len(lengths)), key=lengths.__getitem__):
        # Sorted, so this row is the longest of its batch so far.
        if batches and len(batches[-1]) < BATCH_ROWS and (len(batches[-1]) + 1) * lengths[row] <= BATCH_TOKENS:
            batches[-1].append(row)
        else:
            batches.append([row])
    return batches
