"""Writing `rows.arrow`: a part file that grows while a source is read, sealed into its final form at the end.

An IPC file's schema, and with it `RowsMeta`, is written first, but the labels, their order, which rows repeat others
and whether there is a validation split are known only when all rows are. So the rows go to a part file as they come
(readable meanwhile, see `data.part_file`), and sealing copies it batch by batch with the three columns of ours put
right. The copy is memory-mapped and takes a fraction of the time that reading the source took.
"""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from tlworkbench import atomic
from tlworkbench.data.keys import content_hashes, unique_keys
from tlworkbench.data.label_codes import LabelCodes
from tlworkbench.data.rows_meta import KEY, LABEL, MAX_BATCH_ROWS, OWN_COLUMNS, SPLIT, RowsMeta, encode_meta
from tlworkbench.data.rows_summary import RowsSummary, summarise
from tlworkbench.data.splits import BASE, cut_validation
from tlworkbench.data.widening import as_text, fit, plain_table, wider_schema
from tlworkbench.errors import UserError

FIRST_BATCH_ROWS = 256
"""The first batch is small, so that rows can be seen at once."""
NEW_LABELS = b"labels"
"""Key of a batch's metadata in a part file: JSON list of the labels that appear first in it."""
_TRAIN, _VALIDATION = BASE.index("train"), BASE.index("validation")
_MAX_BATCH_BYTES = 64 << 20
_OWN_FIELDS = [pa.field(KEY, pa.uint64()), pa.field(SPLIT, pa.int8()), pa.field(LABEL, pa.int32())]


class RowsWriter:
    """Collects the rows of a source in the file `part`; leaves no part file behind, however it ends.

    text, label: the columns chosen; label may be empty.
    label_names: names of a ClassLabel whose numbers the label column holds.
    validation: share of train cut off for validation where the source has no such split.
    """

    def __init__(
        self,
        part: Path,
        *,
        source: str,
        text: tuple[str, ...],
        label: str = "",
        label_names: tuple[str, ...] = (),
        validation: float = 0.2,
    ) -> None:
        self.rows = 0
        self._part = part
        self._meta = RowsMeta(source=source, text=text, label=label, label_values=label_names)
        self._validation = validation
        self._codes = LabelCodes(label, label_names)
        self._splits: list[str] = list(BASE)
        self._own: list[pa.Table] = []
        self._pending: pa.Table | None = None
        self._schema: pa.Schema | None = None
        self._sink: pa.ipc.RecordBatchFileWriter | None = None
        self._written = 0
        self._empty_texts = 0
        self._known_labels = len(label_names)

    def __enter__(self) -> "RowsWriter":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.discard()

    def write(self, split: str, table: pa.Table) -> None:
        """Add rows of a split; it may lack columns that others have, and bring new ones.

        Raises UserError when a text holds no valid UTF-8, the labels can't be labels, or the disk is full.
        """
        table = plain_table(table)
        own = self._own_columns(split, table)
        self._own.append(own)
        for name in table.column_names:
            own = own.append_column(name, table.column(name))
        self._widen(own.schema)
        own = fit(own, self._schema)
        self._pending = own if self._pending is None else pa.concat_tables([self._pending, own])
        self.rows += table.num_rows
        self._flush()

    def close(self) -> RowsSummary:
        """No more rows: write what is pending, make keys unique, order the labels, cut the validation split.

        Raises UserError when there are more labels than make sense.
        """
        self._flush(everything=True)
        if self._sink is not None:
            self._sink.close()
            self._sink = None
        own = pa.concat_tables(self._own).combine_chunks()
        values, places = self._codes.natural_order()
        contents, splits, labels = (own.column(name).to_numpy().copy() for name in OWN_COLUMNS)
        cut = self._validation > 0 and not (splits == _VALIDATION).any()
        if cut:
            splits[(splits == _TRAIN) & cut_validation(contents, self._validation)] = _VALIDATION
        if values:
            labels = np.where(labels < 0, np.int32(-1), places[labels])
        self._own = [pa.table([unique_keys(contents), splits, labels], schema=pa.schema(_OWN_FIELDS))]
        self._meta = msgspec.structs.replace(
            self._meta,
            splits=tuple(self._splits),
            label_values=values,
            split_rule=f"hash {self._validation:g}" if cut else "source",
        )
        return summarise(self._meta, splits, labels, self._empty_texts)

    def seal(self, path: Path, notes: Sequence[str] = ()) -> RowsMeta:
        """After `close`: put the finished file at `path`, which holds the old rows until that moment."""
        meta = msgspec.structs.replace(self._meta, notes=tuple(notes))
        assert self._schema is not None
        schema = self._schema.with_metadata(encode_meta(meta))
        own = self._own[0]
        done = 0
        with (
            _disk(path),
            atomic.replacing(path) as temporary,
            pa.memory_map(str(self._part)) as mapped,
            pa.ipc.new_file(str(temporary), schema) as sink,
        ):
            reader = pa.ipc.open_file(mapped)
            for number in range(reader.num_record_batches):
                batch = reader.get_batch(number)
                piece = own.slice(done, batch.num_rows).combine_chunks().to_batches()[0]
                columns = [*piece.columns, *batch.columns[len(_OWN_FIELDS) :]]
                sink.write_batch(pa.record_batch(columns, schema=schema))
                done += batch.num_rows
        self.discard()
        return meta

    def discard(self) -> None:
        """Forget everything: no part file is left."""
        if self._sink is not None:
            with contextlib.suppress(OSError):
                self._sink.close()
            self._sink = None
        self._part.unlink(missing_ok=True)

    def _own_columns(self, split: str, table: pa.Table) -> pa.Table:
        if split not in self._splits:
            self._splits.append(split)
        codes = np.full(table.num_rows, -1, np.int32)
        if self._meta.label and self._meta.label in table.column_names:
            codes = self._codes.encode(table.column(self._meta.label).combine_chunks())
        splits = np.full(table.num_rows, self._splits.index(split), np.int8)
        texts = self._texts(table)
        self._empty_texts += sum(not text.strip() for text in texts)
        return pa.table([content_hashes(texts), splits, codes], schema=pa.schema(_OWN_FIELDS))

    def _texts(self, table: pa.Table) -> list[str]:
        columns = []
        for name in self._meta.text:
            if name not in table.column_names:
                columns.append([""] * table.num_rows)
                continue
            cells = as_text(table.column(name)).to_pylist()
            columns.append(["" if cell is None else cell for cell in cells])
        return columns[0] if len(columns) == 1 else ["\n".join(parts) for parts in zip(*columns, strict=True)]

    def _widen(self, schema: pa.Schema) -> None:
        if self._schema is None:
            self._schema = schema
            return
        wider = wider_schema(self._schema, schema)
        if wider == self._schema:
            return
        self._schema = wider
        if self._pending is not None:
            self._pending = fit(self._pending, wider)
        if self._sink is not None:
            self._rewrite()

    def _rewrite(self) -> None:
        """Copy the part file into the wider schema; the old one stays readable until the new one takes its name."""
        assert self._sink is not None
        self._sink.close()
        old = self._part.with_suffix(".narrow")
        self._part.replace(old)
        try:
            sink = self._open()
            with pa.memory_map(str(old)) as mapped:
                reader = pa.ipc.open_file(mapped)
                for number in range(reader.num_record_batches):
                    batch, metadata = reader.get_batch_with_custom_metadata(number)
                    wide = fit(pa.Table.from_batches([batch]), self._schema).combine_chunks()
                    sink.write_batch(wide.to_batches()[0], custom_metadata=metadata)
        finally:
            old.unlink(missing_ok=True)

    def _open(self) -> Any:
        assert self._schema is not None
        with _disk(self._part):
            self._sink = pa.ipc.new_file(str(self._part), self._schema.with_metadata(encode_meta(self._meta)))
        return self._sink

    def _flush(self, everything: bool = False) -> None:
        if self._pending is None:
            return
        sink = self._sink or self._open()
        before = self._written
        with _disk(self._part):
            for batch in self._batches(self._pending, everything):
                sink.write_batch(batch, custom_metadata=self._new_labels())
                self._written += batch.num_rows
        self._pending = self._pending.slice(self._written - before)

    def _new_labels(self) -> dict[bytes, bytes]:
        new = self._codes.values[self._known_labels :]
        self._known_labels += len(new)
        return {NEW_LABELS: msgspec.json.encode(new)}

    def _batches(self, table: pa.Table, everything: bool) -> Iterator[Any]:
        size = MAX_BATCH_ROWS
        if table.nbytes > _MAX_BATCH_BYTES:
            # Long texts: offsets of 32 bits, and memory, want smaller batches.
            size = max(1, min(size, table.num_rows * _MAX_BATCH_BYTES // table.nbytes))
        begin = 0
        while begin < table.num_rows:
            rows = size if self._written else min(FIRST_BATCH_ROWS, size, table.num_rows)
            if table.num_rows - begin < rows and not everything:
                return
            yield table.slice(begin, rows).combine_chunks().to_batches()[0]
            begin += rows


def write_rows(
    path: Path,
    splits: Mapping[str, pa.Table | Mapping[str, Sequence[object]]],
    *,
    text: tuple[str, ...] = ("text",),
    label: str = "label",
    label_names: tuple[str, ...] = (),
    validation: float = 0.2,
    source: str = "memory",
) -> RowsMeta:
    """Write rows that are in memory: for each split a table, or a mapping of columns."""
    part = path.with_suffix(".part")
    with RowsWriter(
        part, source=source, text=text, label=label, label_names=label_names, validation=validation
    ) as writer:
        for split, columns in splits.items():
            writer.write(split, columns if isinstance(columns, pa.Table) else pa.table(dict(columns)))
        writer.close()
        return writer.seal(path)


@contextlib.contextmanager
def _disk(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UserError(
            f"{path} could not be written: {error.strerror or error}", "Free some space or check the folder's rights."
        ) from error
