"""The dataset given back: the source's own columns, with the labels as they are now in its label column."""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec
import numpy as np
import pyarrow as pa

from tlworkbench import atomic
from tlworkbench.data.label_spelling import LabelSpelling
from tlworkbench.data.labelling import Labelling, Marks
from tlworkbench.data.rows import Rows
from tlworkbench.data.source import resolve_source
from tlworkbench.data.source_records import SourceRecord, changed
from tlworkbench.data.source_records_csv import csv_records
from tlworkbench.data.source_records_json import json_records
from tlworkbench.data.write_back_table import FORMATS, write_table
from tlworkbench.errors import UserError

_BOM = b"\xef\xbb\xbf"
_BATCH_ROWS = 8192


class WriteBack(msgspec.Struct, frozen=True):
    """What was written."""

    rows: int
    relabelled: int
    """Rows among them whose label is not as the source has it."""
    left_out: int
    """Excluded rows that are not in the file."""
    why_not_exact: str
    """Empty where all but those labels is the source byte for byte; else why it is a copy, equal by its values."""


def write_back(
    rows: Rows, labelling: Labelling, path: Path, *, without_excluded: bool = False, copy: str = ""
) -> WriteBack:
    """Write the dataset with its labels to `path`, whose suffix says the format.

    From a source that is one CSV, TSV or JSONL file to a file of that kind all is kept byte for byte but the label of
    rows that were relabelled; other files hold the same values, as the workspace has them. A dataset without a column
    of labels gets one, `label`. The file appears when it is complete.
    copy: why the source itself is not to be read, in words; empty where it may be.
    Raises UserError when `path` can't be written, is the source itself, or the source has changed since the import.
    """
    format_ = FORMATS.get(path.suffix.lower(), "")
    if not format_:
        raise UserError(f"{path.name} is of no kind that a dataset is written to", f"Kinds: {', '.join(FORMATS)}.")
    source, why = _source_of(rows, format_)
    if source is not None and path.exists() and path.samefile(source):
        raise UserError(f"{path.name} is the source itself", "Write to another file; the source is never changed.")
    source, why = (None, copy) if copy else (source, why)
    spelling = LabelSpelling(rows, labelling)
    leave = labelling.excluded if without_excluded else np.zeros(len(rows), np.bool_)
    try:
        with atomic.replacing(path) as temporary:
            if why or source is None:
                write_table(rows, spelling, leave, temporary, format_, source)
            else:
                with temporary.open("wb") as file:
                    _rewrite(rows, spelling, leave, source, file, format_)
    except UnicodeDecodeError as error:
        raise changed(source or path) from error
    except OSError as error:
        raise UserError(
            f"{path} could not be written: {error.strerror or error}", "Free some space or check the folder's rights."
        ) from error
    left = int(leave.sum())
    return WriteBack(len(rows) - left, int((~spelling.kept & ~leave).sum()), left, why)


def _source_of(rows: Rows, format_: str) -> tuple[Path | None, str]:
    """The one file that the rows come from, where it is of the format wanted; why it can't be kept byte for byte."""
    if not rows.meta.source:
        return None, "the rows come from no file"
    if not Path(rows.meta.source).is_absolute():
        # A folder of that name may lie here by chance.
        return None, f"{rows.meta.source} comes from the Hub"
    try:
        found = resolve_source(rows.meta.source)
    except UserError:
        return None, f"{Path(rows.meta.source).name} is not there any more"
    files = [file for split in found.files.values() for file in split]
    if len(files) > 1:
        return None, f"{Path(rows.meta.source).name} is {len(files)} files"
    if found.format != format_:
        return None, f"{files[0].name} is a {found.format.upper()} file"
    return files[0], "Parquet has no characters to keep" if format_ == "parquet" else ""


def _rewrite(rows: Rows, spelling: LabelSpelling, leave: Marks, source: Path, target: BinaryIO, format_: str) -> None:
    with source.open("rb") as file:
        if file.read(len(_BOM)) == _BOM:
            target.write(_BOM)
    texts = _texts(rows)
    row = 0
    for record in _records(rows, source, format_):
        if not record.row:
            target.write(record.characters.encode())
            continue
        if row == len(rows) or not _same(record, next(texts), _label_of(rows, row)):
            raise changed(source, record.line)
        if not leave[row]:
            characters = record.characters if spelling.kept[row] else record.labelled(spelling.text(row))
            target.write(characters.encode())
        row += 1
    if row < len(rows):
        raise changed(source)


def _records(rows: Rows, source: Path, format_: str) -> Iterator[SourceRecord]:
    label = rows.meta.label
    if format_ == "jsonl":
        plain = label in rows.columns and not pa.types.is_string(rows.table.schema.field(label).type)
        return json_records(source, rows.meta, rows.columns, plain)
    return csv_records(source, rows.meta, "\t" if format_ == "tsv" else "")


def _texts(rows: Rows) -> Iterator[str]:
    for start in range(0, len(rows), _BATCH_ROWS):
        yield from rows.text_column().slice(start, _BATCH_ROWS).to_pylist()


def _label_of(rows: Rows, row: int) -> str:
    code = int(rows.source_labels[row])
    return rows.meta.label_values[code] if code >= 0 else ""


def _same(record: SourceRecord, text: str, label: str) -> bool:
    """Whether a record is the row, apart from what the import evens out."""
    if record.text is not None and record.text != text and _evened(record.text) != _evened(text):
        return False
    return record.label is None or record.label.strip() == label or _number(record.label) == _number(label)


def _evened(text: str) -> str:
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return whole.replace("\r\n", "\n").replace("\r", "\n")


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text.strip()
