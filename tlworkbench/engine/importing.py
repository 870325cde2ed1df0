"""The import job: a source's rows into `rows.arrow`, which the workspace gets only when all of them are there."""

import math
import time
from typing import Any

import pyarrow as pa

from tlworkbench.data.columns import Columns, choose_columns, looks_like_data
from tlworkbench.data.part_file import PART_NAME
from tlworkbench.data.rows_meta import ROWS_NAME
from tlworkbench.data.rows_writer import RowsWriter
from tlworkbench.data.source import Source, resolve_source
from tlworkbench.data.widening import plain_table
from tlworkbench.engine.context import JobContext
from tlworkbench.engine.import_files import file_parts
from tlworkbench.engine.import_parts import Part
from tlworkbench.engine.import_remarks import cut_in_words, rows_in_words, warnings_on
from tlworkbench.errors import UserError
from tlworkbench.jobs.events import Finished
from tlworkbench.jobs.folder import list_jobs
from tlworkbench.jobs.spec import ImportSpec

_EVERY = 0.2
"""Seconds between two words on progress."""
_PACE_SECONDS = 0.5
"""Before that a pace is a guess."""


def run(context: JobContext, spec: ImportSpec) -> Finished:
    """Import `spec.source`. The workspace's old rows stand until the new ones are complete, and stay on any failure."""
    _sweep(context)
    try:
        return _Import(context, spec).run()
    except _StopAsked:
        return Finished(status="stopped", what="stopped; the workspace is as it was")


class _StopAsked(Exception):
    pass


class _Import:
    """One import: what it has told the user so far, and how far it is."""

    def __init__(self, context: JobContext, spec: ImportSpec) -> None:
        self._context = context
        self._spec = spec
        self._notes: list[str] = []
        self._told_at = -math.inf

    def run(self) -> Finished:
        source = resolve_source(self._spec.source)
        parts = self._parts(source)
        columns = self._columns(parts)
        with RowsWriter(
            self._context.job.path / PART_NAME,
            source=self._spec.source,
            text=columns.text,
            label=columns.label,
            label_names=_label_names(parts, columns.label),
            validation=self._spec.validation,
        ) as writer:
            self._write(writer, parts, columns)
            summary = writer.close()
            if summary.cut:
                self._note(cut_in_words(summary, self._spec.validation))
            for text in warnings_on(summary):
                self._note(text, warning=True)
            self._breathe()
            writer.seal(self._context.workspace / ROWS_NAME, self._notes)
        return self._context.done(
            rows_in_words(summary),
            rows=sum(summary.rows.values()),
            splits=summary.rows,
            columns={"text": list(columns.text), "label": columns.label},
            labels=summary.labels,
            why=columns.why,
        )

    def _parts(self, source: Source) -> list[Part]:
        if source.kind == "hub":
            from tlworkbench.engine.import_hub import hub_parts

            self._note(f"'{source.id}' is no file or folder here, so it is looked for on the Hub")
            return hub_parts(
                source, self._spec.split, lambda size: self._tell(f"fetching {source.id}", size, unit="bytes")
            )
        parts = []
        for part in file_parts(source):
            self._breathe()
            parts.append(part)
        if len(parts) > 1:
            self._note("splits by file name: " + "; ".join(_files_of(split, parts) for split in source.files))
        if not self._spec.split:
            return parts
        from tlworkbench.engine.import_splits import select

        return select(parts, self._spec.split, self._breathe)

    def _columns(self, parts: list[Part]) -> Columns:
        for part in parts:
            sample = next((plain_table(table) for table in part.tables() if table.num_rows), None)
            if sample is not None:
                break
        else:
            what = "a header but no rows" if any(part.header for part in parts) else "no rows"
            raise UserError(f"{self._spec.source} has {what}", "Check how it was written.")
        columns = choose_columns(sample, self._spec.text, self._spec.label, class_names=part.class_names)
        self._note(columns.why)
        if part.header and looks_like_data(part.header, sample):
            head = ", ".join(f"'{name[:30]}'" for name in part.header[:4])
            self._note(
                f"the first line of {part.name} looks like a row, not like column names ({head}): if the file has no"
                " header, put one on top, as in text,label",
                warning=True,
            )
        return columns

    def _write(self, writer: RowsWriter, parts: list[Part], columns: Columns) -> None:
        total = sum(part.rows for part in parts) if all(part.rows for part in parts) else 0
        size = sum(part.size for part in parts) if all(part.size for part in parts) else 0
        began, read = time.monotonic(), 0
        for part in parts:

            def tell(part: Part = part, before: int = read) -> None:
                position = before + part.position()
                self._tell(
                    f"importing {part.name}",
                    writer.rows,
                    total,
                    bytes_done=min(position, size),
                    bytes_total=size,
                    seconds_left=_left(time.monotonic() - began, position, size),
                )

            tell()
            for number, table in enumerate(table for table in part.tables() if table.num_rows):
                if not number:
                    self._check_columns(part, table, columns)
                writer.write(part.split, table)
                tell()
            read += part.size
        self._tell(
            "putting the rows in place", writer.rows, writer.rows, at_once=True, bytes_done=size, bytes_total=size
        )

    def _check_columns(self, part: Part, table: pa.Table, columns: Columns) -> None:
        there = table.column_names
        for name in columns.text:
            if name not in there:
                raise UserError(
                    f"{part.name} has no column '{name}'; there are: {', '.join(there)}",
                    "All files of a source need the same columns.",
                )
        if columns.label and columns.label not in there:
            self._note(f"{part.name} has no column '{columns.label}': its rows begin unlabelled", warning=True)

    def _note(self, text: str, warning: bool = False) -> None:
        self._notes.append(text)
        self._context.note(text, warning)

    def _tell(
        self, what: str, done: int, total: int = 0, unit: str = "rows", at_once: bool = False, **more: Any
    ) -> None:
        self._breathe()
        now = time.monotonic()
        if at_once or now - self._told_at >= _EVERY:
            self._told_at = now
            self._context.progress(what, done, total, unit, **more)

    def _breathe(self) -> None:
        if self._context.stop_requested:
            raise _StopAsked


def _left(seconds: float, done: int, total: int) -> float:
    """Seconds left at the pace so far; -1 while that says nothing yet."""
    return seconds * (total - done) / done if seconds >= _PACE_SECONDS and 0 < done <= total else -1.0


def _label_names(parts: list[Part], label: str) -> tuple[str, ...]:
    names = {part.class_names[label] for part in parts if label in part.class_names}
    if len(names) > 1:
        raise UserError(
            f"the files name the classes of '{label}' differently", "Give all of them the same class names."
        )
    return names.pop() if names else ()


def _files_of(split: str, parts: list[Part]) -> str:
    names = [part.name for part in parts if part.split == split]
    return f"{split} from {', '.join(names[:3])}" + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _sweep(context: JobContext) -> None:
    """Remove what imports that were killed left behind."""
    others = [job for job in list_jobs(context.job.path.parent, "import") if job.number != context.job.number]
    ended = [job for job in others if job.state().ended]
    for job in ended:
        (job.path / PART_NAME).unlink(missing_ok=True)
    if len(ended) == len(others):
        for path in context.workspace.glob(f".{ROWS_NAME}.*"):
            path.unlink(missing_ok=True)
