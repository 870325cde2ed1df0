"""Files of texts to predict: lines, CSV, JSON lines, Parquet; read as records, chunk by chunk."""

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from tlworkbench.errors import UserError, nearest
from tlworkbench.inference.text_encoder import without_surrogates

Record = dict[str, Any]
CHUNK_ROWS = 512
FORMATS = (".txt", ".csv", ".tsv", ".jsonl", ".parquet")
_LOOK = 200
"""Records looked at to find the text column."""


@dataclass
class BatchSource:
    """An opened file: how many records it has and which columns, before any is predicted."""

    path: Path
    rows: int = 0
    columns: dict[str, set[type]] = field(default_factory=dict)
    """Column names in their order, each with the Python types of its values."""
    schema: Any = None
    """The Arrow schema of a Parquet file."""

    @classmethod
    def open(cls, path: Path) -> "BatchSource":
        """Read through the file once; raises UserError that names the line where it can't be read."""
        if path.suffix.lower() not in FORMATS:
            raise UserError(f"{path.name} is of no kind that can be read", f"Kinds: {', '.join(FORMATS)}.")
        source = cls(path)
        try:
            if path.suffix.lower() == ".parquet":
                source._look_at_parquet()
            else:
                for record in source._records():
                    source.rows += 1
                    for name, value in record.items():
                        source.columns.setdefault(name, set()).add(type(value))
        except FileNotFoundError:
            raise UserError(f"there is no {path}", "Check the path.") from None
        except OSError as error:
            raise UserError(f"{path} can't be read: {error.strerror or error}", "Check the file.") from error
        return source

    def chunks(self) -> Iterator[list[Record]]:
        """Yield the records in order, at most CHUNK_ROWS at a time."""
        records = self._records()
        while chunk := list(islice(records, CHUNK_ROWS)):
            yield chunk

    def text_columns(self, wanted: str = "") -> tuple[str, ...]:
        """The columns that make up the text: those asked for (`a` or `a,b`), else `text`, else the wordiest one."""
        if wanted:
            names = (wanted,) if wanted in self.columns else tuple(name.strip() for name in wanted.split(","))
            for name in names:
                if name not in self.columns:
                    raise UserError(f"{self.path.name} has no column '{name}'", nearest(name, self.columns))
            return names
        named = [name for name in self.columns if name.lower() == "text"]
        if named or not self.rows:
            return tuple(named[:1]) or ("text",)
        look = list(islice(self._records(), _LOOK))
        words = {name: sum(_words(record.get(name)) for record in look) for name in self.columns}
        best = max(words, key=lambda name: words[name])
        if not words[best]:
            raise UserError(f"{self.path.name} has no column of text", f"There are: {', '.join(self.columns)}.")
        return (best,)

    def _records(self) -> Iterator[Record]:
        kind = self.path.suffix.lower()
        if kind == ".txt":
            return self._lines_of_text()
        if kind == ".jsonl":
            return self._json_lines()
        if kind == ".parquet":
            return self._parquet()
        return self._separated()

    def _lines_of_text(self) -> Iterator[Record]:
        with self.path.open(encoding="utf-8-sig", errors="replace", newline="\n") as file:
            for line in file:
                yield {"text": line.rstrip("\r\n")}

    def _json_lines(self) -> Iterator[Record]:
        with self.path.open(encoding="utf-8-sig", errors="replace", newline="\n") as file:
            for number, line in enumerate(file, 1):
                if not line.strip():
                    continue
                try:
                    record = json.loads(line)
                except ValueError as error:
                    raise UserError(f"{self.path}, line {number}: {error}", "Mend that line.") from error
                if not isinstance(record, dict):
                    raise UserError(f"{self.path}, line {number} is no object", 'Write {"text": "…"} on each line.')
                yield {name: _clean(value) for name, value in record.items()} if "\\ud" in line.lower() else record

    def _separated(self) -> Iterator[Record]:
        # The standard limit of 128 KiB a field is less than one long review with its thread.
        csv.field_size_limit(1 << 30)
        with self.path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
            head = file.readline()
            file.seek(0)
            reader = csv.reader(file, delimiter=max(",\t;", key=head.count))
            names = next(reader, [])
            if len(set(names)) != len(names):
                raise UserError(f"{self.path.name} has two columns of one name: {', '.join(names)}", "Rename one.")
            try:
                for values in reader:
                    if len(values) > len(names):
                        raise UserError(
                            f"{self.path}, line {reader.line_num} has {len(values)} fields, the head {len(names)}",
                            "Put fields that hold a separator in quotes.",
                        )
                    if values:
                        yield dict(zip(names, [*values, *[""] * (len(names) - len(values))], strict=True))
            except csv.Error as error:
                raise UserError(f"{self.path}, line {reader.line_num}: {error}", "Mend that line.") from error

    def _look_at_parquet(self) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            with pq.ParquetFile(self.path) as file:
                self.rows, self.schema = file.metadata.num_rows, file.schema_arrow
        except pa.ArrowInvalid as error:
            raise UserError(f"{self.path} is not a Parquet file: {error}", "Check the file.") from error
        self.columns = {name: set() for name in self.schema.names}

    def _parquet(self) -> Iterator[Record]:
        import pyarrow.parquet as pq

        with pq.ParquetFile(self.path) as file:
            for batch in file.iter_batches(CHUNK_ROWS):
                yield from batch.to_pylist()


def text_of(record: Record, columns: tuple[str, ...]) -> str:
    """The text of a record: its columns joined by line breaks, as in training; nothing for what is missing."""
    return "\n".join("" if (value := record.get(name)) is None else str(value) for name in columns)


def _words(value: object) -> int:
    # Letters, not length, so that a column of numbers or dates never wins.
    return sum(letter.isalpha() for letter in value) if isinstance(value, str) else 0


def _clean(value: object) -> object:
    return without_surrogates(value) if isinstance(value, str) else value
