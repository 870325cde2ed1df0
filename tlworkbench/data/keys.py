"""A row's key: a hash of its text, so that labels find their row again after re-ordering, appending and re-import."""

from collections.abc import Iterable
from hashlib import blake2b
from typing import Any

import numpy as np

UInt64Array = np.ndarray[Any, np.dtype[np.uint64]]


def content_hash(text: str) -> int:
    """The hash of one text, as `content_hashes` has it."""
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")


def content_hashes(texts: Iterable[str]) -> UInt64Array:
    """First 8 bytes of BLAKE2b of each text in UTF-8, big-endian; equal texts have equal hashes."""
    digests = b"".join([blake2b(text.encode(), digest_size=8).digest() for text in texts])
    return np.frombuffer(digests, ">u8").astype(np.uint64)


def unique_keys(contents: UInt64Array) -> UInt64Array:
    """Keys of all rows from their content hashes in row order.

    The first row with a content is named by the content hash itself, the n-th by BLAKE2b of (content hash, n), so a
    file with duplicates gives the same set of keys in whatever order its rows stand.
    """
    keys = contents.copy()
    order = np.argsort(contents, kind="stable")
    ordered = contents[order]
    repeated = np.flatnonzero(ordered[1:] == ordered[:-1]) + 1
    ordinal = 0
    before = -2
    for place in repeated.tolist():
        ordinal = ordinal + 1 if place == before + 1 else 1
        before = place
        again = int(ordered[place]).to_bytes(8, "big") + ordinal.to_bytes(8, "big")
        keys[order[place]] = int.from_bytes(blake2b(again, digest_size=8).digest(), "big")
    return keys
