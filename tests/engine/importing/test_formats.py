"""Every kind of source becomes the same rows."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import datasets
import huggingface_hub
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

_TEXTS = ["great", "awful, really", 'a "quoted"\nline', "café ☕"]
_LABELS = ["pos", "neg", "pos", "neg"]
_TABLE = pa.table({"text": _TEXTS, "label": _LABELS})


def _csv(path: Path) -> None:
    path.write_text('text,label\ngreat,pos\n"awful, really",neg\n"a ""quoted""\nline",pos\ncafé ☕,neg\n')


def _tsv(path: Path) -> None:
    path.write_text('text\tlabel\ngreat\tpos\nawful, really\tneg\n"a ""quoted""\nline"\tpos\ncafé ☕\tneg\n')


def _jsonl(path: Path) -> None:
    lines = [json.dumps({"text": text, "label": label}) for text, label in zip(_TEXTS, _LABELS, strict=True)]
    path.write_text("\n\n".join(lines))


def _parquet(path: Path) -> None:
    pq.write_table(_TABLE, path)


def _arrow_file(path: Path) -> None:
    with pa.ipc.new_file(str(path), _TABLE.schema) as sink:
        sink.write_table(_TABLE)


def _arrow_stream(path: Path) -> None:
    with pa.ipc.new_stream(str(path), _TABLE.schema) as sink:
        sink.write_table(_TABLE)


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("a.csv", _csv),
        ("a.tsv", _tsv),
        ("a.jsonl", _jsonl),
        ("a.ndjson", _jsonl),
        ("a.json", _jsonl),
        ("a.parquet", _parquet),
        ("a.arrow", _arrow_file),
        ("b.arrow", _arrow_stream),
        ("odd [1] *name?.csv", _csv),
    ],
)
def test_a_file_becomes_rows(import_source: Any, tmp_path: Path, name: str, write: Callable[[Path], None]) -> None:
    write(tmp_path / name)
    outcome = import_source(tmp_path / name, validation=0.0)
    rows = outcome.rows
    assert rows.texts(range(len(rows))) == _TEXTS
    assert rows.meta.label_values == ("neg", "pos")
    assert rows.source_labels.tolist() == [1, 0, 1, 0]
    assert rows.meta.source == str(tmp_path / name)
    assert outcome.finished.status == "done"
    assert outcome.result == {
        "rows": 4,
        "splits": {"train": 4},
        "columns": {"text": ["text"], "label": "label"},
        "labels": {"neg": 2, "pos": 2},
        "why": "text: column 'text' (by its name); labels: column 'label' (by its name)",
    }
    assert outcome.left_behind == {"rows.arrow"}


def test_a_text_file_is_one_text_a_line_without_labels(import_source: Any, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"\xef\xbb\xbfone, two\r\n\r\n  \r\nthree\r\n")
    outcome = import_source(tmp_path / "a.txt")
    assert outcome.rows.texts(range(2)) == ["one, two", "three"]
    assert outcome.result["labels"] == {}
    assert outcome.rows.meta.label == ""
    assert outcome.rows.source_labels.tolist() == [-1, -1]
    assert "no column looks like labels, so the rows begin unlabelled" in outcome.remarks


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_values_of_a_csv_stay_text_and_the_delimiter_is_found(
    import_source: Any, tmp_path: Path, delimiter: str
) -> None:
    lines = [["text", "label", "n"], ["NA", "007", ""], ["null", "07", "1"], ["None nan", "007", "2.50"]]
    content = "\n".join(delimiter.join(line) for line in lines)
    (tmp_path / "a.csv").write_bytes(b"\xef\xbb\xbf" + content.encode())
    rows = import_source(tmp_path / "a.csv").rows
    assert rows.texts(range(3)) == ["NA", "null", "None nan"]
    assert rows.meta.label_values == ("007", "07")
    assert [rows.record(row)["n"] for row in range(3)] == ["", "1", "2.50"]


def test_names_of_csv_columns_are_made_unique(import_source: Any, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("text, label ,text,\na,x,b,c\n")
    assert import_source(tmp_path / "a.csv").rows.record(0) == {
        "text": "a",
        "label": "x",
        "text.1": "b",
        "column 4": "c",
    }


def test_labels_of_json_may_be_numbers_truths_and_words_at_once(import_source: Any, tmp_path: Path) -> None:
    values: list[Any] = [1, "1", True, "spam", None, 2]
    lines = [json.dumps({"text": f"t {n}", "label": value}) for n, value in enumerate(values)]
    (tmp_path / "a.jsonl").write_text("\n".join(lines))
    outcome = import_source(tmp_path / "a.jsonl")
    assert outcome.result["labels"] == {"1": 2, "2": 1, "spam": 1, "true": 1}
    assert "1 row without a label" in outcome.warnings


def test_keys_of_json_may_come_and_change_late(import_source: Any, tmp_path: Path) -> None:
    early = [json.dumps({"text": f"t {n}", "label": "a", "n": n}) for n in range(9000)]
    late = [json.dumps({"text": "late", "label": "b", "n": "many", "more": {"deep": [1]}})]
    (tmp_path / "a.jsonl").write_text("\n".join(early + late))
    rows = import_source(tmp_path / "a.jsonl").rows
    assert rows.record(0) == {"text": "t 0", "label": "a", "n": "0", "more": None}
    assert rows.record(9000) == {"text": "late", "label": "b", "n": "many", "more": {"deep": [1]}}
    assert len(rows) == 9001


def test_half_a_surrogate_pair_does_not_stop_the_import(import_source: Any, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": "cut \\ud83d", "label": 1}\n')
    assert import_source(tmp_path / "a.jsonl").rows.text(0) == "cut \ufffd"


@pytest.mark.parametrize("format_", ["parquet", "arrow"])
def test_names_of_class_labels_are_used_in_their_order(import_source: Any, tmp_path: Path, format_: str) -> None:
    features = datasets.Features(
        {"text": datasets.Value("string"), "mood": datasets.ClassLabel(names=["sad", "angry", "glad"])}
    )
    table = datasets.Dataset.from_dict({"text": ["a", "b", "c"], "mood": [2, 0, -1]}, features=features).data.table
    path = tmp_path / f"a.{format_}"
    if format_ == "parquet":
        pq.write_table(table, path)
    else:
        with pa.ipc.new_stream(str(path), table.schema) as sink:
            sink.write_table(table)
    outcome = import_source(path)
    assert outcome.rows.meta.label_values == ("sad", "angry", "glad")
    assert outcome.rows.source_labels.tolist() == [2, 0, -1]
    assert outcome.result["labels"] == {"sad": 1, "angry": 0, "glad": 1}
    assert "labels: column 'mood' (it has named classes)" in outcome.remarks


def test_a_saved_dataset_is_read_with_its_class_names(import_source: Any, tmp_path: Path) -> None:
    features = datasets.Features({"text": datasets.Value("string"), "label": datasets.ClassLabel(names=["no", "yes"])})
    saved = datasets.Dataset.from_dict({"text": ["a", "b"], "label": [1, 0]}, features=features)
    datasets.DatasetDict({"train": saved, "test": saved}).save_to_disk(str(tmp_path / "saved"))
    outcome = import_source(tmp_path / "saved", validation=0.0)
    assert outcome.result["splits"] == {"train": 2, "test": 2}
    assert outcome.rows.meta.label_values == ("no", "yes")


def test_dictionary_and_large_strings_of_parquet_are_plain_text(import_source: Any, tmp_path: Path) -> None:
    table = pa.table(
        {
            "text": pa.array(["a", "b"], pa.large_string()),
            "label": pa.array(["x", "y"]).dictionary_encode(),
            "tlworkbench.key": pa.array([1, 2], pa.uint64()),
        }
    )
    pq.write_table(table, tmp_path / "a.parquet")
    rows = import_source(tmp_path / "a.parquet").rows
    assert rows.table.schema.field("text").type == pa.string()
    assert rows.meta.label_values == ("x", "y")
    assert rows.columns == ("text", "label")


def test_columns_that_are_named_win(import_source: Any, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("text,label,title,stars\na,x,T,10\nb,y,U,9\nc,x,,10\n")
    outcome = import_source(tmp_path / "a.csv", text=("title", "text"), label="stars")
    assert outcome.rows.texts(range(3)) == ["T\na", "U\nb", "\nc"]
    assert outcome.rows.meta.label_values == ("9", "10")
    assert outcome.result["columns"] == {"text": ["title", "text"], "label": "stars"}


def test_a_label_can_be_declined(import_source: Any, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("text,label\na,x\nb,y\n")
    outcome = import_source(tmp_path / "a.csv", label="-")
    assert outcome.result["columns"] == {"text": ["text"], "label": ""}
    assert outcome.result["labels"] == {}


def test_a_missing_header_is_mentioned(import_source: Any, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("I liked it very much indeed,pos\nbad,neg\ngood,pos\nbetter,pos\n")
    warnings = import_source(tmp_path / "a.csv").warnings
    assert "the first line of a.csv looks like a row, not like column names" in warnings


def test_no_import_of_files_asks_the_network(
    import_source: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []

    def ask(*arguments: Any, **options: Any) -> None:
        asked.append(arguments)
        raise OSError("no network in this test")

    monkeypatch.setattr("socket.getaddrinfo", ask)
    monkeypatch.setattr("datasets.config.HF_HUB_OFFLINE", False)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    huggingface_hub.close_session()
    monkeypatch.setattr("datasets.config.HF_UPDATE_DOWNLOAD_COUNTS", True)
    _csv(tmp_path / "a.csv")
    import_source(tmp_path / "a.csv")
    huggingface_hub.close_session()
    assert asked == []
