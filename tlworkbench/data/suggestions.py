"""`suggestions.arrow` of a workspace: which labels are probably wrong, what they should be, which rows are alike."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from tlworkbench import atomic
from tlworkbench.data.label_set import DROPPED, LabelIds, LabelSet
from tlworkbench.data.labelling import Labelling, Marks
from tlworkbench.data.row_edits import SOURCE
from tlworkbench.data.rows import Rows
from tlworkbench.errors import UserError

FILE_NAME = "suggestions.arrow"
"""In the workspace's folder."""
FORMAT = 1
_META = b"tlworkbench"

Floats = np.ndarray[Any, np.dtype[np.float32]]
Keys = np.ndarray[Any, np.dtype[np.uint64]]
Stamp = tuple[int, int]


class SuggestionsMeta(msgspec.Struct, frozen=True, kw_only=True):
    """Where suggestions come from."""

    format: int = FORMAT
    model: str = ""
    """The model whose embeddings were used, as the user names it."""
    embeddings: str = ""
    """Name of the folder of these embeddings in the cache; see `data.embeddings`."""
    journal_version: int = 0
    """State of the labels that were judged."""
    created: float = msgspec.field(default_factory=time.time)
    """Seconds since the epoch."""
    labelled: int = 0
    """Rows that were judged,"""
    suspects: int = 0
    """and how many of their labels are probably wrong."""


@dataclass(frozen=True, eq=False)
class SuggestionColumns:
    """One entry a row. Label ids are those of the journal's version in the meta: they may have been merged since."""

    given: LabelIds
    """The label that was judged; -1 where the row had none."""
    suggested: LabelIds
    """The label that fits the row best by what its like are labelled; -1 where nothing was worked out for it."""
    probability: Floats
    """Of the suggested label, out of fold; NaN where there is none."""
    suspicion: Floats
    """How probably the given label is wrong: higher is worse, comparable within one file only; NaN unlabelled."""
    uncertainty: Floats
    """Entropy of the probabilities as share of the largest there can be, 0 to 1; NaN where there are none."""
    suspect: Marks
    """The given label is probably wrong."""


class Suggestions:
    """The columns of a file of suggestions, aligned to the rows of a dataset."""

    def __init__(self, columns: SuggestionColumns, meta: SuggestionsMeta, stamp: Stamp, near: "_Nearest") -> None:
        self.meta = meta
        self.stamp = stamp
        """Tells this file from one that took its place; see `stamp_of`."""
        self.given = columns.given
        self.suggested = columns.suggested
        self.probability = columns.probability
        self.suspicion = columns.suspicion
        self.uncertainty = columns.uncertainty
        self.suspect = columns.suspect
        self._near = near

    @classmethod
    def open(cls, path: Path, rows: Rows) -> "Suggestions | None":
        """Map the file and align it to `rows`; None where there is none. Raises UserError where it is damaged.

        Rows that the file does not know have no suggestion.
        """
        stamp = stamp_of(path)
        try:
            with pa.memory_map(str(path)) as mapped:
                table = pa.ipc.open_file(mapped).read_all()
            meta = msgspec.json.decode((table.schema.metadata or {})[_META], type=SuggestionsMeta)
            keys = np.asarray(table.column("key").to_numpy(), np.uint64)
            found = np.arange(len(rows)) if np.array_equal(keys, rows.keys) else rows.indices_of(keys)
            columns = SuggestionColumns(
                given=_aligned(table, "given", found, len(rows), np.int16(DROPPED)),
                suggested=_aligned(table, "suggested", found, len(rows), np.int16(DROPPED)),
                probability=_aligned(table, "probability", found, len(rows), np.float32(np.nan)),
                suspicion=_aligned(table, "suspicion", found, len(rows), np.float32(np.nan)),
                uncertainty=_aligned(table, "uncertainty", found, len(rows), np.float32(np.nan)),
                suspect=_aligned(table, "suspect", found, len(rows), np.bool_(False)),
            )
            near = _Nearest(found, table.column("nearest"))
        except FileNotFoundError:
            return None
        except (OSError, pa.ArrowInvalid, KeyError, TypeError, msgspec.MsgspecError) as error:
            raise UserError(f"{path} is damaged: {error}", "Look for suspects again: tlworkbench suspects.") from error
        if meta.format > FORMAT:
            raise UserError(f"{path} was written by a newer tlworkbench (format {meta.format})", "Update this one.")
        return cls(columns, meta, stamp, near)

    def nearest(self, row: int) -> list[int]:
        """Keys of the rows most like a row, nearest first; empty where they were not worked out."""
        return self._near.of(row)

    def suggested_now(self, labels: LabelSet) -> LabelIds:
        """The suggested labels as ids that are active now."""
        return _active(labels, self.suggested)

    def open_suspects(self, labelling: Labelling) -> "np.ndarray[Any, np.dtype[np.int64]]":
        """Suspects that nobody has decided since, the worst first: rows with the label and marks that were judged.

        A row counts as decided when its label is another one now, was set again since (someone looked and confirmed
        it), or the row is excluded.
        """
        labels = labelling.label_set
        waiting = self.suspect & ~labelling.excluded & (labelling.current >= 0)
        waiting &= labelling.current == _active(labels, self.given)
        waiting &= labelling.current != _active(labels, self.suggested)
        if labelling.version != self.meta.journal_version:
            since = labelling.journal.state(self.meta.journal_version).rows
            # What was undone, or only flagged, has the source's label as before.
            decided = labelling.rows.indices_of(since.keys[since.labels != SOURCE])
            waiting[decided[decided >= 0]] = False
        rows = np.flatnonzero(waiting)
        return rows[np.argsort(-self.suspicion[rows], kind="stable")]


def write_suggestions(
    path: Path, keys: Keys, columns: SuggestionColumns, nearest: dict[int, list[int]], meta: SuggestionsMeta
) -> None:
    """Replace the file at `path`; `nearest`: keys of the rows most like a row, by its index. Raises UserError."""
    lists = [nearest.get(row) for row in range(len(keys))]
    table = pa.table(
        {
            "key": pa.array(keys, pa.uint64()),
            "given": pa.array(columns.given, pa.int16()),
            "suggested": pa.array(columns.suggested, pa.int16()),
            "probability": pa.array(columns.probability, pa.float32()),
            "suspicion": pa.array(columns.suspicion, pa.float32()),
            "uncertainty": pa.array(columns.uncertainty, pa.float32()),
            "suspect": pa.array(columns.suspect, pa.bool_()),
            "nearest": pa.array(lists, pa.list_(pa.uint64())),
        }
    ).replace_schema_metadata({_META: msgspec.json.encode(meta)})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    atomic.write_bytes(path, sink.getvalue().to_pybytes())


def stamp_of(path: Path) -> Stamp:
    """Inode and time of a file; zeros where there is none."""
    try:
        status = path.stat()
    except OSError:
        return (0, 0)
    return status.st_ino, status.st_mtime_ns


class _Nearest:
    """Finds a row's line in the file."""

    def __init__(self, found: "np.ndarray[Any, np.dtype[np.int64]]", column: pa.ChunkedArray) -> None:
        self._column = column
        self._found = found

    def of(self, row: int) -> list[int]:
        lines = [row] if row < len(self._found) and self._found[row] == row else np.flatnonzero(self._found == row)
        return list(self._column[int(lines[0])].as_py() or []) if len(lines) else []


def _aligned(table: pa.Table, name: str, found: Any, rows: int, missing: np.generic) -> Any:
    """A column in the order of the rows."""
    values = table.column(name).to_numpy().astype(missing.dtype, copy=False)
    if len(found) == rows and np.array_equal(found, np.arange(rows)):
        return values
    aligned = np.full(rows, missing)
    here = found >= 0
    aligned[found[here]] = values[here]
    return aligned


def _active(labels: LabelSet, ids: LabelIds) -> LabelIds:
    # Ids of a label set that has grown less far than this one can't be beyond it; a damaged file's can.
    known = (ids >= 0) & (ids < len(labels.resolve) - 1)
    return np.asarray(labels.resolve[np.where(known, ids, DROPPED)], np.int16)
