"""The dataset given back as a table: the columns as the workspace has them, the labels as they are now."""

import contextlib
import csv
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tlworkbench.data.label_codes import label_text
from tlworkbench.data.label_spelling import LabelSpelling
from tlworkbench.data.labelling import Marks
from tlworkbench.data.rows import Rows
from tlworkbench.data.source_records import free_name

FORMATS = {".csv": "csv", ".tsv": "tsv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "jsonl", ".parquet": "parquet"}
"""By suffix: what a dataset is written as."""
_BATCH_ROWS = 8192
_HUB_FEATURES = b"huggingface"


def write_table(
    rows: Rows, spelling: LabelSpelling, leave: Marks, target: Path, format_: str, source: Path | None
) -> None:
    """Write rows but those marked in `leave`, batch by batch; rows of several splits get a column `split`.

    The label column keeps its type where all labels fit it, else it becomes text. Classes that the source names beside
    the table (ClassLabel) stay numbers only in Parquet with the names that the file `source` has; else names are
    written.
    """
    column = _LabelColumn(rows, spelling, _features(source) if format_ == "parquet" else b"")
    table = rows.table.select(list(rows.columns))
    splits = _splits(rows)
    fields = [column.field if field.name == column.name else pa.field(field.name, field.type) for field in table.schema]
    if column.name not in table.column_names:
        fields.append(column.field)
    if splits is not None:
        fields.append(pa.field(free_name([field.name for field in fields], "split"), pa.string()))
    schema = pa.schema(fields, metadata=column.metadata)
    with _batches_to(target, format_, schema) as write:
        for start in range(0, len(rows), _BATCH_ROWS):
            part = slice(start, min(start + _BATCH_ROWS, len(rows)))
            batch = table.slice(start, part.stop - start)
            cells = {name: batch.column(name).combine_chunks() for name in table.column_names}
            cells[column.name] = column.cells(part, cells.get(column.name))
            columns = list(cells.values())
            if splits is not None:
                columns.append(splits.slice(start, part.stop - start))
            columns = [piece.combine_chunks() if isinstance(piece, pa.ChunkedArray) else piece for piece in columns]
            written = pa.record_batch(columns, schema=schema)
            write(written.filter(pa.array(~leave[part])) if leave[part].any() else written)


class _LabelColumn:
    """The column of labels: its type, and its cells."""

    def __init__(self, rows: Rows, spelling: LabelSpelling, features: bytes) -> None:
        self.name = rows.meta.label or free_name(rows.columns)
        self._rows = rows
        self._spelling = spelling
        type_ = rows.table.schema.field(rows.meta.label).type if rows.meta.label in rows.columns else pa.string()
        self._named = self._codes_are_named()
        fits = set(spelling.used()) <= set(rows.meta.label_values)
        if (self._named and not (fits and features)) or (not fits and not pa.types.is_string(type_)):
            type_ = pa.string()
        self.field = pa.field(self.name, type_)
        self.metadata = {_HUB_FEATURES: features} if self._named and not pa.types.is_string(type_) else None

    def cells(self, part: slice, before: Any) -> Any:
        """The cells of some rows; before: the source's."""
        kept = self._spelling.kept[part]
        texts = self._spelling.texts(part)
        if before is None:
            return pa.array([text or None for text in texts], pa.string())
        if pa.types.is_string(self.field.type):
            if pa.types.is_string(before.type):
                cells = before.to_pylist()
            else:
                names = [*self._rows.meta.label_values, None]
                cells = [names[code] for code in self._rows.source_labels[part].tolist()]
            return pa.array(
                [cell if same else text or None for cell, same, text in zip(cells, kept, texts, strict=True)],
                pa.string(),
            )
        places = {value: number for number, value in enumerate(self._rows.meta.label_values)}
        made = [
            cell if same else (places[text] if self._named else _plain(text, self.field.type)) if text else None
            for cell, same, text in zip(before.to_pylist(), kept, texts, strict=True)
        ]
        return pa.array(made, self.field.type)

    def _codes_are_named(self) -> bool:
        """Whether the column holds numbers of classes whose names stand elsewhere."""
        meta, codes = self._rows.meta, self._rows.source_labels
        if meta.label not in self._rows.columns:
            return False
        if not pa.types.is_integer(self._rows.table.schema.field(meta.label).type):
            return False
        column = self._rows.table.column(meta.label)
        _, firsts = np.unique(codes, return_index=True)
        return any(
            codes[row] >= 0 and label_text(column[row].as_py()) != meta.label_values[codes[row]]
            for row in firsts.tolist()
        )


def _plain(text: str, type_: Any) -> object:
    if pa.types.is_boolean(type_):
        return text == "true"
    return float(text) if pa.types.is_floating(type_) else int(text)


def _splits(rows: Rows) -> Any:
    """The source's split of each row; None where it has one alone."""
    meta = rows.meta
    names = list(meta.splits)
    if meta.split_rule != "source":
        # Those validation rows were cut off train here.
        names[names.index("validation")] = "train"
    present = {names[number] for number in np.unique(rows.splits).tolist()}
    if len(present) < 2:
        return None
    return pa.DictionaryArray.from_arrays(pa.array(rows.splits), pa.array(names, pa.string())).cast(pa.string())


def _features(source: Path | None) -> bytes:
    if source is None:
        return b""
    found: bytes = (pq.read_schema(source).metadata or {}).get(_HUB_FEATURES, b"")
    return found


@contextlib.contextmanager
def _batches_to(path: Path, format_: str, schema: Any) -> Iterator[Callable[[Any], object]]:
    if format_ == "parquet":
        with pq.ParquetWriter(path, schema) as parquet:
            yield parquet.write_batch
    elif format_ == "jsonl":
        encoder = msgspec.json.Encoder()
        with path.open("wb") as lines:
            yield lambda batch: lines.write(encoder.encode_lines(batch.to_pylist()))
    else:
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, delimiter="\t" if format_ == "tsv" else ",", lineterminator="\n")
            writer.writerow(schema.names)
            yield lambda batch: writer.writerows(
                zip(*([_cell(cell) for cell in column.to_pylist()] for column in batch.columns), strict=True)
            )


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, list | dict) else str(value)
