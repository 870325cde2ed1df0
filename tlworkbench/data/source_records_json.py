"""JSON lines as records with their characters."""

import re
from collections.abc import Iterator
from functools import partial
from json import JSONDecodeError, JSONDecoder
from pathlib import Path
from typing import Any

import msgspec

from tlworkbench.data.label_codes import label_text
from tlworkbench.data.rows_meta import RowsMeta
from tlworkbench.data.source_records import SourceRecord, changed, free_name

_SPACE = re.compile(r"[ \t\r\n]*")
_PLAIN = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?|true|false")
_decoder = JSONDecoder()


def json_records(source: Path, meta: RowsMeta, columns: tuple[str, ...], plain: bool) -> Iterator[SourceRecord]:
    """All of `source` but a byte order mark; without a label column one is added to objects that get a label.

    columns: all that there are. plain: labels are numbers or truths, and new ones are written so where they can be.
    """
    name = meta.label or free_name(columns)
    with source.open(encoding="utf-8-sig", newline="") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                yield SourceRecord(number, line)
                continue
            try:
                object_ = _decoder.decode(line)
            except (JSONDecodeError, RecursionError) as error:
                raise changed(source, number) from error
            if not isinstance(object_, dict):
                raise changed(source, number)
            put = partial(_put, line, name, plain)
            yield SourceRecord(number, line, True, _text(object_, meta.text), _label(object_, meta.label), put)


def _text(object_: dict[str, Any], names: tuple[str, ...]) -> str | None:
    cells = ["" if object_.get(name) is None else object_[name] for name in names]
    return "\n".join(cells) if all(isinstance(cell, str) for cell in cells) else None


def _label(object_: dict[str, Any], name: str) -> str | None:
    value = object_.get(name)
    return None if not name or isinstance(value, dict | list) else label_text(value)


def _put(line: str, name: str, plain: bool, label: str) -> str:
    if not label:
        literal = "null"
    elif plain and _PLAIN.fullmatch(label):
        literal = label
    else:
        literal = msgspec.json.encode(label).decode()
    return _with_value(line, name, literal)


def _with_value(line: str, name: str, literal: str) -> str:
    """A line's object with another value under `name`; the pair is added at its end where there is none."""
    at = end = _after_space(line, line.index("{") + 1)
    span = None
    colon = comma = " "
    empty = line[at] == "}"
    while line[at] != "}":
        key, at = _decoder.raw_decode(line, at)
        after_colon = _after_space(line, at) + 1
        begin = _after_space(line, after_colon)
        colon = line[after_colon:begin]
        _, end = _decoder.raw_decode(line, begin)
        if key == name:
            # Of a name that comes twice the last value counts.
            span = (begin, end)
        at = _after_space(line, end)
        if line[at] == ",":
            after_comma, at = at + 1, _after_space(line, at + 1)
            comma = line[after_comma:at]
        elif comma == " ":
            comma = colon
    if span is not None:
        return line[: span[0]] + literal + line[span[1] :]
    pair = f"{msgspec.json.encode(name).decode()}:{colon}{literal}"
    return line[:end] + ("" if empty else f",{comma}") + pair + line[end:]


def _after_space(line: str, at: int) -> int:
    found = _SPACE.match(line, at)
    assert found is not None
    return found.end()
