"""Texts as hashes of their words and word pairs, whole chunks at a time."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tlworkbench.data.mixing import UInt64s, mixed

CHARACTERS = 2000
"""What of a text is looked at."""

UInt32s = np.ndarray[Any, np.dtype[np.uint32]]
Offsets = np.ndarray[Any, np.dtype[np.int64]]

# Links, handles, \u escapes and tags say nothing about what a text means; punctuation and white space only part words.
# Symbols stay, emoji among them: they are what many short texts are about.
_NOT_WORDS = r"(?:https?://|www\.)\S+|@\w+|\\u[0-9a-f]{4}|</?[a-z][^<>]*>|[\p{P}\p{Z}\p{C}\s]"
_WITHOUT_SPACES = r"([\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}])"
_BASE = 0x100000001B3
_SPACE = 32


@dataclass(frozen=True, eq=False)
class WordHashes:
    """Words of some texts: text i has the words `offsets[i]` to `offsets[i + 1]`."""

    words: UInt64s
    pairs: UInt64s
    """Each word with the one after it; the last word of a text with its end."""
    offsets: Offsets

    @property
    def counts(self) -> Offsets:
        """Words of each text."""
        return np.diff(self.offsets)

    def text_hashes(self) -> UInt64s:
        """A hash of each text's words in their order; 0 where it has none."""
        inside = np.arange(len(self.words), dtype=np.uint64) - np.repeat(self.offsets[:-1], self.counts).astype(
            np.uint64
        )
        sums = np.zeros(len(self.words) + 1, np.uint64)
        np.cumsum(mixed(self.words + mixed(inside)), out=sums[1:])
        return sums[self.offsets[1:]] - sums[self.offsets[:-1]]


def word_hashes(texts: pa.Array) -> WordHashes:
    """Hash the words of each text as `plain_words` leaves them; 64 bits each. Meant for some megabytes at once."""
    plain = plain_words(texts)
    limits = np.frombuffer(plain.buffers()[1], np.int32)[plain.offset : plain.offset + len(plain) + 1].astype(np.int64)
    raw = plain.buffers()[2]
    data = np.frombuffer(raw, np.uint8)[limits[0] : limits[-1]] if raw is not None else np.zeros(0, np.uint8)
    limits -= limits[0]
    letter = np.zeros(len(data) + 2, np.bool_)
    letter[1:-1] = data != _SPACE
    first = np.zeros(len(data) + 1, np.bool_)
    first[limits] = True
    begins = np.flatnonzero(letter[1:-1] & (~letter[:-2] | first[:-1]))
    ends = np.flatnonzero(letter[1:-1] & (~letter[2:] | first[1:])) + 1
    # A word's polynomial is the difference of two running sums, brought back to the word's own beginning; an odd base
    # has an inverse modulo 2^64.
    sums = np.zeros(len(data) + 1, np.uint64)
    np.cumsum((data.astype(np.uint64) + np.uint64(1)) * _powers(_BASE, len(data)), out=sums[1:])
    words = mixed((sums[ends] - sums[begins]) * _powers(pow(_BASE, -1, 2**64), len(data))[begins])
    offsets = np.searchsorted(begins, limits).astype(np.int64)
    following = np.zeros(len(words), np.uint64)
    following[:-1] = words[1:]
    following[offsets[1:][np.diff(offsets) > 0] - 1] = 0
    return WordHashes(words, mixed(words * np.uint64(3) + following), offsets)


def plain_words(texts: pa.Array) -> pa.Array:
    """The first `CHARACTERS` of each text as its words with spaces between, for comparing.

    NFKC, lower case; without links, @handles, tags, punctuation and control characters; numbers and emoji stay. Of
    scripts that don't part words each letter is a word.
    """
    plain = pc.utf8_lower(pc.utf8_normalize(pc.utf8_slice_codeunits(texts, 0, CHARACTERS), form="NFKC"))
    plain = pc.replace_substring_regex(plain, _NOT_WORDS, " ")
    if pc.any(pc.match_substring_regex(plain, _WITHOUT_SPACES)).as_py():
        plain = pc.replace_substring_regex(plain, _WITHOUT_SPACES, r" \1 ")
    return plain


_known_powers: dict[int, UInt64s] = {}


def _powers(base: int, count: int) -> UInt64s:
    known = _known_powers.get(base)
    if known is None or len(known) < count:
        factors = np.full(max(count, 1 << 16), base, np.uint64)
        factors[0] = 1
        known = _known_powers[base] = np.cumprod(factors)
    return known[:count]
