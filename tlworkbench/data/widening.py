"""Pieces of one dataset whose columns differ a little: one schema that holds them all."""

import json
from itertools import count

import pyarrow as pa
import pyarrow.compute as pc

from tlworkbench.data.rows_meta import OWN_COLUMNS
from tlworkbench.errors import UserError


def plain_table(table: pa.Table) -> pa.Table:
    """The table with ordinary columns: dictionaries decoded, large and view strings as string, no metadata.

    Columns of ours (of a file written by this program) are left out; a name that comes twice gets `.1`.
    Raises UserError for strings that are not UTF-8.
    """
    columns: dict[str, pa.ChunkedArray] = {}
    for name, column in zip(table.column_names, table.columns, strict=True):
        if name in OWN_COLUMNS:
            continue
        free = name if name not in columns else next(f"{name}.{n}" for n in count(1) if f"{name}.{n}" not in columns)
        columns[free] = _plain_column(name, column)
    return pa.table(columns)


def wider_schema(one: pa.Schema, other: pa.Schema) -> pa.Schema:
    """The columns of both, `one`'s first; a column whose types differ gets the one that can hold both."""
    fields = [
        pa.field(
            field.name,
            wider_type(field.type, other.field(field.name).type) if field.name in other.names else field.type,
        )
        for field in one
    ]
    return pa.schema([*fields, *(pa.field(field.name, field.type) for field in other if field.name not in one.names)])


def wider_type(one: pa.DataType, other: pa.DataType) -> pa.DataType:
    """A type that holds the values of both; text where nothing narrower does."""
    if one == other or pa.types.is_null(other):
        return one
    if pa.types.is_null(one):
        return other
    if pa.types.is_integer(one) and pa.types.is_integer(other):
        return pa.int64()
    if _is_number(one) and _is_number(other):
        return pa.float64()
    return pa.string()


def fit(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """`table` in the columns of `schema`: missing ones are null, wider ones cast, lists and objects written as JSON."""
    columns = [
        _cast(table.column(field.name), field.type)
        if field.name in table.column_names
        else pa.nulls(table.num_rows, field.type)
        for field in schema
    ]
    return pa.table(columns, schema=schema)


def as_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """The column as strings; lists and objects as JSON."""
    return _cast(column, pa.string())


def _plain_column(name: str, column: pa.ChunkedArray) -> pa.ChunkedArray:
    if isinstance(column.type, pa.BaseExtensionType):
        column = pa.chunked_array([chunk.storage for chunk in column.chunks], column.type.storage_type)
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_large_string(column.type) or pa.types.is_string_view(column.type):
        column = column.cast(pa.string())
    if pa.types.is_string(column.type):
        try:
            column.validate(full=True)
        except pa.ArrowInvalid as error:
            raise UserError(
                f"column '{name}' holds bytes that are not UTF-8 text", "Write the source again as UTF-8."
            ) from error
    return column


def _cast(column: pa.ChunkedArray, type_: pa.DataType) -> pa.ChunkedArray:
    if column.type == type_:
        return column
    if pa.types.is_string(type_) and pa.types.is_nested(column.type):
        texts = [
            None if value is None else json.dumps(value, ensure_ascii=False, default=str)
            for value in column.to_pylist()
        ]
        return pa.chunked_array([pa.array(texts, pa.string())])
    return pc.cast(column, type_)


def _is_number(type_: pa.DataType) -> bool:
    return bool(pa.types.is_integer(type_) or pa.types.is_floating(type_))
