"""Why a file could not be read: looks through it once more, after a failure, for the line and the byte at fault."""

import codecs
import csv
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tlworkbench.data.csv_files import read_head, wrong_width
from tlworkbench.errors import UserError

_BLOCK = 1 << 20
_BINARY = {"parquet": "Parquet", "arrow": "Arrow"}


def explain(path: Path, name: str, format_: str, error: BaseException) -> UserError:
    """The fault in `path` (called `name`) as an error for people; `error` is what the reader raised."""
    if isinstance(error, UserError):
        return error
    cause = _cause(error)
    if isinstance(cause, OSError) and cause.strerror:
        return UserError(f"{name} could not be read: {cause.strerror}", "Check the file and its rights.")
    if format_ in _BINARY:
        return UserError(
            f"{name} is damaged, or no {_BINARY[format_]} file: {_first_line(cause)}", "Write or copy it again."
        )
    found = _not_utf8(path, name)
    if found is None and format_ in ("csv", "tsv"):
        found = _broken_record(path, name, "\t" if format_ == "tsv" else "")
    return found or UserError(f"{name} could not be read: {_first_line(cause)}", "Check how it was written.")


def _cause(error: BaseException) -> BaseException:
    """The bottom of the chain: datasets wraps what went wrong."""
    while error.__cause__ is not None:
        error = error.__cause__
    return error


def _first_line(error: BaseException) -> str:
    text = str(error).strip() or type(error).__name__
    return text.splitlines()[0][:200]


def _not_utf8(path: Path, name: str) -> UserError | None:
    decoder = codecs.getincrementaldecoder("utf-8")("strict")
    lines = 0
    offset = 0
    with path.open("rb") as file:
        head = file.read(2)
        if head in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
            return UserError(f"{name} is UTF-16 text, not UTF-8", _iconv(name, "utf-16"))
        file.seek(0)
        while True:
            block = file.read(_BLOCK)
            pending = decoder.getstate()[0]
            try:
                decoder.decode(block, final=not block)
            except UnicodeDecodeError as error:
                data = pending + block
                line = lines + data.count(b"\n", 0, error.start) + 1
                byte = offset - len(pending) + error.start
                return UserError(
                    f"{name} line {line}: byte {byte} (0x{data[error.start]:02X}) is not UTF-8", _iconv(name, "latin1")
                )
            if not block:
                return None
            # A character cut by the end of the block holds no line break, so counting whole blocks is right.
            lines += block.count(b"\n")
            offset += len(block)


def _iconv(name: str, encoding: str) -> str:
    file = Path(name)
    return f"Convert it: iconv -f {encoding} -t utf-8 {file.name} > {file.stem}-utf8{file.suffix}"


def _broken_record(path: Path, name: str, delimiter: str) -> UserError | None:
    """The first record with too many fields, or the quote that stays open to the end of the file."""
    head = read_head(path, name, delimiter)
    begin = 1
    last = 1
    with path.open(encoding="utf-8-sig", newline="") as file, _any_field_size():
        reader = csv.reader(file, delimiter=head.delimiter)
        for fields in reader:
            if len(fields) > len(head.names):
                return wrong_width(name, begin, len(fields), len(head.names))
            last, begin = begin, reader.line_num + 1
    if _quote_open(path, last, head.delimiter):
        return UserError(f"{name} line {last}: a quote that opens there is never closed", "Close or double it.")
    return None


def _quote_open(path: Path, first_line: int, delimiter: str) -> bool:
    with path.open(encoding="utf-8-sig", newline="") as file, _any_field_size():
        lines = (line for number, line in enumerate(file, 1) if number >= first_line)
        try:
            for _ in csv.reader(lines, delimiter=delimiter, strict=True):
                pass
        except csv.Error as error:
            return "unexpected end" in str(error)
    return False


@contextmanager
def _any_field_size() -> Iterator[None]:
    before = csv.field_size_limit(sys.maxsize)
    try:
        yield
    finally:
        csv.field_size_limit(before)
