"""The head of a CSV or TSV file: its delimiter and the names of its columns."""

import csv
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path

from tlworkbench.errors import UserError

_DELIMITERS = (",", ";", "\t", "|")
_NAMES = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
_LOOK = 20


@dataclass(frozen=True)
class CsvHead:
    """Delimiter, and column names: blanks around them cut, empty ones numbered, doubled ones with `.1`."""

    delimiter: str
    names: tuple[str, ...]

    @property
    def delimiter_name(self) -> str:
        """As a person says it: `commas`."""
        return _NAMES[self.delimiter]


def read_head(path: Path, name: str, delimiter: str = "") -> CsvHead:
    """Read the header of `path`, called `name` in errors; `delimiter` is found in the header when empty.

    Raises UserError when there is no header, a quote in it is never closed, or the first row doesn't fit it.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        line = next((line for line in file if line.strip()), "")
        delimiter = delimiter or _sniff(line)
        file.seek(0)
        records = _records(file, delimiter)
        try:
            header, _ = next(records, ([], 0))
        except csv.Error as error:
            raise UserError(
                f"{name} line 1: a quote that opens there is never closed", "Close or double it."
            ) from error
        if not header:
            raise UserError(f"{name} has no header: it holds blank lines only", "Check how it was written.")
        # What is wrong further down is found by reading the file.
        with suppress(csv.Error):
            for fields, line_number in islice(records, _LOOK):
                if len(fields) > len(header):
                    raise wrong_width(name, line_number, len(fields), len(header))
    return CsvHead(delimiter, _column_names(header))


def wrong_width(name: str, line: int, fields: int, expected: int) -> UserError:
    """The error of a line with more fields than there are columns."""
    return UserError(
        f"{name} line {line}: {fields} fields where the header has {expected}",
        "Put quotes around a field that holds the delimiter.",
    )


def _records(file: Iterator[str], delimiter: str) -> Iterator[tuple[list[str], int]]:
    """Records that are not blank, each with the number of its first line."""
    reader = csv.reader(file, delimiter=delimiter, strict=True)
    begin = 1
    for fields in reader:
        if any(field.strip() for field in fields):
            yield fields, begin
        begin = reader.line_num + 1


def _sniff(line: str) -> str:
    outside = "".join(line.split('"')[::2])
    return max(_DELIMITERS, key=outside.count) if any(map(outside.count, _DELIMITERS)) else ","


def _column_names(header: list[str]) -> tuple[str, ...]:
    names: list[str] = []
    for number, field in enumerate(header, 1):
        name = field.strip() or f"column {number}"
        names.append(name if name not in names else next(f"{name}.{n}" for n in count(1) if f"{name}.{n}" not in names))
    return tuple(names)
