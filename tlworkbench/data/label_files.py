"""Labels and marks written to a file of ours and taken from a file; the dataset itself goes back by `write_back`."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from tlworkbench import atomic
from tlworkbench.data.journal import Journal
from tlworkbench.data.journal_schema import Keys
from tlworkbench.data.keys import content_hashes
from tlworkbench.data.label_records import LabelRecords, copy_records, read_label_records
from tlworkbench.data.label_set import LabelSet, normalised
from tlworkbench.data.labelling import Labelling
from tlworkbench.data.row_edits import Edit
from tlworkbench.data.rows import Rows, key_text
from tlworkbench.errors import UserError

EXPORT_FORMATS = (".csv", ".jsonl", ".parquet")
_BATCH_ROWS = 8192
_SHOWN_LINES = 10
_SCHEMA = pa.schema(
    [(name, pa.string()) for name in ("key", "text", "label", "source_label", "split")]
    + [(name, pa.bool_()) for name in ("excluded", "flagged")]
    + [("note", pa.string())]
)
Value = TypeVar("Value", str, bool)


class ImportReport(msgspec.Struct, frozen=True):
    """What became of the records of a file of labels."""

    records: int
    matched: int
    """Records whose row is here."""
    changed: int
    """Rows that got another label or mark."""
    unmatched: int
    unmatched_lines: tuple[int, ...]
    """Lines of the first few of those."""
    by_text: int
    """Records among the matched whose row was found by its text."""
    added_labels: tuple[str, ...]
    edit: Edit | None
    """The one edit that undo takes back; None where nothing changed."""


def export_marks(rows: Rows, labelling: Labelling, path: Path) -> int:
    """Write every row with its label and marks to `path`, in the format of its suffix; returns the number of rows.

    Columns: key (16 hex digits), text, label (empty for none), source_label, split, excluded, flagged, note. Rows are
    written in batches, and the file appears when it is complete. Raises UserError when it can't be written.
    """
    kind = path.suffix.lower()
    if kind not in EXPORT_FORMATS:
        raise UserError(f"{path.name} is of no kind that labels are written to", f"Kinds: {', '.join(EXPORT_FORMATS)}.")
    names = np.array(_names_by_id(labelling.label_set), object)
    source_names = np.array([*rows.meta.label_values, ""], object)
    notes = labelling.journal.notes()
    try:
        with atomic.replacing(path) as temporary, _batches_to(temporary, kind) as write:
            for start in range(0, len(rows), _BATCH_ROWS):
                part = slice(start, min(start + _BATCH_ROWS, len(rows)))
                keys = rows.keys[part].tolist()
                columns = [
                    [key_text(key) for key in keys],
                    rows.text_column().slice(start, part.stop - start).combine_chunks(),
                    names[labelling.current[part]],
                    source_names[rows.source_labels[part]],
                    [rows.meta.splits[split] for split in rows.splits[part].tolist()],
                    labelling.excluded[part],
                    labelling.flagged[part],
                    [notes.get(key, "") for key in keys],
                ]
                write(pa.record_batch(columns, schema=_SCHEMA))
    except OSError as error:
        raise UserError(
            f"{path} could not be written: {error.strerror or error}", "Free some space or check the folder's rights."
        ) from error
    return len(rows)


def import_labels(rows: Rows, journal: Journal, path: Path, unmatched: Path | None = None) -> ImportReport:
    """Take labels, and exclusions, flags and notes where there are such columns, from a file in one edit.

    Records find their row by `key`, else by text among the rows that no key found: a text that stands in several rows
    labels them all, unless the file names it several times with different labels, which then go to those rows in turn.
    Records that find no row are written to `unmatched` where that is given, as they stand. A label the set does not
    have is added to it, but for a value of the source, which stands for the label it has become. An empty label takes
    the row's label away in a file with a column `source_label`, as an export of marks has; elsewhere it leaves the row
    as it is. Where a row is named twice, the last record counts.
    Raises UserError, with nothing changed, when the file can't be read or holds what can't be a label.
    """
    records = read_label_records(path, rows.meta)
    found = _rows_by_key(rows, records)
    by_text = _rows_by_text(rows, records, found) if records.contents else []
    found = sorted(found + by_text)
    labelling = Labelling(rows, journal)
    names = _names_by_id(labelling.label_set)
    aliases = _aliases(rows, journal, labelling.label_set)
    labels: dict[int, str] = {}
    excluded: dict[int, bool] = {}
    flagged: dict[int, bool] = {}
    noted: dict[int, str] = {}
    notes = journal.notes() if any(records.notes) or "" in records.notes else {}
    for number, row in found:
        name = records.labels[number]
        _wish(labels, row, name and aliases.get(name, name), names[labelling.current[row]])
        _wish(excluded, row, records.excluded[number], bool(labelling.excluded[row]))
        _wish(flagged, row, records.flagged[number], bool(labelling.flagged[row]))
        _wish(noted, row, records.notes[number], notes.get(int(rows.keys[row]), ""))
    matched = {number for number, _ in found}
    lost = [line for number, line in enumerate(records.lines) if number not in matched]
    if unmatched is not None:
        copy_records(path, set(lost), unmatched)
    edit = journal.import_rows(
        path.name,
        _keys_by_value(rows, labels),
        _keys_by_value(rows, excluded),
        _keys_by_value(rows, flagged),
        _keys_by_value(rows, noted),
    )
    added = dict.fromkeys(name for name in labels.values() if name and name not in labelling.label_set.names)
    return ImportReport(
        records=len(records.lines),
        matched=len(matched),
        changed=edit.rows if edit else 0,
        unmatched=len(lost),
        unmatched_lines=tuple(lost[:_SHOWN_LINES]),
        by_text=len({number for number, _ in by_text}),
        added_labels=tuple(added),
        edit=edit,
    )


@contextlib.contextmanager
def _batches_to(path: Path, kind: str) -> Iterator[Callable[[pa.RecordBatch], object]]:
    if kind == ".parquet":
        with pq.ParquetWriter(path, _SCHEMA) as parquet:
            yield parquet.write_batch
    elif kind == ".csv":
        with pyarrow.csv.CSVWriter(path, _SCHEMA) as separated:
            yield separated.write_batch
    else:
        encoder = msgspec.json.Encoder()
        with path.open("wb") as file:
            yield lambda batch: file.write(encoder.encode_lines(batch.to_pylist()))


def _names_by_id(label_set: LabelSet) -> list[str]:
    # One more at the end, so that -1 gives the empty name.
    names = [""] * len(label_set.resolve)
    for label in label_set.labels:
        names[label.id] = label.name
    return names


def _aliases(rows: Rows, journal: Journal, label_set: LabelSet) -> dict[str, str]:
    """Names that are no label now, but the source's for one: what a file of the source's labels means by them."""
    ids = journal.source_ids(rows.meta.label_values)[:-1]
    became = {
        normalised(value): label_set.get(int(number)) for value, number in zip(rows.meta.label_values, ids, strict=True)
    }
    return {value: label.name for value, label in became.items() if label and value not in label_set.names}


def _rows_by_key(rows: Rows, records: LabelRecords) -> list[tuple[int, int]]:
    numbers = [number for number, key in enumerate(records.keys) if key is not None]
    found = rows.indices_of(np.array([records.keys[number] for number in numbers], np.uint64)).tolist()
    return [(number, row) for number, row in zip(numbers, found, strict=True) if row >= 0]


def _rows_by_text(rows: Rows, records: LabelRecords, found: list[tuple[int, int]]) -> list[tuple[int, int]]:
    placed = {number for number, _ in found}
    taken = {row for _, row in found}
    mentions: dict[int, list[int]] = {}
    for number, content in enumerate(records.contents):
        if number not in placed:
            mentions.setdefault(content, []).append(number)
    if not mentions:
        return []
    places: dict[int, list[int]] = {}
    for start in range(0, len(rows), _BATCH_ROWS):
        texts = rows.text_column().slice(start, _BATCH_ROWS).to_pylist()
        for row, content in enumerate(content_hashes(texts).tolist(), start):
            if content in mentions and row not in taken:
                places.setdefault(content, []).append(row)
    pairs: list[tuple[int, int]] = []
    for content, there in places.items():
        numbers = mentions[content]
        if len({records.labels[number] for number in numbers}) > 1:
            pairs += zip(numbers, there, strict=False)
        else:
            pairs += [(number, row) for number in numbers for row in there]
    return pairs


def _wish(wishes: dict[int, Value], row: int, wanted: Value | None, now: Value) -> None:
    if wanted is None:
        return
    # A later record on the same row takes back what an earlier one wished.
    wishes.pop(row, None)
    if wanted != now:
        wishes[row] = wanted


def _keys_by_value(rows: Rows, wishes: dict[int, Value]) -> dict[Value, Keys]:
    by_value: dict[Value, list[int]] = {}
    for row, value in wishes.items():
        by_value.setdefault(value, []).append(row)
    return {value: rows.keys[np.array(chosen, np.int64)] for value, chosen in by_value.items()}
