"""The first rows of a source before its import: the same rows, columns and labels as the import will have."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tlworkbench.data.file_tables import open_tables
from tlworkbench.data.first_look import LOOK_ROWS, first_look
from tlworkbench.data.rows_writer import write_rows
from tlworkbench.errors import UserError

COUNT = 3000
TABLE = pa.table(
    {"id": range(COUNT), "text": [f"text {n}, é" for n in range(COUNT)], "mood": ["sad", "glad", None] * (COUNT // 3)}
)


def _csv(path: Path) -> None:
    lines = [f'{n},"{text}",{mood or ""}' for n, text, mood in zip(*TABLE.to_pydict().values(), strict=True)]
    path.write_text("\n".join(["id,text,mood", *lines]))


def _jsonl(path: Path) -> None:
    path.write_text("\n".join(json.dumps(row) for row in TABLE.to_pylist()))


def _parquet(path: Path) -> None:
    pq.write_table(TABLE, path)


def _arrow(path: Path) -> None:
    with pa.ipc.new_file(str(path), TABLE.schema) as sink:
        sink.write_table(TABLE)


@pytest.mark.parametrize(
    ("name", "write"), [("a.csv", _csv), ("a.jsonl", _jsonl), ("a.parquet", _parquet), ("a.arrow", _arrow)]
)
def test_the_first_rows_are_those_of_the_import(tmp_path: Path, name: str, write: object) -> None:
    write(tmp_path / name)  # type: ignore[operator]
    rows = first_look(str(tmp_path / name))
    assert rows is not None and len(rows) == LOOK_ROWS
    assert rows.text(999) == "text 999, é" and str(rows.record(999)["id"]) == "999"
    assert rows.meta.label_values == ("glad", "sad") and rows.source_labels[:3].tolist() == [1, 0, -1]
    write_rows(tmp_path / "rows.arrow", {"train": TABLE}, text=rows.meta.text, label=rows.meta.label)
    from tlworkbench.data.rows import Rows

    assert Rows.open(tmp_path / "rows.arrow").keys[:LOOK_ROWS].tolist() == rows.keys.tolist()


def test_a_record_that_the_look_cuts_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tlworkbench.data.first_look._LOOK_BYTES", 62)
    (tmp_path / "a.csv").write_text('text,label\n"a first text",x\n' + '"a text\nof\nmany lines",y\n' * 50)
    rows = first_look(str(tmp_path / "a.csv"))
    assert rows is not None
    assert [rows.text(row) for row in range(len(rows))] == ["a first text", "a text\nof\nmany lines"]


def test_only_the_beginning_of_a_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"text,label\n" + b"a text of some length,x\n" * 200_000 + b"caf\xe9,y\n")
    file = open_tables(tmp_path / "a.csv", "a.csv", "csv")
    assert sum(table.num_rows for table in file.tables(limit=1 << 20)) < 60_000
    assert 0 < file.position < 3 << 20
    with pytest.raises(UserError, match="line 200002"):
        list(file.tables())


def test_one_endless_line_is_not_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tlworkbench.data.first_look._LOOK_BYTES", 1000)
    (tmp_path / "a.jsonl").write_text('[{"text": "a"}, ' * 1000)
    assert first_look(str(tmp_path / "a.jsonl")) is None


def test_what_is_wrong_is_said_as_the_import_says_it(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("n,m\n1,2\n")
    with pytest.raises(UserError, match="no column holds text"):
        first_look(str(tmp_path / "a.csv"))
    assert first_look("some/dataset") is None
