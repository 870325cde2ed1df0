"""Local files as tables, batch by batch: what an import reads to the end, and a first look reads the beginning of."""

import csv
import io
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tlworkbench.data.csv_files import read_head, wrong_width
from tlworkbench.data.file_faults import explain
from tlworkbench.data.json_lines import JsonLines

BATCH_ROWS = 4096
"""Rows of a table at most: a stop is heard, and progress told, between two of them."""
_FIRST_ROWS = 1024
"""Rows of a Parquet file that a look at its beginning reads."""
_BATCH_BYTES = 8 << 20
"""Bytes of a file that make a table, where its rows are long."""
_LINES_BYTES = 1 << 20
_LOOK = 64
"""Records between two looks at how many bytes they took."""
_FAULTS = (ValueError, TypeError, KeyError, OSError, csv.Error, pa.ArrowException)
"""What the readers raise on files they can't read; UnicodeDecodeError is a ValueError."""


@dataclass
class FileTables:
    """One file and how far it is read. Make it with `open_tables`."""

    path: Path
    name: str
    """What errors call it."""
    format: str
    size: int
    """Bytes of the file."""
    rows: int = 0
    """How many there are; 0 where that isn't known before reading."""
    header: tuple[str, ...] = ()
    """Column names that came from a first line, which might have been data."""
    class_names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Names of the classes, by ClassLabel column (Parquet and Arrow files that the datasets library wrote)."""
    position: int = 0
    """Bytes read so far by the newest `tables`."""

    def tables(self, limit: int = 0) -> Iterator[pa.Table]:
        """The file's tables from its beginning; those of the first `limit` bytes alone where that is not 0.

        A limit ends the last whole record. Raises UserError that names the line where the file is damaged.
        """
        read = {
            "csv": self._records,
            "tsv": self._records,
            "jsonl": self._objects,
            "txt": self._texts,
            "parquet": self._parquet,
            "arrow": self._arrow,
        }[self.format]
        self.position = 0
        try:
            yield from read(limit)
        except _FAULTS as error:
            raise explain(self.path, self.name, self.format, error) from error
        if not limit:
            self.position = self.size

    def _records(self, limit: int) -> Iterator[pa.Table]:
        if not limit:
            # A field may be of any size; the module's own limit stands where only the beginning is looked at.
            csv.field_size_limit(sys.maxsize)
        head = read_head(self.path, self.name, "\t" if self.format == "tsv" else "")
        width = len(head.names)
        with self._beginning(limit) as raw, io.TextIOWrapper(raw, encoding="utf-8-sig", newline="") as file:
            lines = _Lines(file)
            reader = csv.reader(lines, delimiter=head.delimiter)
            records: list[list[str | None]] = []
            next((record for record in reader if any(cell.strip() for cell in record)), None)
            begin = reader.line_num + 1
            for record in reader:
                if lines.ended:
                    # The last line was read, and its record not over: cut off by the limit, or a quote stays open.
                    if not limit:
                        raise csv.Error("unexpected end of data")
                    break
                if len(record) > width:
                    raise wrong_width(self.name, begin, len(record), width)
                if len(record) == width > 1 or not _blank(record):
                    records.append([*record, *[None] * (width - len(record))])
                begin = reader.line_num + 1
                count = len(records)
                if count >= BATCH_ROWS or (count and not count % _LOOK and raw.tell() - self.position > _BATCH_BYTES):
                    self.position = raw.tell()
                    yield _table(head.names, records)
                    records = []
            if records:
                yield _table(head.names, records)

    def _objects(self, limit: int) -> Iterator[pa.Table]:
        reader = JsonLines(self.name)
        for lines in self._lines(limit):
            yield reader.table(lines)

    def _texts(self, limit: int) -> Iterator[pa.Table]:
        for lines in self._lines(limit):
            table = pa.table({"text": pa.array(lines, pa.string())})
            yield table.filter(pc.not_equal(pc.utf8_trim_whitespace(table.column("text")), ""))

    def _lines(self, limit: int) -> Iterator[list[str]]:
        with self._beginning(limit) as raw, io.TextIOWrapper(raw, encoding="utf-8-sig") as file:
            while lines := file.readlines(_LINES_BYTES):
                self.position = raw.tell()
                yield [line.removesuffix("\n") for line in lines]

    def _beginning(self, limit: int) -> BinaryIO:
        """The file, or the whole lines among its first `limit` bytes; it may be one endless line."""
        if not limit:
            return self.path.open("rb")
        with self.path.open("rb") as file:
            content = file.read(limit)
        return io.BytesIO(content if len(content) < limit else content[: content.rfind(b"\n") + 1])

    def _parquet(self, limit: int) -> Iterator[pa.Table]:
        with pq.ParquetFile(self.path, memory_map=limit > 0) as file:
            whole = sum(file.metadata.row_group(number).total_byte_size for number in range(file.num_row_groups))
            rows = max(1, file.metadata.num_rows)
            at_once = max(1, min(BATCH_ROWS, _BATCH_BYTES * rows // max(1, whole)))
            done = 0
            for batch in file.iter_batches(min(at_once, _FIRST_ROWS) if limit else at_once):
                done += batch.num_rows
                self.position = self.size * done // rows
                yield pa.Table.from_batches([batch])
                if limit and (done >= _FIRST_ROWS or done * whole // rows >= limit):
                    return

    def _arrow(self, limit: int) -> Iterator[pa.Table]:
        with pa.memory_map(str(self.path)) as mapped:
            done = 0
            for batch in _batches(mapped):
                done += batch.nbytes
                self.position = min(self.size, done)
                for start in range(0, batch.num_rows, BATCH_ROWS):
                    yield pa.Table.from_batches([batch.slice(start, BATCH_ROWS)])
                if limit and done >= limit:
                    return


def open_tables(path: Path, name: str, format_: str) -> FileTables:
    """Look at the head of a file; raises UserError where it can't be read."""
    try:
        file = FileTables(path, name, format_, path.stat().st_size)
        if format_ in ("csv", "tsv"):
            file.header = read_head(path, name, "\t" if format_ == "tsv" else "").names
        elif format_ == "parquet":
            with pq.ParquetFile(path) as opened:
                file.rows = opened.metadata.num_rows
                file.class_names = _class_names(opened.schema_arrow)
        elif format_ == "arrow":
            with pa.memory_map(str(path)) as mapped:
                file.class_names = _class_names(_open_ipc(mapped).schema)
    except _FAULTS as error:
        raise explain(path, name, format_, error) from error
    return file


class _Lines:
    """The lines of a file; knows whether its end was reached."""

    def __init__(self, file: io.TextIOWrapper) -> None:
        self.ended = False
        self._iterator = chain(file, self._end())

    def __iter__(self) -> Iterator[str]:
        return self._iterator

    def _end(self) -> Iterator[str]:
        self.ended = True
        yield from ()


def _blank(record: list[str]) -> bool:
    """Whether a record is an empty line; a pair of quotes is a cell."""
    return not record or (len(record) == 1 and record[0] != "" and not record[0].strip())


def _table(names: tuple[str, ...], records: list[list[str | None]]) -> pa.Table:
    columns = [pa.array(column, pa.string()) for column in zip(*records, strict=True)]
    return pa.Table.from_arrays(columns, names=list(names))


def _open_ipc(mapped: Any) -> Any:
    try:
        return pa.ipc.open_file(mapped)
    except pa.ArrowInvalid:
        mapped.seek(0)
        return pa.ipc.open_stream(mapped)


def _batches(mapped: Any) -> Iterator[Any]:
    reader = _open_ipc(mapped)
    if isinstance(reader, pa.ipc.RecordBatchFileReader):
        for number in range(reader.num_record_batches):
            yield reader.get_batch(number)
    else:
        yield from reader


def _class_names(schema: Any) -> dict[str, tuple[str, ...]]:
    """Names of ClassLabel columns, as the datasets library notes them in a schema; nothing where it can't be read."""
    try:
        features = json.loads((schema.metadata or {})[b"huggingface"])["info"]["features"]
        return {
            name: tuple(map(str, feature["names"]))
            for name, feature in features.items()
            if isinstance(feature, dict) and feature.get("_type") == "ClassLabel" and feature.get("names")
        }
    except (KeyError, TypeError, ValueError, AttributeError):
        return {}
