"""Rows: written, opened, looked up."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from tlworkbench.data.rows import Rows, key_text
from tlworkbench.data.rows_writer import write_rows
from tlworkbench.errors import UserError


def _rows(path: Path, texts: list[str | None], labels: list[object], **options: object) -> Rows:
    file = path / "rows.arrow"
    write_rows(file, {"train": {"text": texts, "label": labels}}, **options)  # type: ignore[arg-type]
    return Rows.open(file)


def test_written_rows_are_read_back(tmp_path: Path) -> None:
    rows = _rows(tmp_path, ["bad", None, "good"], ["neg", None, "pos"], validation=0.0)
    assert len(rows) == 3
    assert rows.texts([2, 1, 0]) == ["good", "", "bad"]
    assert rows.meta.label_values == ("neg", "pos")
    assert rows.source_labels.tolist() == [0, -1, 1]
    assert rows.record(2) == {"text": "good", "label": "pos"}
    assert rows.columns == ("text", "label")
    assert [rows.split_name(row) for row in range(3)] == ["train"] * 3
    assert rows.text_column().to_pylist() == ["bad", "", "good"]


def test_rows_are_found_by_key_and_by_prefix(tmp_path: Path) -> None:
    rows = _rows(tmp_path, [f"text {n}" for n in range(20000)], ["a", "b"] * 10000)
    assert len(set(rows.keys.tolist())) == 20000
    some = rows.keys[[19999, 0, 9000]]
    assert rows.indices_of(some).tolist() == [19999, 0, 9000]
    assert rows.indices_of([int(some[0]), 1]).tolist() == [19999, -1]
    assert rows.index_of(int(some[2])) == 9000
    assert rows.index_of(1) is None
    assert rows.find_key(key_text(int(some[1]))) == int(some[1])
    assert rows.find_key(key_text(int(some[1]))[:12].upper()) == int(some[1])
    with pytest.raises(UserError, match="rows' keys begin with '0'"):
        rows.find_key("0")
    with pytest.raises(UserError, match="'xyz' is not a row's key"):
        rows.find_key("xyz")
    assert rows.text(9000) == "text 9000"
    assert rows.text(19999) == "text 19999"


def test_no_key_begins_with_a_strange_prefix(tmp_path: Path) -> None:
    rows = _rows(tmp_path, ["a"], ["x"])
    other = f"{(rows.keys[0] ^ np.uint64(1)):016x}"
    with pytest.raises(UserError, match="no row's key begins with"):
        rows.find_key(other)


def test_several_text_columns_are_joined(tmp_path: Path) -> None:
    file = tmp_path / "rows.arrow"
    columns: dict[str, list[object]] = {"title": ["A", None], "body": ["b", "c"], "stars": [2, 10]}
    write_rows(file, {"train": columns}, text=("title", "body"), label="stars")
    rows = Rows.open(file)
    assert rows.texts(range(2)) == ["A\nb", "\nc"]
    assert rows.text_column().to_pylist() == ["A\nb", "\nc"]
    assert rows.meta.label_values == ("2", "10")


def test_numbers_of_a_class_label_get_its_names(tmp_path: Path) -> None:
    rows = _rows(tmp_path, ["a", "b", "c", "d"], [1, -1, 0, 7], label_names=("zebra", "ant", "unused"))
    assert rows.meta.label_values == ("zebra", "ant", "unused")
    assert rows.source_labels.tolist() == [1, -1, 0, -1]


@pytest.mark.parametrize(
    ("labels", "values"),
    [
        (["10", "9", "1"], ("1", "9", "10")),
        ([1.0, 2.0, None], ("1", "2")),
        ([True, False, True], ("false", "true")),
        (["b", "C", "a"], ("a", "b", "C")),
        ([" pos", "pos ", ""], ("pos",)),
    ],
)
def test_labels_stand_in_natural_order(tmp_path: Path, labels: list[object], values: tuple[str, ...]) -> None:
    rows = _rows(tmp_path, ["x", "y", "z"], labels)
    assert rows.meta.label_values == values


def test_a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="does not exist") as caught:
        Rows.open(tmp_path / "rows.arrow")
    assert "tlworkbench open SOURCE" in caught.value.hint


@pytest.mark.parametrize("content", [b"", b"nonsense", b"ARROW1\0\0 and no more"])
def test_a_damaged_file_is_said_to_be_damaged(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "rows.arrow"
    file.write_bytes(content)
    with pytest.raises(UserError, match="is damaged"):
        Rows.open(file)


def test_an_arrow_file_of_somebody_else_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "rows.arrow"
    table = pa.table({"text": ["a"]})
    with pa.ipc.new_file(str(file), table.schema) as sink:
        sink.write_table(table)
    with pytest.raises(UserError, match="no file of rows"):
        Rows.open(file)
