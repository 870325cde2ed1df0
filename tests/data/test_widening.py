"""One schema for pieces that differ."""

import pyarrow as pa
import pytest

from tlworkbench.data.widening import fit, plain_table, wider_schema, wider_type


@pytest.mark.parametrize(
    ("one", "other", "wider"),
    [
        (pa.int64(), pa.int64(), pa.int64()),
        (pa.null(), pa.int8(), pa.int8()),
        (pa.int8(), pa.null(), pa.int8()),
        (pa.int8(), pa.int32(), pa.int64()),
        (pa.int64(), pa.float32(), pa.float64()),
        (pa.int64(), pa.string(), pa.string()),
        (pa.bool_(), pa.int64(), pa.string()),
        (pa.list_(pa.int64()), pa.string(), pa.string()),
        (pa.list_(pa.int64()), pa.list_(pa.string()), pa.string()),
    ],
)
def test_a_type_holds_both(one: pa.DataType, other: pa.DataType, wider: pa.DataType) -> None:
    assert wider_type(one, other) == wider


def test_values_of_both_pieces_survive() -> None:
    one = pa.table({"a": [1], "b": [{"x": "é"}], "c": [True]})
    other = pa.table({"a": [2.5], "d": ["new"], "b": ["plain"], "c": ["yes"]})
    schema = wider_schema(one.schema, other.schema)
    assert schema.names == ["a", "b", "c", "d"]
    assert pa.concat_tables([fit(one, schema), fit(other, schema)]).to_pylist() == [
        {"a": 1.0, "b": '{"x": "é"}', "c": "true", "d": None},
        {"a": 2.5, "b": "plain", "c": "yes", "d": "new"},
    ]


def test_names_that_come_twice_and_columns_of_ours() -> None:
    table = pa.table([["a"], ["b"], ["c"], [1]], names=["x", "x", "x.1", "tlworkbench.key"])
    assert plain_table(table).to_pylist() == [{"x": "a", "x.1": "b", "x.1.1": "c"}]
