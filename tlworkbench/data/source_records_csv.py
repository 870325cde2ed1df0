"""CSV and TSV as records with their characters, read as the import reads them."""

import csv
import re
import sys
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path

from tlworkbench.data.csv_files import read_head
from tlworkbench.data.rows_meta import RowsMeta
from tlworkbench.data.source_records import AGAIN, SourceRecord, free_name
from tlworkbench.errors import UserError


def csv_records(source: Path, meta: RowsMeta, delimiter: str = "") -> Iterator[SourceRecord]:
    """All of `source` but a byte order mark; without a label column one is added to header and rows."""
    csv.field_size_limit(sys.maxsize)
    head = read_head(source, source.name, delimiter)
    names = head.names
    missing = sorted({*meta.text, meta.label} - {*names, ""})
    if missing:
        raise UserError(f"{source.name} has no column '{missing[0]}' any more", AGAIN)
    text = [names.index(name) for name in meta.text]
    labels = _LabelField(head.delimiter, names.index(meta.label) if meta.label else len(names))
    begun = False
    for line, characters, cells in _records(source, head.delimiter):
        if not begun:
            begun = any(cell.strip() for cell in cells)
            if begun and not meta.label:
                characters = labels.put(characters, free_name(names))
            yield SourceRecord(line, characters)
        elif _blank(cells, len(names)):
            yield SourceRecord(line, characters)
        else:
            cells = [*cells, *[""] * (len(names) - len(cells))]
            told = "\n".join([cells[number] for number in text])
            label = cells[labels.place] if meta.label else None
            if not meta.label:
                characters = labels.put(characters, "")
            yield SourceRecord(line, characters, True, told, label, partial(labels.put, characters))


def _records(source: Path, delimiter: str) -> Iterator[tuple[int, str, list[str]]]:
    """Records with the line they begin on and their characters."""
    consumed: list[str] = []

    def noted(lines: Iterable[str]) -> Iterator[str]:
        for line in lines:
            consumed.append(line)
            yield line

    with source.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(noted(file), delimiter=delimiter)
        line = 1
        for cells in reader:
            characters = "".join(consumed)
            consumed.clear()
            yield line, characters, cells
            line = reader.line_num + 1


def _blank(cells: list[str], width: int) -> bool:
    """Whether the import takes a record for an empty line; a pair of quotes is a cell."""
    if len(cells) == width > 1:
        return False
    return not cells or (len(cells) == 1 and cells[0] != "" and not cells[0].strip())


class _LabelField:
    """The field at one place of a record, as csv.reader cuts records into fields."""

    def __init__(self, delimiter: str, place: int) -> None:
        self.place = place
        self._delimiter = delimiter
        # In quotes with whatever follows them, or up to the next delimiter or line end.
        self._field = re.compile(f'(?:"(?:[^"]++|"")*+"?)?[^{re.escape(delimiter)}\r\n]*')

    def put(self, characters: str, value: str) -> str:
        """The record with another value there; fields that are missing before it are added."""
        begin = number = 0
        while True:
            match = self._field.match(characters, begin)
            assert match is not None
            if number == self.place:
                written = self._written(value, match[0].startswith('"'))
                return characters[:begin] + written + characters[match.end() :]
            if not characters.startswith(self._delimiter, match.end()):
                added = self._delimiter * (self.place - number) + self._written(value, False)
                return characters[: match.end()] + added + characters[match.end() :]
            begin = match.end() + 1
            number += 1

    def _written(self, value: str, quoted: bool) -> str:
        if quoted or value != value.strip() or any(c in value for c in (self._delimiter, '"', "\n", "\r")):
            return '"' + value.replace('"', '""') + '"'
        return value
