"""`examples.arrow` in a run's folder: which rows the run trained and validated on, with the classes they had then."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from tlworkbench import atomic
from tlworkbench.errors import UserError

FORMAT = 1
FILE_NAME = "examples.arrow"
SPLITS = ("train", "validation")
_META = b"tlworkbench"

Keys = np.ndarray[Any, np.dtype[np.uint64]]
Classes = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True)
class LabelledKeys:
    """Row keys and their classes (index into the class names), in the order they were drawn."""

    keys: Keys
    classes: Classes

    def __len__(self) -> int:
        return len(self.keys)


@dataclass(frozen=True)
class RunExamples:
    """What a run learns from and is measured on."""

    class_names: tuple[str, ...]
    journal_version: int
    train: LabelledKeys
    validation: LabelledKeys


class _Meta(msgspec.Struct, frozen=True):
    class_names: tuple[str, ...]
    journal_version: int
    format: int = FORMAT


def write_examples(folder: Path, examples: RunExamples) -> None:
    """Write the file into a run's folder: columns key uint64, class int32, split int8 (0 train, 1 validation)."""
    parts = (examples.train, examples.validation)
    schema = pa.schema(
        [("key", pa.uint64()), ("class", pa.int32()), ("split", pa.int8())],
        metadata={_META: msgspec.json.encode(_Meta(examples.class_names, examples.journal_version))},
    )
    table = pa.table(
        [
            np.concatenate([part.keys for part in parts]),
            np.concatenate([part.classes for part in parts]).astype(np.int32),
            np.repeat(np.arange(len(parts), dtype=np.int8), [len(part) for part in parts]),
        ],
        schema=schema,
    )
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, schema) as writer:
        writer.write_table(table)
    atomic.write_bytes(folder / FILE_NAME, sink.getvalue().to_pybytes())


def read_examples(folder: Path) -> RunExamples | None:
    """What `write_examples` wrote; None where the run has not begun. Raises UserError when the file is damaged."""
    path = folder / FILE_NAME
    try:
        table = pa.ipc.open_file(pa.BufferReader(path.read_bytes())).read_all()
        meta = msgspec.json.decode((table.schema.metadata or {})[_META], type=_Meta)
    except FileNotFoundError:
        return None
    except (OSError, pa.ArrowInvalid, KeyError, msgspec.DecodeError) as error:
        raise UserError(f"{path} is damaged: {error}", "Start a new run.") from error
    if meta.format > FORMAT:
        raise UserError(f"{path} was written by a newer tlworkbench (format {meta.format})", "Update this one.")
    keys = np.asarray(table.column("key").to_numpy(), np.uint64)
    classes = np.asarray(table.column("class").to_numpy(), np.int64)
    split = np.asarray(table.column("split").to_numpy())
    train, validation = (LabelledKeys(keys[split == number], classes[split == number]) for number in range(len(SPLITS)))
    return RunExamples(meta.class_names, meta.journal_version, train, validation)
