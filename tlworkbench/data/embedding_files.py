"""The files of a cache of embeddings: two that only grow, so that a kill in mid-write costs the last rows at most.

`keys.u64` holds row keys, `vectors.f16` their vectors in the same order, both little-endian. Vectors are written (and
are on the disk) before their keys, and what has no key does not exist: the next writer cuts it off. Writers wait for
one another at `.lock`.
"""

from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from tlworkbench import atomic
from tlworkbench.data.growing_files import locked, size_of, write_at
from tlworkbench.errors import UserError

FORMAT = 1
META_NAME = "embeddings.json"
KEYS_NAME = "keys.u64"
VECTORS_NAME = "vectors.f16"
KEY_TYPE = np.dtype("<u8")
NUMBER_TYPE = np.dtype("<f2")
_LARGEST = float(np.finfo(np.float16).max)

Keys = np.ndarray[Any, np.dtype[np.uint64]]
Floats = np.ndarray[Any, np.dtype[np.float32]]


class EmbeddingsMeta(msgspec.Struct, frozen=True, kw_only=True):
    """What the vectors of a folder are."""

    format: int = FORMAT
    dimensions: int
    """Numbers a vector."""
    model: str = ""
    """The model as the user named it when the folder was made."""
    pooling: str = "mean"
    max_length: int = 0
    """Tokens at which texts were cut."""


def read_meta(folder: Path) -> EmbeddingsMeta | None:
    """What a folder holds; None where there is no cache yet. Raises UserError where it is damaged or too new."""
    path = folder / META_NAME
    try:
        meta = msgspec.json.decode(path.read_bytes(), type=EmbeddingsMeta)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.MsgspecError) as error:
        raise UserError(f"{path} is damaged: {error}", _REMOVE.format(folder)) from error
    if meta.format > FORMAT or meta.dimensions < 1:
        raise UserError(f"{path} was written by a newer tlworkbench (format {meta.format})", _REMOVE.format(folder))
    return meta


def committed(folder: Path, dimensions: int) -> int:
    """Vectors that have a key: how many of the files' rows exist."""
    return min(size_of(folder / KEYS_NAME) // 8, size_of(folder / VECTORS_NAME) // (dimensions * 2))


def append(folder: Path, meta: EmbeddingsMeta, keys: Keys, vectors: Floats) -> int:
    """Add vectors (rows × dimensions) and return how many were new; the folder is made when missing.

    Keys that another writer added meanwhile are left out; numbers beyond float16 are cut to its largest. Raises
    UserError, with what was there before untouched, when the disk is full or the folder holds vectors of another size.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with locked(folder):
            there = read_meta(folder)
            if there is None:
                atomic.write_bytes(folder / META_NAME, msgspec.json.encode(meta))
            elif there.dimensions != vectors.shape[1]:
                raise UserError(
                    f"{folder} holds vectors of {there.dimensions} numbers, not {vectors.shape[1]}",
                    _REMOVE.format(folder),
                )
            count = committed(folder, vectors.shape[1])
            known = np.fromfile(folder / KEYS_NAME, KEY_TYPE, count) if count else np.zeros(0, KEY_TYPE)
            _, first = np.unique(keys, return_index=True)
            first = np.sort(first)
            new = first[~np.isin(keys[first], known)]
            numbers = np.clip(vectors[new], -_LARGEST, _LARGEST).astype(NUMBER_TYPE)
            write_at(folder / VECTORS_NAME, count * vectors.shape[1] * 2, numbers.tobytes())
            write_at(folder / KEYS_NAME, count * 8, keys[new].astype(KEY_TYPE).tobytes())
            return len(new)
    except OSError as error:
        raise UserError(
            f"embeddings could not be written to {folder}: {error.strerror or error}",
            "Free some space or check the folder's rights.",
        ) from error


_REMOVE = "Remove the folder {}: it holds only what can be computed again."
