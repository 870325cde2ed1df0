"""Looking into a file of rows that is still being written."""

from pathlib import Path

import msgspec
import pyarrow as pa

from tlworkbench.data.rows import Rows
from tlworkbench.data.rows_meta import decode_meta
from tlworkbench.data.rows_writer import NEW_LABELS

PART_NAME = "rows.part"
"""Name of the part file in the folder of an import job."""
_MAGIC = 8
"""Bytes before the stream that an IPC file wraps: `ARROW1` and padding."""


def read_part(path: Path, limit: int = 1000) -> Rows | None:
    """The first complete rows of a part file, `limit` at most; None while there are none, or when the file has gone.

    Keys of repeated texts and the validation split are settled only when all rows are known; labels stand in order of
    appearance.
    """
    batches: list[pa.RecordBatch] = []
    labels: list[str] = []
    try:
        with pa.OSFile(str(path)) as file:
            file.seek(_MAGIC)
            reader = pa.ipc.open_stream(file)
            meta = decode_meta(reader.schema.metadata)
            while sum(batch.num_rows for batch in batches) < limit:
                batch, metadata = reader.read_next_batch_with_custom_metadata()
                batches.append(batch)
                labels += msgspec.json.decode((metadata or {}).get(NEW_LABELS, b"[]"), type=list[str])
    except (OSError, pa.ArrowInvalid, StopIteration):
        # The end of what is written so far, maybe in the middle of a batch.
        pass
    if not batches:
        return None
    meta = msgspec.structs.replace(meta, label_values=tuple(labels))
    return Rows(pa.Table.from_batches(batches).slice(0, limit), meta)
