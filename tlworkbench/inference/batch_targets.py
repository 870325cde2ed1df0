"""Files of predictions: CSV, JSON lines, Parquet; written chunk by chunk."""

import csv
import json
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

from tlworkbench.errors import UserError
from tlworkbench.inference.batch_sources import BatchSource, Record

FORMATS = (".csv", ".jsonl", ".parquet")


class Target(AbstractContextManager["Target"], Protocol):
    """Where predicted records go."""

    def write(self, records: Sequence[Record]) -> None:
        """Append records, each with all columns."""


def open_target(path: Path, kind: str, source: BatchSource, added: Mapping[str, type]) -> Target:
    """Open `path` as a file of `kind` (a suffix in FORMATS) for the columns of `source` and those added."""
    if kind == ".csv":
        return _Csv(path, [*source.columns, *added])
    if kind == ".jsonl":
        return _JsonLines(path)
    return _Parquet(path, source, added)


def check_target(path: Path, source: Path) -> str:
    """The kind of file `path` asks for; raises UserError before any work is done on what can't be written."""
    kind = path.suffix.lower()
    if kind not in FORMATS:
        raise UserError(f"{path.name} is of no kind that can be written", f"Kinds: {', '.join(FORMATS)}.")
    if not path.parent.is_dir():
        raise UserError(f"there is no folder {path.parent}", "Make it first, or write elsewhere.")
    if path.exists() and source.exists() and path.samefile(source):
        raise UserError(f"{path} is the file that is read", "Write to another one.")
    return kind


class _Text:
    def __init__(self, path: Path) -> None:
        self.file = path.open("w", encoding="utf-8", errors="replace", newline="")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.file.close()


class _Csv(_Text):
    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        super().__init__(path)
        self._writer = csv.DictWriter(self.file, columns, lineterminator="\n")
        self._writer.writeheader()

    def write(self, records: Sequence[Record]) -> None:
        self._writer.writerows({name: _flat(value) for name, value in record.items()} for record in records)


class _JsonLines(_Text):
    def write(self, records: Sequence[Record]) -> None:
        self.file.writelines(json.dumps(record, ensure_ascii=False, default=str) + "\n" for record in records)


class _Parquet:
    def __init__(self, path: Path, source: BatchSource, added: Mapping[str, type]) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        fields = (
            list(source.schema) if source.schema else [(name, _arrow(kinds)) for name, kinds in source.columns.items()]
        )
        self._schema = pa.schema([*fields, *((name, _arrow({kind})) for name, kind in added.items())])
        self._texts = {name for name, kinds in source.columns.items() if kinds and _arrow(kinds) == pa.string()}
        self._writer = pq.ParquetWriter(path, self._schema)

    def write(self, records: Sequence[Record]) -> None:
        import pyarrow as pa

        rows = [
            {name: _flat(value) if name in self._texts else value for name, value in record.items()}
            for record in records
        ]
        try:
            self._writer.write_table(pa.Table.from_pylist(rows, schema=self._schema))
        except (pa.ArrowException, OverflowError) as error:
            raise UserError(f"a row doesn't fit into Parquet: {error}", "Write .jsonl or .csv instead.") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.close()


def _flat(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, dict | list | bool) else str(value)


def _arrow(kinds: set[type]) -> Any:
    import pyarrow as pa

    known = kinds - {type(None)}
    if known == {bool}:
        return pa.bool_()
    if known == {int}:
        return pa.int64()
    if known and known <= {int, float}:
        return pa.float64()
    return pa.string()
