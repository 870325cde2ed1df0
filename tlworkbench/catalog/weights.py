"""What a model's safetensors files hold, read from their headers alone.

The files are untrusted: every length, name and type is checked before it is used. Format:
https://huggingface.co/docs/safetensors/index#format
"""

import json
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import msgspec

from tlworkbench.catalog.plain import plain, size_text

SINGLE = "model.safetensors"
INDEX = "model.safetensors.index.json"
PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".pkl")
_HEADER_LIMIT = 25_000_000
"""Bytes; the limit huggingface_hub sets."""
_JSON_LIMIT = 16_000_000
_SHARD_LIMIT = 2_000
_SHARD_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*\.safetensors")
_COUNTERS = frozenset({"BOOL", "I64", "U64"})
"""Types of buffers (position ids, masks), which are not parameters."""
_BYTES = {
    "BOOL": 1, "U8": 1, "I8": 1, "F8_E5M2": 1, "F8_E4M3": 1, "F8_E8M0": 1, "I16": 2, "U16": 2, "F16": 2, "BF16": 2,
    "I32": 4, "U32": 4, "F32": 4, "F64": 8, "I64": 8, "U64": 8, "C64": 8,
}  # fmt: skip

_Count = Annotated[int, msgspec.Meta(ge=0, le=1 << 50)]


class _Tensor(msgspec.Struct, frozen=True):
    dtype: str
    shape: Annotated[tuple[_Count, ...], msgspec.Meta(max_length=32)]
    data_offsets: tuple[_Count, _Count]


class UnusableWeights(Exception):
    """Why the weights of a folder can't be used, in words for the user."""


@dataclass(frozen=True)
class Weights:
    """Parameters and bytes of a model's weight files."""

    params: int
    bytes: int


def read_weights(folder: Path) -> Weights:
    """Figures of the weights that transformers would load from `folder`: `model.safetensors`, else the sharded ones.

    Raises UnusableWeights where there are none, where one is missing or cut off, or a header is damaged.
    """
    if _present(folder / SINGLE):
        return read_header(folder / SINGLE)
    if not _present(folder / INDEX):
        raise UnusableWeights(_no_safetensors(folder))
    names = _shards(folder / INDEX)
    missing = [name for name in names if not _present(folder / name)]
    if missing:
        raise UnusableWeights(
            f"{len(missing)} of its {len(names)} weight files are missing ({missing[0]}); get it again"
        )
    parts = [read_header(folder / name) for name in names]
    return Weights(sum(part.params for part in parts), sum(part.bytes for part in parts))


def read_header(path: Path) -> Weights:
    """Parameters (integer buffers not counted) and size of one safetensors file; raises UnusableWeights."""
    size = path.stat().st_size
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if size < 8 or length > min(_HEADER_LIMIT, size - 8):
            file.seek(0)
            if file.read(20) == b"version https://git-":
                raise UnusableWeights(f"{path.name} is only a Git LFS pointer; run git lfs pull in its folder")
            # Either not safetensors at all or what an interrupted copy left.
            raise UnusableWeights(f"{path.name} is damaged or no safetensors file ({size_text(size)}); get it again")
        header = file.read(length)
    tensors = _tensors(header, path.name)
    end = max((tensor.data_offsets[1] for tensor in tensors), default=0)
    if end != size - 8 - length:
        whole = size_text(end + 8 + length)
        raise UnusableWeights(
            f"{path.name} holds {size_text(size)} of {whole}: it was cut off or damaged; get it again"
        )
    return Weights(sum(math.prod(t.shape) for t in tensors if t.dtype not in _COUNTERS), size)


def _tensors(header: bytes, name: str) -> list[_Tensor]:
    try:
        document = msgspec.json.decode(header, type=dict[str, Any])
        document.pop("__metadata__", None)
        tensors = list(msgspec.convert(document, dict[str, _Tensor]).values())
    except (ValueError, RecursionError) as error:
        raise UnusableWeights(f"the header of {name} is damaged ({plain(error, 120)}); get it again") from error
    for tensor in tensors:
        begin, end = tensor.data_offsets
        width = _BYTES.get(tensor.dtype)
        if begin > end or (width is not None and math.prod(tensor.shape) * width != end - begin):
            raise UnusableWeights(f"the header of {name} contradicts itself; get it again")
    return tensors


def _shards(index: Path) -> list[str]:
    document = read_json(index)
    weight_map = document.get("weight_map") if isinstance(document, dict) else None
    if not isinstance(weight_map, dict) or not weight_map:
        raise UnusableWeights(f"{index.name} names no weight files; get it again")
    names = {name if isinstance(name, str) else "" for name in weight_map.values()}
    for name in names:
        # Plain names only: an index must not lead out of its folder.
        if not _SHARD_NAME.fullmatch(name):
            raise UnusableWeights(f"{index.name} names '{plain(name, 60)}', which is no weight file of this folder")
    if len(names) > _SHARD_LIMIT:
        raise UnusableWeights(f"{index.name} names {len(names)} files")
    return sorted(names)


def read_json(path: Path) -> Any:
    """The JSON document in a file from a stranger; raises UnusableWeights where it is damaged or huge."""
    # Python's parser and not msgspec's: configurations of real models hold NaN and Infinity.
    try:
        if path.stat().st_size > _JSON_LIMIT:
            raise UnusableWeights(f"{path.name} is {size_text(path.stat().st_size)} large, which no real one is")
        return json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise UnusableWeights(f"{path.name} is damaged ({plain(error, 120)}); get it again") from error


def _present(path: Path) -> bool:
    if path.is_symlink() and not path.exists():
        raise UnusableWeights(f"{path.name} is a link to a file that is gone; get it again")
    return path.is_file()


def _no_safetensors(folder: Path) -> str:
    names = sorted(path.name for path in folder.iterdir())
    pickles = [name for name in names if name.endswith(PICKLES) and name != "training_args.bin"]
    if pickles:
        return (
            f"its weights are a pickle ({pickles[0]}), which can run code when it is read; "
            "save them as safetensors where you trust them (model.save_pretrained) and choose that folder"
        )
    others = [name for name in names if name.endswith((".safetensors", ".h5", ".msgpack", ".onnx", ".gguf"))]
    if others:
        return f"it has no {SINGLE}, only {plain(others[0], 60)}; save it with model.save_pretrained"
    return f"its weights are not here (no {SINGLE}); fetch it, or copy the whole folder"
