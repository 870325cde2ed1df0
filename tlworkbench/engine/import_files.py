"""Local files as parts of a source, read as streams by the builders of the datasets library."""

import glob
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import datasets
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tlworkbench.data.csv_files import read_head
from tlworkbench.data.file_faults import explain
from tlworkbench.data.json_lines import JsonLines
from tlworkbench.data.source import Source
from tlworkbench.engine.import_parts import BATCH_ROWS, Part, class_names, read_batches

_FAULTS = (ValueError, TypeError, KeyError, OSError, pa.ArrowException, datasets.exceptions.DatasetsError)
"""What the readers raise on files they can't read: pandas' ParserError and UnicodeDecodeError are ValueErrors."""


def file_parts(source: Source) -> Iterator[Part]:
    """The parts of local files, in the order of splits; raises UserError that names file and line."""
    root = Path(source.id).expanduser().absolute()
    for split, paths in source.files.items():
        for path in paths:
            name = path.name if path == root else path.relative_to(root).as_posix()
            try:
                part = _file_part(split, path, name, source.format)
            except _FAULTS as error:
                raise explain(path, name, source.format, error) from error
            yield part


def _file_part(split: str, path: Path, name: str, format_: str) -> Part:
    if format_ in ("csv", "tsv"):
        head = read_head(path, name, "\t" if format_ == "tsv" else "")
        dataset = _stream(
            "csv",
            path,
            sep=head.delimiter,
            names=list(head.names),
            header=0,
            # Everything is text: "NA", "null" and "007" stay as they are, and all chunks have the same types.
            features=datasets.Features({column: datasets.Value("string") for column in head.names}),
            keep_default_na=False,
            encoding="utf-8-sig",
            chunksize=BATCH_ROWS,
        )
        return Part(split, name, lambda: _guarded(dataset, path, name, format_), header=head.names)
    if format_ in ("jsonl", "txt"):
        # The json builder settles the columns by the first 10 MB, and reads all of a file it stumbles over.
        lines = _stream("text", path, encoding="utf-8-sig", chunksize=1 << 20)
        if format_ == "txt":
            return Part(split, name, lambda: map(_without_blank, _guarded(lines, path, name, format_)))
        return Part(split, name, lambda: _objects(_guarded(lines, path, name, format_), name))
    if format_ == "parquet":
        dataset = _stream("parquet", path, batch_size=BATCH_ROWS)
        rows = pq.read_metadata(path).num_rows
    else:
        dataset = _stream("arrow", path)
        rows = 0
    return Part(split, name, lambda: _guarded(dataset, path, name, format_), rows, class_names(dataset.features))


def _stream(builder: str, path: Path, **options: Any) -> Any:
    # A path is a pattern to datasets: brackets and stars in it have to be taken literally.
    files = {"train": [glob.escape(str(path))]}
    return datasets.load_dataset(builder, data_files=files, split="train", streaming=True, **options)


def _guarded(dataset: Any, path: Path, name: str, format_: str) -> Iterator[pa.Table]:
    """The tables of a file; what the reader stumbles over becomes an error that names the line."""
    try:
        yield from read_batches(dataset)
    except _FAULTS as error:
        raise explain(path, name, format_, error) from error


def _without_blank(table: pa.Table) -> pa.Table:
    return table.filter(pc.not_equal(pc.utf8_trim_whitespace(table.column("text")), ""))


def _objects(tables: Iterator[pa.Table], name: str) -> Iterator[pa.Table]:
    reader = JsonLines(name)
    for table in tables:
        yield reader.table(table.column("text").to_pylist())
