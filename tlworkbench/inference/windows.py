"""Texts longer than a model reads, in windows: each with the marks a text has, their logits averaged."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

import numpy as np
import numpy.typing as npt
from msgspec import Meta, Struct

from tlworkbench.errors import UserError

if TYPE_CHECKING:
    from tokenizers import Encoding

_FLOAT = TypeVar("_FLOAT", np.float32, np.float64)


class Windows(Struct, frozen=True, kw_only=True):
    """How a long text is cut into windows of the model's maximal length."""

    stride: Annotated[int, Meta(ge=0)]
    """Tokens that one window shares with the next."""
    most: Annotated[int, Meta(ge=1)]
    """Windows of a text at most; what comes after them is not read."""


def choose_windows(stride: int | Literal["auto"], most: int, max_length: int, specials: int) -> Windows:
    """Windows of `max_length` tokens, `specials` of which the tokenizer adds; raises UserError where they can't be."""
    windows = Windows(stride=max_length // 4 if stride == "auto" else stride, most=most)
    check_windows(windows, max_length, specials)
    return windows


def check_windows(windows: Windows, max_length: int, specials: int) -> None:
    """Raise UserError where a window brings nothing that the one before it did not hold."""
    room = max_length - specials
    if room < 1:
        raise UserError(
            f"a window of {max_length} tokens has no room for a text: {specials} of them are the model's own marks",
            "Set max_length higher.",
        )
    if windows.stride >= room:
        raise UserError(
            f"window_stride = {windows.stride} is too large: a window has room for {room} tokens of a text",
            f"Set it below {room}, or leave it at auto.",
        )


def count_windows(
    tokens: npt.NDArray[np.integer[Any]], windows: Windows, max_length: int, specials: int
) -> npt.NDArray[np.int64]:
    """Windows that texts of so many tokens, special ones counted, would have if there were no bound."""
    beyond = np.maximum(0, tokens.astype(np.int64) - max_length)
    return 1 - (-beyond // (max_length - specials - windows.stride))


def windows_of(encodings: Sequence["Encoding"], windows: Windows) -> tuple[list["Encoding"], list[int]]:
    """The windows of texts, one text after the other, and how many each has.

    encodings: as tokenizers gives them when its truncation has the stride; the side it cuts on is the last read.
    """
    found = [[encoding, *encoding.overflowing][: windows.most] for encoding in encodings]
    return [window for text in found for window in text], [len(text) for text in found]


def pool(values: npt.NDArray[_FLOAT], counts: Sequence[int] | npt.NDArray[np.int64]) -> npt.NDArray[_FLOAT]:
    """The mean over each text's windows: (windows, …) and the windows of each text to (texts, …)."""
    if len(values) == len(counts):
        return values
    many = np.asarray(counts, np.int64)
    summed = np.add.reduceat(values, np.cumsum(many, dtype=np.int64) - many, axis=0)
    return np.asarray(summed / many.astype(values.dtype)[:, None], values.dtype)


def by_text(done: Callable[[int], None], texts: int, windows: int) -> Callable[[int], None]:
    """Hears how many windows more are answered and tells `done` how many texts more that makes, in proportion."""
    answered = 0

    def count(more: int) -> None:
        nonlocal answered
        before, answered = answered, answered + more
        done(answered * texts // windows - before * texts // windows)

    return count
