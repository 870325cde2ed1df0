"""Numbers that look random and follow from a row's key alone: draws and orders that other rows can't change."""

from typing import Any

import numpy as np

UInt64s = np.ndarray[Any, np.dtype[np.uint64]]

_GAMMA = 0x9E3779B97F4A7C15


def mixed(values: UInt64s) -> UInt64s:
    """Each bit depends on all bits of a value: the finaliser of SplitMix64.

    Source: Steele, Lea, Flood, Fast splittable pseudorandom number generators, 2014.
    """
    made = values ^ (values >> np.uint64(30))
    made *= np.uint64(0xBF58476D1CE4E5B9)
    made ^= made >> np.uint64(27)
    made *= np.uint64(0x94D049BB133111EB)
    made ^= made >> np.uint64(31)
    return made


def seeded(keys: UInt64s, seed: int) -> UInt64s:
    """SplitMix64 over key and seed: neighbouring seeds give unrelated numbers."""
    return mixed(keys + np.uint64((seed * _GAMMA + _GAMMA) % 2**64))
