"""The first rows of a source before anything of it is imported, so that there is something to see at once."""

from pathlib import Path

import numpy as np
import pyarrow as pa

from tlworkbench.data.columns import choose_columns
from tlworkbench.data.file_tables import open_tables
from tlworkbench.data.keys import content_hashes
from tlworkbench.data.label_codes import LabelCodes
from tlworkbench.data.part_file import unsettled_rows
from tlworkbench.data.rows import Rows
from tlworkbench.data.rows_meta import KEY, LABEL, SPLIT, RowsMeta
from tlworkbench.data.source import resolve_source
from tlworkbench.data.splits import BASE
from tlworkbench.data.widening import as_text, fit, plain_table, wider_schema
from tlworkbench.errors import UserError

LOOK_ROWS = 1000
"""Rows shown at most."""
_LOOK_BYTES = 2 << 20
"""Bytes of a file that are read for them."""


def first_look(source: str, text: tuple[str, ...] = (), label: str = "") -> Rows | None:
    """The first rows of a local source, in the order in which the import will have them; None for one from the Hub,
    or where nothing can be seen without reading more.

    Reads at most two megabytes of the first file (of a Parquet file its first rows). Columns are chosen as the import
    chooses them; keys of repeated texts and the validation split are not settled. Raises UserError like the import.
    """
    found = resolve_source(source)
    if found.kind == "hub":
        return None
    split, path = next((split, paths[0]) for split, paths in found.files.items())
    if found.format not in ("parquet", "arrow") and not _has_lines(path):
        return None
    file = open_tables(path, path.name, found.format)
    table: pa.Table | None = None
    for piece in file.tables(limit=_LOOK_BYTES):
        piece = plain_table(piece.slice(0, LOOK_ROWS))
        table = piece if table is None else _joined(table, piece)
        if table.num_rows >= LOOK_ROWS:
            break
    if table is None or not table.num_rows:
        raise UserError(f"{Path(source).name} has no rows", "Check how it was written.")
    table = table.slice(0, LOOK_ROWS).combine_chunks()
    columns = choose_columns(table, text, label, class_names=file.class_names)
    named = file.class_names.get(columns.label, ())
    codes = LabelCodes(columns.label, named)
    labels = (
        codes.encode(table.column(columns.label).combine_chunks())
        if columns.label
        else np.full(table.num_rows, -1, np.int32)
    )
    texts = zip(
        *([cell or "" for cell in as_text(table.column(name)).to_pylist()] for name in columns.text), strict=True
    )
    own = {
        KEY: content_hashes("\n".join(parts) for parts in texts),
        SPLIT: np.full(table.num_rows, BASE.index(split) if split in BASE else 0, np.int8),
        LABEL: labels,
    }
    meta = RowsMeta(source=source, text=columns.text, label=columns.label, label_values=named)
    whole = pa.table({**own, **dict(zip(table.column_names, table.columns, strict=True))})
    return unsettled_rows(whole, meta, codes.values)


def _has_lines(path: Path) -> bool:
    """Whether a line ends where one would look; else even the header could be of any length."""
    with path.open("rb") as file:
        content = file.read(_LOOK_BYTES)
    return len(content) < _LOOK_BYTES or b"\n" in content


def _joined(one: pa.Table, other: pa.Table) -> pa.Table:
    schema = wider_schema(one.schema, other.schema)
    return pa.concat_tables([fit(one, schema), fit(other, schema)])
