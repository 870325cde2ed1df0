"""Looking into a file of rows that is still being written."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa

from tlworkbench.data.label_codes import ordered_labels
from tlworkbench.data.rows import Rows
from tlworkbench.data.rows_meta import LABEL, RowsMeta, decode_meta
from tlworkbench.data.rows_writer import NEW_LABELS

PART_NAME = "rows.part"
"""Name of the part file in the folder of an import job."""
_MAGIC = 8
"""Bytes before the stream that an IPC file wraps: `ARROW1` and padding."""


def read_part(path: Path, limit: int = 0) -> Rows | None:
    """The complete rows of a part file, mapped into memory; `limit` at most where that is not 0.

    None while there are none, or when the file has gone. Keys of repeated texts and the validation split are settled
    only when all rows are known; labels stand in natural order among those seen so far.
    """
    batches: list[pa.RecordBatch] = []
    labels: list[str] = []
    count = 0
    try:
        with pa.memory_map(str(path)) as file:
            file.seek(_MAGIC)
            reader = pa.ipc.open_stream(file)
            meta = decode_meta(reader.schema.metadata)
            while not limit or count < limit:
                batch, metadata = reader.read_next_batch_with_custom_metadata()
                batches.append(batch)
                count += batch.num_rows
                labels += msgspec.json.decode((metadata or {}).get(NEW_LABELS, b"[]"), type=list[str])
    except (OSError, pa.ArrowInvalid, StopIteration):
        # The end of what is written so far, maybe in the middle of a batch.
        pass
    if not batches:
        return None
    table = pa.Table.from_batches(batches)
    return unsettled_rows(table.slice(0, limit) if limit else table, meta, labels)


def unsettled_rows(table: pa.Table, meta: RowsMeta, labels: Sequence[str]) -> Rows:
    """Rows whose column of labels counts `labels` as they appeared, or the names of `meta` where there are some."""
    if meta.label_values:
        return Rows(table, meta)
    names, places = ordered_labels(labels)
    codes = np.asarray(table.column(LABEL).to_numpy(), np.int32)
    # One more place, so that -1 stays -1.
    settled = np.append(places, np.int32(-1))[codes].astype(np.int32)
    table = table.set_column(table.schema.get_field_index(LABEL), LABEL, pa.array(settled))
    return Rows(table, msgspec.structs.replace(meta, label_values=names))
