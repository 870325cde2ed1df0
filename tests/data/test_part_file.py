"""Looking into rows that are still being written."""

from pathlib import Path

import pyarrow as pa
import pytest

from tlworkbench.data.part_file import read_part
from tlworkbench.data.rows import Rows
from tlworkbench.data.rows_writer import RowsWriter
from tlworkbench.errors import UserError


def _table(first: int, count: int) -> pa.Table:
    rows = range(first, first + count)
    return pa.table({"text": [f"text {n}" for n in rows], "label": ["ba"[n % 2] for n in rows]})


def _writer(path: Path) -> RowsWriter:
    return RowsWriter(path / "rows.part", source="memory", text=("text",), label="label", validation=0.0)


def test_rows_are_read_while_the_writer_is_open(tmp_path: Path) -> None:
    part = tmp_path / "rows.part"
    with _writer(tmp_path) as writer:
        assert read_part(part) is None
        writer.write("train", _table(0, 100))
        seen = read_part(part)
        assert seen is not None and len(seen) == 100
        writer.write("train", _table(100, 20000))
        seen = read_part(part, limit=150)
        assert seen is not None
        assert seen.texts(range(150)) == [f"text {n}" for n in range(150)]
        assert seen.meta.label_values == ("a", "b")
        assert seen.source_labels[:3].tolist() == [1, 0, 1]
        writer.write("test", _table(20100, 5))
        writer.close()
        writer.seal(tmp_path / "rows.arrow")
    assert read_part(part) is None
    rows = Rows.open(tmp_path / "rows.arrow")
    assert len(rows) == 20105
    assert rows.meta.label_values == ("a", "b")
    assert rows.source_labels[:3].tolist() == [1, 0, 1]
    assert [rows.split_name(row) for row in (0, 20099, 20100)] == ["train", "train", "test"]
    assert max(len(chunk) for chunk in rows.table.column(0).chunks) <= 8192


def test_half_a_batch_is_not_seen(tmp_path: Path) -> None:
    part = tmp_path / "rows.part"
    with _writer(tmp_path) as writer:
        writer.write("train", _table(0, 100))
        small = part.stat().st_size
        writer.write("train", _table(100, 20000))
        content = part.read_bytes()
    cut = tmp_path / "cut.part"
    for size in (0, 4, 8, 100, small - 1, small, small + 1, len(content) - 1):
        cut.write_bytes(content[:size])
        seen = read_part(cut, limit=10**6)
        expected = 0 if size < small else 100
        assert (len(seen) if seen else 0) >= expected
        assert seen is None or len(seen) < 20100


def test_leaving_without_sealing_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), _writer(tmp_path) as writer:
        writer.write("train", _table(0, 10000))
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_columns_that_widen_rewrite_what_is_there(tmp_path: Path) -> None:
    with _writer(tmp_path) as writer:
        writer.write("train", _table(0, 9000).append_column("n", pa.array(range(9000))))
        writer.write("train", pa.table({"text": ["x"], "label": [3], "n": ["many"], "more": [[1]]}))
        seen = read_part(tmp_path / "rows.part", limit=300)
        assert seen is not None
        assert seen.record(0) == {"text": "text 0", "label": "b", "n": "0", "more": None}
        assert seen.meta.label_values == ("a", "b")
        writer.close()
        writer.seal(tmp_path / "rows.arrow")
    rows = Rows.open(tmp_path / "rows.arrow")
    assert rows.record(9000) == {"text": "x", "label": "3", "n": "many", "more": [1]}
    assert rows.meta.label_values == ("3", "a", "b")


def test_long_texts_make_small_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tlworkbench.data.rows_writer._MAX_BATCH_BYTES", 100_000)
    with _writer(tmp_path) as writer:
        writer.write(
            "train", pa.table({"text": ["x" * 1000 + str(n) for n in range(2000)], "label": ["a", "b"] * 1000})
        )
        writer.close()
        writer.seal(tmp_path / "rows.arrow")
    rows = Rows.open(tmp_path / "rows.arrow")
    assert max(len(chunk) for chunk in rows.table.column(0).chunks) <= 100
    assert [rows.text(row)[1000:] for row in (0, 99, 100, 1999)] == ["0", "99", "100", "1999"]


def test_strings_that_are_no_text_are_refused(tmp_path: Path) -> None:
    bad = pa.array([b"caf\xe9"]).view(pa.string())
    with _writer(tmp_path) as writer, pytest.raises(UserError, match="column 'text' holds bytes that are not UTF-8"):
        writer.write("train", pa.table({"text": bad, "label": ["a"]}))
