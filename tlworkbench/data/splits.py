"""Names of splits, and the cut of a validation split from the training rows."""

import re
from typing import Any

import numpy as np

BASE = ("train", "validation", "test")
"""Splits every file of rows has, in this order; a source's further ones follow."""
_NAMES = {
    "train": "train",
    "training": "train",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
    "dev": "validation",
    "devel": "validation",
    "test": "test",
    "testing": "test",
    "eval": "test",
    "evaluation": "test",
}


def split_of(name: str) -> str | None:
    """The split a file's or folder's name speaks of (`train-00001-of-2`, `tweets_val`), or None."""
    words = [word for word in re.split(r"[^a-z]+", name.lower()) if word]
    return next((_NAMES[word] for word in words if word in _NAMES), None)


def cut_validation(contents: np.ndarray[Any, np.dtype[np.uint64]], share: float) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Which rows go to validation, by content hash: equal texts go the same way, and a row's way never changes."""
    # The low half, so that the cut says nothing about the order of keys, which begins with the high half.
    return (contents & np.uint64(0xFFFFFFFF)) < np.uint64(int(share * 2**32))
