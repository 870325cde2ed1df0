"""Files of labels as columns: what each record says about its row. CSV and TSV, JSON lines, Parquet."""

import csv
from array import array
from collections.abc import Container, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from tlworkbench import atomic
from tlworkbench.data.journal_notes import checked_note
from tlworkbench.data.keys import content_hash
from tlworkbench.data.label_codes import label_text
from tlworkbench.data.label_set import checked_name
from tlworkbench.data.rows_meta import RowsMeta
from tlworkbench.errors import UserError

Record: TypeAlias = dict[str, Any]
FORMATS = (".csv", ".tsv", ".jsonl", ".parquet")
_BATCH_ROWS = 8192
_MARKS = {"true": True, "1": True, "yes": True, "x": True, "false": False, "0": False, "no": False, "": None}


@dataclass
class LabelRecords:
    """The records of a file of labels; None where a record leaves its row as it is."""

    lines: list[int] = field(default_factory=list)
    keys: list[int | None] = field(default_factory=list)
    """None where there is none, or it can't be one."""
    contents: "array[int]" = field(default_factory=lambda: array("Q"))
    """Hashes of the texts, as `data.keys` has them; empty where the file has no columns of text."""
    labels: list[str | None] = field(default_factory=list)
    """Names fit for labels, "" for none."""
    excluded: list[bool | None] = field(default_factory=list)
    flagged: list[bool | None] = field(default_factory=list)
    notes: list[str | None] = field(default_factory=list)
    """Notes as they are kept, "" for none."""


def read_label_records(path: Path, meta: RowsMeta) -> LabelRecords:
    """Read a file of labels for rows with this `meta`, whose own names of text and label columns count too.

    Raises UserError naming the line where the file can't be read, or holds what can't be a label or a mark.
    """
    records = LabelRecords()
    names: dict[str, str] = {}
    text: tuple[str, ...] = ()
    label = ""
    for line, record in read_records(path):
        if not records.lines:
            text, label = _columns(path, record, meta)
        records.lines.append(line)
        if text:
            cells = ["" if record.get(name) is None else str(record[name]) for name in text]
            records.contents.append(content_hash("\n".join(cells)))
        records.keys.append(_key(record.get("key")))
        try:
            value = label_text(record.get(label))
            if value and value not in names:
                names[value] = checked_name(value)
            # Our exports have the source's labels beside; only there an empty label is said on purpose.
            unlabelled = "" if label in record and "source_label" in record else None
            records.labels.append(names[value] if value else unlabelled)
            records.excluded.append(_mark(record.get("excluded")))
            records.flagged.append(_mark(record.get("flagged")))
            records.notes.append(_note(record))
        except UserError as error:
            raise UserError(f"{path}, line {line}: {error.what}", error.hint) from error
    return records


def read_records(path: Path) -> Iterator[tuple[int, Record]]:
    """Yield each record with its line in the file (its number, counted from 1, in Parquet).

    Raises UserError that names the line where the file can't be read.
    """
    readers = {".csv": _separated, ".tsv": _separated, ".jsonl": _json_lines, ".parquet": _parquet}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise UserError(f"{path.name} is of no kind that labels are read from", f"Kinds: {', '.join(FORMATS)}.")
    try:
        yield from reader(path)
    except FileNotFoundError:
        raise UserError(f"{path} does not exist", "Check the path.") from None
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not UTF-8 text", "Save it as UTF-8.") from error
    except pa.ArrowInvalid as error:
        raise UserError(f"{path} is no Parquet file, or damaged: {error}", "Check the file.") from error
    except OSError as error:
        raise UserError(f"{path} can't be read: {error.strerror or error}", "Check the file's rights.") from error


def copy_records(path: Path, lines: Container[int], target: Path) -> None:
    """Write the records of `path` on these lines to `target`, CSV, TSV or JSONL by its suffix, as they stand there.

    Raises UserError where it can't be written.
    """
    kind = target.suffix.lower()
    if kind not in (".csv", ".tsv", ".jsonl"):
        raise UserError(f"{target.name} is of no kind that records are copied to", "Kinds: .csv, .tsv, .jsonl.")
    encoder = msgspec.json.Encoder()
    chosen = (record for line, record in read_records(path) if line in lines)
    try:
        with atomic.replacing(target) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, delimiter="\t" if kind == ".tsv" else ",", lineterminator="\n")
            for number, record in enumerate(chosen):
                if kind == ".jsonl":
                    file.write(encoder.encode(record).decode() + "\n")
                    continue
                if not number:
                    names = list(record)
                    writer.writerow(names)
                writer.writerow(["" if record.get(name) is None else record[name] for name in names])
    except OSError as error:
        raise UserError(
            f"{target} could not be written: {error.strerror or error}", "Check the folder's rights and space."
        ) from error


def _separated(path: Path) -> Iterator[tuple[int, Record]]:
    # The standard limit of 128 KiB a field is less than one long review with its thread.
    csv.field_size_limit(1 << 30)
    with path.open(encoding="utf-8-sig", newline="") as file:
        head = file.readline()
        file.seek(0)
        reader = csv.reader(file, delimiter="\t" if path.suffix.lower() == ".tsv" else max(",;\t", key=head.count))
        try:
            names = next(reader, [])
            line = reader.line_num + 1
            for values in reader:
                if values and len(values) != len(names):
                    raise UserError(
                        f"{path}, line {line} has {len(values)} fields, the head {len(names)}",
                        "Put fields that hold a separator or a line break in quotes.",
                    )
                if values:
                    yield line, dict(zip(names, values, strict=True))
                line = reader.line_num + 1
        except csv.Error as error:
            raise UserError(f"{path}, line {reader.line_num}: {error}", "Mend that line.") from error


def _json_lines(path: Path) -> Iterator[tuple[int, Record]]:
    decoder = msgspec.json.Decoder(dict[str, Any])
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                yield number, decoder.decode(line.removeprefix(b"\xef\xbb\xbf"))
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                raise UserError(f"{path}, line {number} is no JSON object: {error}", "Mend that line.") from error


def _parquet(path: Path) -> Iterator[tuple[int, Record]]:
    number = 0
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(_BATCH_ROWS):
            for record in batch.to_pylist():
                number += 1
                yield number, record


def _columns(path: Path, record: Record, meta: RowsMeta) -> tuple[tuple[str, ...], str]:
    label = "label" if "label" in record or meta.label not in record else meta.label
    if label not in record and not {"excluded", "flagged", "note"} & set(record):
        raise UserError(f"{path.name} has no column 'label'", f"There are: {', '.join(record)}.")
    text = meta.text if meta.text and set(meta.text) <= set(record) else ("text",)
    if not set(text) <= set(record):
        text = ()
    if "key" not in record and not text:
        raise UserError(f"{path.name} has neither a column 'key' nor 'text'", f"There are: {', '.join(record)}.")
    return text, label


def _key(value: object) -> int | None:
    if isinstance(value, int):
        return value if 0 <= value < 1 << 64 else None
    digits = str(value).strip().lower()
    return int(digits, 16) if len(digits) == 16 and not set(digits) - set("0123456789abcdef") else None


def _note(record: Record) -> str | None:
    # A column of that name may be the source's own; our exports are known by the source's labels beside.
    if "note" not in record or not {"key", "source_label"} & set(record):
        return None
    value = record["note"]
    if value is None or value == "":
        return "" if "source_label" in record else None
    return checked_note(str(value))


def _mark(value: object) -> bool | None:
    if value is None or isinstance(value, bool):
        return value
    text = label_text(value).lower()
    if text not in _MARKS:
        raise UserError(f"'{text[:40]}' is neither yes nor no", "Write true or false.")
    return _MARKS[text]
