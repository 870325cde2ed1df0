"""What an .onnx file says about itself: label names, tokenizer and limits in its `metadata_props`, so that the file
alone predicts.

The top level of the protobuf is read here by hand (field numbers of onnx.proto, ModelProto), passing over the graph:
a file of gigabytes answers in microseconds, and one that was cut off in a transfer is found out before any runtime is
started.
"""

import mmap
from collections.abc import Iterator
from pathlib import Path

import msgspec

from tlworkbench.errors import UserError
from tlworkbench.inference.windows import Windows

FORMAT = "1"
WINDOWS_FORMAT = "2"
"""Of a file whose long texts are read in windows: who knows nothing of them would cut such texts without a word."""
_PREFIX = "tlworkbench."
_IR_VERSION, _GRAPH, _METADATA_PROPS = 1, 7, 14
_KEY, _VALUE = 1, 2
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


class OnnxMetadata(msgspec.Struct, frozen=True, kw_only=True):
    """What a classifier's .onnx file needs beside its graph."""

    labels: tuple[str, ...]
    """Names of the outputs, in their order."""
    max_length: int
    """Tokens kept of a text, or of each window of it."""
    windows: Windows | None = None
    """How longer texts are read; None where they are cut."""
    tokenizer: str
    """The text of tokenizer.json, with truncation and padding set."""
    task: str = "text-classification"
    run: str = ""
    """Number of the training run."""
    model: str = ""
    """What the run started from."""
    variant: str = "fp32"

    def properties(self) -> dict[str, str]:
        """As `metadata_props` hold it."""
        windows = {} if self.windows is None else {f"{_PREFIX}windows": msgspec.json.encode(self.windows).decode()}
        return {
            f"{_PREFIX}format": WINDOWS_FORMAT if windows else FORMAT,
            f"{_PREFIX}labels": msgspec.json.encode(self.labels).decode(),
            f"{_PREFIX}max_length": str(self.max_length),
            **windows,
            f"{_PREFIX}tokenizer": self.tokenizer,
            f"{_PREFIX}task": self.task,
            f"{_PREFIX}run": self.run,
            f"{_PREFIX}model": self.model,
            f"{_PREFIX}variant": self.variant,
        }


def read_metadata(path: Path) -> OnnxMetadata:
    """Read an .onnx file's metadata; raises UserError for a file that is damaged, foreign or too new."""
    properties = {
        name.removeprefix(_PREFIX): value for name, value in _properties(path).items() if name.startswith(_PREFIX)
    }
    written = properties.pop("format", None)
    if written is None:
        raise UserError(
            f"{path} has no label names and no tokenizer in it: tlworkbench did not write it",
            "Export the model again: tlworkbench export RUN.",
        )
    if written not in (FORMAT, WINDOWS_FORMAT):
        raise UserError(f"{path} was written by a newer tlworkbench (format {written})", "Update tlworkbench.")
    if not properties.get("tokenizer"):
        raise UserError(f"{path} holds no tokenizer", "Export the model again: tlworkbench export RUN.")
    try:
        labels = msgspec.json.decode(properties.pop("labels", ""), type=tuple[str, ...])
        windows = msgspec.json.decode(properties.pop("windows", "null"), type=Windows | None)
        return msgspec.convert({**properties, "labels": labels, "windows": windows}, OnnxMetadata, strict=False)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise UserError(
            f"the metadata of {path} is damaged: {error}", "Copy the file again, or export the model again."
        ) from error


def _properties(path: Path) -> dict[str, str]:
    try:
        with path.open("rb") as file:
            if not path.stat().st_size:
                raise UserError(f"{path} is empty", "Copy the file again.")
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
                return _scan(content)
    except OSError as error:
        raise UserError(f"{path} can't be read: {error.strerror}", "Check the path and the file's rights.") from error
    except _CutOff as error:
        raise UserError(f"{path} is cut off: {error}", "Copy the file again, or export the model again.") from error
    except (_NotOnnx, UnicodeDecodeError) as error:
        raise UserError(f"{path} is not an ONNX model: {error}", "Give an .onnx file that export made.") from error


class _NotOnnx(Exception):
    pass


class _CutOff(_NotOnnx):
    pass


def _scan(content: mmap.mmap) -> dict[str, str]:
    properties: dict[str, str] = {}
    seen: set[int] = set()
    for field, start, end in _fields(content, 0, len(content)):
        seen.add(field)
        # Any bytes can look like a few protobuf fields; a model begins with its IR version and has a graph.
        if _IR_VERSION not in seen:
            raise _NotOnnx("it does not begin like one")
        if field == _METADATA_PROPS:
            entry = {key: content[a:b].decode() for key, a, b in _fields(content, start, end)}
            properties[entry.get(_KEY, "")] = entry.get(_VALUE, "")
    if _GRAPH not in seen:
        raise _CutOff("it ends before its graph")
    return properties


def _fields(content: mmap.mmap, position: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Yield number, start and end of each field of the message in `content[position:end]`."""
    while position < end:
        tag, position = _varint(content, position, end)
        wire = tag & 7
        if wire == _VARINT:
            start = position
            _, position = _varint(content, position, end)
        elif wire == _BYTES:
            length, start = _varint(content, position, end)
            position = start + length
        elif wire in (_FIXED64, _FIXED32):
            start, position = position, position + (8 if wire == _FIXED64 else 4)
        else:
            raise _NotOnnx(f"byte {position} is no field")
        if position > end:
            raise _CutOff(f"{position - end} bytes are missing")
        yield tag >> 3, start, position


def _varint(content: mmap.mmap, position: int, end: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if position >= end:
            raise _CutOff("it ends in the middle of a number")
        byte = content[position]
        position += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, position
    raise _NotOnnx(f"byte {position} is no number")
