"""What `rows.arrow` says about itself: the three columns of ours and the metadata in its schema."""

from typing import Literal

import msgspec

ROWS_NAME = "rows.arrow"
"""Name of the file in a workspace."""
FORMAT: Literal[1] = 1
KEY = "tlworkbench.key"
"""uint64: names a row by its content, see `data.keys`."""
SPLIT = "tlworkbench.split"
"""int8: index into `RowsMeta.splits`."""
LABEL = "tlworkbench.label"
"""int32: index into `RowsMeta.label_values`; -1 where the source gives none."""
OWN_COLUMNS = (KEY, SPLIT, LABEL)
META_KEY = b"tlworkbench"
"""Key of `RowsMeta` as JSON in the schema's metadata."""
MAX_BATCH_ROWS = 8192


class RowsMeta(msgspec.Struct, frozen=True, kw_only=True):
    """Where the rows come from and what their columns mean."""

    format: int = FORMAT
    source: str = ""
    """The file, folder or Hub id, as it was given."""
    text: tuple[str, ...] = ()
    """Columns that make up the text, joined by a line break."""
    label: str = ""
    """Column of the source's labels; empty where there is none."""
    splits: tuple[str, ...] = ("train", "validation", "test")
    label_values: tuple[str, ...] = ()
    """The distinct labels: names of a ClassLabel in its order, else numbers by value, else by alphabet."""
    split_rule: str = "source"
    """`source`, or `hash 0.2` where that share of train was cut off for validation."""
    notes: tuple[str, ...] = ()
    """What the user was told while importing."""


def encode_meta(meta: RowsMeta) -> dict[bytes, bytes]:
    """Schema metadata that holds `meta`."""
    return {META_KEY: msgspec.json.encode(meta)}


def decode_meta(metadata: dict[bytes, bytes] | None) -> RowsMeta:
    """Read it back; raises msgspec.DecodeError or KeyError where a file is not one of ours."""
    return msgspec.json.decode((metadata or {})[META_KEY], type=RowsMeta)
