"""The files of kept tokens: token ids of texts by the hash of the text, for one tokenizer and one length.

`ids.i32` holds the ids of one text after the other, `types.u8` their token types where the tokenizer has any, and
`rows.bin` a record for each text. Ids are on the disk before their record, and what has no record does not exist: a
kill in mid-write costs the last texts at most. Files are never cut within their records, as others may have them
mapped; to begin anew they are unlinked.
"""

import contextlib
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from tlworkbench.data.growing_files import locked, size_of, write_at
from tlworkbench.engine.texts import TokenisedTexts

ROWS_NAME = "rows.bin"
IDS_NAME = "ids.i32"
TYPES_NAME = "types.u8"
_RECORD = np.dtype([("key", "<u8"), ("start", "<u8"), ("length", "<u4"), ("cut", "<u4"), ("sum", "<u8")])
"""`start` counts ids, `cut` is 1 where the text was longer, `sum` shows whether its ids are those that were written."""
_AT_ONCE = 1 << 20
"""Ids gathered at once."""

Keys = np.ndarray[Any, np.dtype[np.uint64]]
Places = np.ndarray[Any, np.dtype[np.int64]]
_Array = np.ndarray[Any, np.dtype[Any]]


class Damaged(Exception):
    """The files do not hold what was written; says what is wrong."""


class TokenFiles:
    """What a folder holds at the moment it is opened; what others add meanwhile shows in a new one."""

    def __init__(self, folder: Path, types: bool) -> None:
        """Raises Damaged, or OSError where the files can't be read; a folder that isn't there holds nothing."""
        self.folder = folder
        self._types = types
        self._records = _records(folder)
        end = _end(self._records)
        files = [(IDS_NAME, 4), *([(TYPES_NAME, 1)] if types else [])]
        for name, width in files:
            if size_of(folder / name) < end * width:
                raise Damaged(f"{name} is cut short")
        starts = np.concatenate([[0], np.cumsum(self._records["length"], dtype=np.uint64)])
        if not np.array_equal(starts[:-1], self._records["start"]) or (self._records["length"] == 0).any():
            raise Damaged(f"{ROWS_NAME} has records that don't follow one another")
        self._order = np.argsort(self._records["key"], kind="stable")

    def __len__(self) -> int:
        return len(self._records)

    def places(self, keys: Keys) -> Places:
        """Place of each key's text, -1 where it is not kept."""
        if not len(self):
            return np.full(len(keys), -1, np.int64)
        ordered = self._records["key"][self._order]
        found = np.minimum(np.searchsorted(ordered, keys), len(ordered) - 1)
        return np.where(ordered[found] == keys, self._order[found], -1).astype(np.int64)

    def lengths(self, places: Places) -> Places:
        """Ids of each of some texts."""
        return self._records["length"][places].astype(np.int64)

    def cut(self, places: Places) -> _Array:
        """Which of some texts were longer."""
        return np.asarray(self._records["cut"][places] != 0)

    def read(self, places: Places, ids: _Array, segments: _Array | None, at: Places) -> None:
        """Copy the ids (and types) of some texts into arrays, each from its offset in `at`; raises Damaged."""
        if not len(places):
            return
        end = _end(self._records)
        kept: _Array = np.memmap(self.folder / IDS_NAME, "<i4", "r", shape=(end,))
        types: _Array | None = np.memmap(self.folder / TYPES_NAME, "u1", "r", shape=(end,)) if self._types else None
        starts, lengths = self._records["start"][places].astype(np.int64), self.lengths(places)
        for part in _parts(lengths):
            source = id_places(starts[part], lengths[part])
            target = id_places(at[part], lengths[part])
            ids[target] = kept[source]
            given = None if types is None else types[source]
            if segments is not None:
                segments[target] = 0 if given is None else given
            keys = self._records["key"][places[part]]
            if not np.array_equal(_sums(keys, ids[target], given, lengths[part]), self._records["sum"][places[part]]):
                raise Damaged("ids are not those that were written")


def append(folder: Path, keys: Keys, texts: TokenisedTexts) -> None:
    """Keep the ids of texts by their keys, but for those that another process has added meanwhile; raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder):
        records = _records(folder)
        new = np.flatnonzero(~np.isin(keys, records["key"]))
        lengths = texts.lengths[new]
        each = id_places(texts.offsets[new], lengths)
        ids = texts.ids[each].astype("<i4")
        types = None if texts.segments is None else texts.segments[each].astype(np.uint8)
        end = _end(records)
        added = np.zeros(len(new), _RECORD)
        added["key"], added["length"], added["cut"] = keys[new], lengths, texts.cut[new]
        added["start"] = end + np.concatenate([[0], np.cumsum(lengths)])[:-1]
        added["sum"] = _sums(keys[new], ids, types, lengths)
        write_at(folder / IDS_NAME, end * 4, ids.tobytes())
        if types is not None:
            write_at(folder / TYPES_NAME, end, types.tobytes())
        write_at(folder / ROWS_NAME, len(records) * _RECORD.itemsize, added.tobytes())


def begin_anew(folder: Path) -> None:
    """Keep nothing any more; raises OSError."""
    with contextlib.suppress(FileNotFoundError), locked(folder):
        for name in (ROWS_NAME, IDS_NAME, TYPES_NAME):
            (folder / name).unlink(missing_ok=True)


def bytes_of(folder: Path) -> int:
    """What a folder takes on the disk."""
    return sum(size_of(folder / name) for name in (ROWS_NAME, IDS_NAME, TYPES_NAME))


def _records(folder: Path) -> _Array:
    count = size_of(folder / ROWS_NAME) // _RECORD.itemsize
    return np.fromfile(folder / ROWS_NAME, _RECORD, count) if count else np.zeros(0, _RECORD)


def _end(records: _Array) -> int:
    return int(records[-1]["start"]) + int(records[-1]["length"]) if len(records) else 0


def id_places(starts: Places, lengths: Places) -> Places:
    """Places of all ids of texts that begin at `starts`, one text after the other."""
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    return np.repeat(starts - offsets[:-1], lengths) + np.arange(offsets[-1])


def _parts(lengths: Places) -> list[slice]:
    """Texts cut into parts of about so many ids."""
    ends = np.cumsum(lengths)
    cuts = np.unique(np.searchsorted(ends, np.arange(_AT_ONCE, int(ends[-1]), _AT_ONCE)))
    edges = [0, *cuts.tolist(), len(lengths)]
    return [slice(start, end) for start, end in pairwise(edges) if end > start]


def _sums(keys: _Array, ids: _Array, types: _Array | None, lengths: Places) -> _Array:
    """A number for each text that another key, id, type or order changes."""
    if not len(lengths):
        return np.zeros(0, np.uint64)
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    within = np.arange(offsets[-1]) - np.repeat(offsets[:-1], lengths)
    numbers = ids.astype(np.uint64) * np.uint64(257) + (0 if types is None else types.astype(np.uint64)) + np.uint64(1)
    # Any odd multiplier spreads a change over all bits.
    mixed = numbers * (within.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(0xD1B54A32D192ED03))
    return np.add.reduceat(mixed ^ (mixed >> np.uint64(29)), offsets[:-1]) ^ keys.astype(np.uint64)
