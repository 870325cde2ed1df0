"""Predicting files: every kind in and out, order, columns, limits, and nothing half-written."""

import csv
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tlworkbench.errors import UserError
from tlworkbench.inference.batch_file import Cancelled, predict_file
from tlworkbench.inference.batch_sources import CHUNK_ROWS
from tlworkbench.inference.classifier import Classifier, Floats

ROWS = [
    ("a", "the lovely thing"),
    ("b", "awful, broken"),
    ("c", ""),
    ("d", 'plain "plain"\nplain'),
    ("e", "größer 😀 lovely"),
]
ANSWERS = ["good", "bad", "bad", "so so", "good"]
ADDED = ["prediction", "score", "p_bad", "p_so so", "p_good"]


def write_csv(path: Path) -> None:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([("id", "text"), *ROWS])


def write_tsv(path: Path) -> None:
    with path.open("w", newline="") as file:
        csv.writer(file, delimiter="\t").writerows([("id", "text"), *ROWS])


def write_jsonl(path: Path) -> None:
    path.write_text("".join(json.dumps({"id": id_, "text": text}) + "\n" for id_, text in ROWS))


def write_parquet(path: Path) -> None:
    pq.write_table(pa.table({"id": [id_ for id_, _ in ROWS], "text": [text for _, text in ROWS]}), path)


def read(path: Path) -> list[dict[str, Any]]:
    """Records of a file of predictions, with numbers as numbers."""
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in path.read_text().splitlines()]
    if path.suffix == ".parquet":
        return [dict(record) for record in pq.read_table(path).to_pylist()]
    with path.open(newline="") as file:
        return [
            {name: float(value) if name.startswith(("p_", "score")) else value for name, value in record.items()}
            for record in csv.DictReader(file)
        ]


@pytest.mark.parametrize("target", [".csv", ".jsonl", ".parquet"])
@pytest.mark.parametrize("write", [write_csv, write_tsv, write_jsonl, write_parquet])
def test_every_kind_into_every_kind(
    classifier: Classifier, tmp_path: Path, write: Callable[[Path], None], target: str
) -> None:
    source, out = tmp_path / f"in.{write.__name__.removeprefix('write_')}", tmp_path / f"out{target}"
    write(source)
    assert predict_file(classifier, source, out) == len(ROWS)
    records = read(out)
    assert [list(record) for record in records] == [["id", "text", *ADDED]] * len(ROWS)
    assert [(record["id"], record["text"]) for record in records] == ROWS
    assert [record["prediction"] for record in records] == ANSWERS
    probabilities = classifier.probabilities([text for _, text in ROWS])
    for record, expected in zip(records, probabilities.tolist(), strict=True):
        assert [record[name] for name in ADDED[2:]] == pytest.approx(expected, rel=1e-6)
        assert record["score"] == pytest.approx(max(expected), rel=1e-6)


def test_lines_of_text(classifier: Classifier, tmp_path: Path) -> None:
    source = tmp_path / "in.txt"
    source.write_bytes("\ufefflovely\r\n\nawful\u2028still awful\n\xff\n".encode("utf-8", "surrogateescape"))
    assert predict_file(classifier, source, tmp_path / "out.csv") == 4
    records = read(tmp_path / "out.csv")
    assert [record["text"] for record in records] == ["lovely", "", "awful\u2028still awful", "ÿ"]
    assert [record["prediction"] for record in records] == ["good", "bad", "bad", "bad"]


def test_bytes_that_are_no_text_do_not_end_it(classifier: Classifier, tmp_path: Path) -> None:
    (tmp_path / "in.txt").write_bytes(b"lovely \xff\xfe\nawful \x00\n")
    assert predict_file(classifier, tmp_path / "in.txt", tmp_path / "out.jsonl") == 2
    assert [record["prediction"] for record in read(tmp_path / "out.jsonl")] == ["good", "bad"]


@pytest.mark.parametrize("target", [".csv", ".jsonl", ".parquet"])
def test_lone_surrogates_do_not_end_it(classifier: Classifier, tmp_path: Path, target: str) -> None:
    (tmp_path / "in.jsonl").write_text('{"text": "lovely \\ud83d"}\n{"text": "awful \\ud83d\\ude00"}\n')
    predict_file(classifier, tmp_path / "in.jsonl", tmp_path / f"out{target}")
    assert [record["text"] for record in read(tmp_path / f"out{target}")] == ["lovely \ufffd", "awful 😀"]


def test_order_is_kept_over_many_chunks(classifier: Classifier, tmp_path: Path) -> None:
    count = CHUNK_ROWS * 2 + 7
    lines = [f"{'the ' * (number % 13)}{('lovely', 'awful', 'plain')[number % 3]}" for number in range(count)]
    (tmp_path / "in.txt").write_text("\n".join(lines))
    heard: list[tuple[int, int]] = []
    done = predict_file(
        classifier, tmp_path / "in.txt", tmp_path / "out.parquet", progress=lambda *rows: heard.append(rows)
    )
    records = read(tmp_path / "out.parquet")
    assert done == count and [record["text"] for record in records] == lines
    assert [record["prediction"] for record in records] == [answer.label for answer in classifier.predict(lines)]
    assert heard[-1] == (count, count) and len(heard) > 3
    assert [rows for rows, _ in heard] == sorted(rows for rows, _ in heard)


def test_types_of_a_parquet_file_stay(classifier: Classifier, tmp_path: Path) -> None:
    table = pa.table(
        {
            "n": pa.array([1, None], pa.int16()),
            "text": pa.array(["lovely", None], pa.large_string()),
            "tags": pa.array([["a"], []], pa.list_(pa.string())),
        }
    )
    pq.write_table(table, tmp_path / "in.parquet")
    predict_file(classifier, tmp_path / "in.parquet", tmp_path / "out.parquet")
    assert pq.read_table(tmp_path / "out.parquet").select(["n", "text", "tags"]).equals(table)


def test_values_of_json_keep_their_kinds(classifier: Classifier, tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text(
        '{"text": "lovely", "n": 1, "x": 1, "b": true, "o": {"k": [1]}}\n{"n": 2, "x": 2.5, "late": "yes"}\n'
    )
    predict_file(classifier, tmp_path / "in.jsonl", tmp_path / "out.parquet")
    table = pq.read_table(tmp_path / "out.parquet")
    kinds = [str(table.schema.field(name).type) for name in ("text", "n", "x", "b", "o", "late")]
    assert kinds == ["string", "int64", "double", "bool", "string", "string"]
    assert table.column("o").to_pylist() == ['{"k": [1]}', None]
    predict_file(classifier, tmp_path / "in.jsonl", tmp_path / "out.csv")
    assert read(tmp_path / "out.csv")[1]["late"] == "yes"


@pytest.mark.parametrize(
    ("head", "row", "column", "answer"),
    [
        ("TEXT,note", "lovely,awful awful awful", "", "good"),
        ("id,review", "19 May 2024,lovely plain lovely", "", "good"),
        ("a,b", "awful,lovely lovely", "a", "bad"),
        ("a,b", "awful,lovely", "a,b", "bad"),
        ("a;b", "1;awful", "", "bad"),
    ],
)
def test_the_text_column(classifier: Classifier, tmp_path: Path, head: str, row: str, column: str, answer: str) -> None:
    (tmp_path / "in.csv").write_text(f"{head}\n{row}\n")
    predict_file(classifier, tmp_path / "in.csv", tmp_path / "out.jsonl", column=column)
    [record] = read(tmp_path / "out.jsonl")
    assert record["prediction"] == answer


def test_several_columns_are_joined_as_in_training(
    classifier: Classifier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "in.csv").write_text("a,b\nawful,lovely\n")
    seen: list[str] = []
    logits = classifier.logits

    def watched(texts: Sequence[str], done: Callable[[int], None]) -> Floats:
        seen.extend(texts)
        return logits(texts, done)

    monkeypatch.setattr(classifier, "logits", watched)
    predict_file(classifier, tmp_path / "in.csv", tmp_path / "out.csv", column="b, a")
    assert seen == ["lovely\nawful"]


def test_columns_that_have_our_names_stay(classifier: Classifier, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("text,prediction,p_bad\nlovely,mine,7\n")
    predict_file(classifier, tmp_path / "in.csv", tmp_path / "out.jsonl")
    [record] = read(tmp_path / "out.jsonl")
    assert (record["prediction"], record["p_bad"], record["prediction_"]) == ("mine", "7", "good")


@pytest.mark.parametrize("name", ["in.csv", "in.txt", "in.jsonl"])
def test_an_empty_file_gives_an_empty_one(classifier: Classifier, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("")
    assert predict_file(classifier, tmp_path / name, tmp_path / "out.parquet") == 0
    assert pq.read_table(tmp_path / "out.parquet").num_rows == 0


def test_cancelling_leaves_nothing_behind(classifier: Classifier, tmp_path: Path) -> None:
    (tmp_path / "in.txt").write_text("lovely\n" * 2000)
    (tmp_path / "out.csv").write_text("the old one")
    heard: list[int] = []
    with pytest.raises(Cancelled):
        predict_file(
            classifier,
            tmp_path / "in.txt",
            tmp_path / "out.csv",
            progress=lambda rows, total: heard.append(rows),
            cancelled=lambda: len(heard) >= 3,
        )
    assert len(heard) == 3, "a batch after it was asked, no later"
    assert (tmp_path / "out.csv").read_text() == "the old one"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bundle", "in.txt", "out.csv"]


@pytest.mark.parametrize(
    ("source", "content", "target", "column", "what"),
    [
        ("in.csv", None, "out.csv", "", "there is no .*in.csv"),
        ("in.xlsx", "x", "out.csv", "", "in.xlsx is of no kind that can be read"),
        ("in.csv", "text\nx\n", "out.xlsx", "", "out.xlsx is of no kind that can be written"),
        ("in.csv", "text\nx\n", "in.csv", "", "is the file that is read"),
        ("in.csv", "text\nx\n", "no/out.csv", "", "there is no folder"),
        ("in.csv", "text,n\nx,1\n", "out.csv", "txt", "no column 'txt'"),
        ("in.csv", "a,b\n1,2\n", "out.csv", "", "has no column of text"),
        ("in.csv", "a,text\n1,2,3\n", "out.csv", "", "line 2 has 3 fields, the head 2"),
        ("in.csv", "a,a\n1,2\n", "out.csv", "", "two columns of one name"),
        ("in.jsonl", '{"text": "x"}\n{"text":\n', "out.csv", "", "line 2"),
        ("in.jsonl", '["x"]\n', "out.csv", "", "line 1 is no object"),
        ("in.jsonl", '{"text": "x", "n": 99999999999999999999}\n', "out.parquet", "", "doesn't fit into Parquet"),
        ("in.parquet", "hello", "out.csv", "", "is not a Parquet file"),
    ],
)
def test_what_cannot_be_done_is_told(
    classifier: Classifier, tmp_path: Path, source: str, content: str | None, target: str, column: str, what: str
) -> None:
    if content is not None:
        (tmp_path / source).write_text(content)
    with pytest.raises(UserError, match=what) as caught:
        predict_file(classifier, tmp_path / source, tmp_path / target, column=column)
    assert caught.value.hint
    assert {path.name for path in tmp_path.iterdir()} <= {"bundle", source}, "nothing half-written"
