"""What can be wrong with a source, each said with file, line or column, and the workspace left as it was."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

_GOOD = b"text,label\n" + b"fine,pos\n" * 3000


@pytest.mark.parametrize(
    ("name", "content", "what", "hint"),
    [
        ("a.csv", b"", "is empty", "Check how"),
        ("a.csv", b"text,label\n", "has a header but no rows", "Check how"),
        ("a.csv", b"\n \n", "a.csv has no header: it holds blank lines only", "Check how"),
        ("a.csv", b"text,label\na,b,c\n", "a.csv line 2: 3 fields where the header has 2", "Put quotes"),
        (
            "a.csv",
            b'text,label\n"two\nlines",x\n' + b"fine,pos\n" * 5000 + b"a,b,c,d\nfine,pos\n",
            "a.csv line 5004: 4 fields where the header has 2",
            "Put quotes",
        ),
        (
            "a.csv",
            _GOOD + b'"never,pos\nfine,neg\n',
            "a.csv line 3002: a quote that opens there is never closed",
            "Close",
        ),
        ("a.csv", b'text,label\n"never,pos\nfine,neg\n', "a.csv line 2: a quote that opens there is never", "Close"),
        ("a.csv", b'text,"label\nfine,neg\n', "a.csv line 1: a quote that opens there is never closed", "Close"),
        ("a.tsv", b"text\tlabel\na\tb\tc\n", "a.tsv line 2: 3 fields where the header has 2", "Put quotes"),
        (
            "a.csv",
            _GOOD + b"caf\xe9,pos\n",
            "a.csv line 3002: byte 27014 (0xE9) is not UTF-8",
            "iconv -f latin1 -t utf-8 a.csv > a-utf8.csv",
        ),
        ("a.csv", b"caf\xe9,label\nx,y\n", "a.csv line 1: byte 3 (0xE9) is not UTF-8", "iconv -f latin1"),
        ("a.csv", "text,label\na,b\n".encode("utf-16"), "a.csv is UTF-16 text, not UTF-8", "iconv -f utf-16"),
        ("a.txt", b"fine\n" * 9 + b"caf\xc3", "a.txt line 10: byte 48 (0xC3) is not UTF-8", "iconv"),
        ("a.jsonl", b'{"text": "caf\xe9"}\n', "a.jsonl line 1: byte 13 (0xE9) is not UTF-8", "iconv"),
        ("a.jsonl", b'{"text": "a"}\n\n{"text": }\n', "a.jsonl line 3: no JSON: Expecting value, character 10", "{"),
        ("a.jsonl", b'{"text": "a"}\n["b"]\n', "a.jsonl line 2: a list, not an object", "Each line is one object"),
        ("a.jsonl", b'{"text": "a"}\n7\n', "a.jsonl line 2: a number, not an object", "Each line is one object"),
        ("a.json", b'[\n{"text": "a"}]', "a.json line 1: no JSON", "jq -c '.[]' a.json > a.jsonl"),
        ("a.jsonl", b"\n\n", "has no rows", "Check how"),
        ("a.parquet", b"PAR1" + b"x" * 99, "a.parquet is damaged, or no Parquet file", "Write or copy it again"),
        ("a.parquet", b"text,label\n", "a.parquet is damaged, or no Parquet file", "Write or copy it again"),
        ("a.arrow", b"ARROW1\0\0" + b"x" * 99, "a.arrow is damaged, or no Arrow file", "Write or copy it again"),
        ("a.csv", b"PAR1" + b"x" * 99, "a.csv is a Parquet file by its content", "Rename it to end in .parquet"),
        ("a.jsonl", b"\x1f\x8b\x08rest", "a.jsonl is a gzip file by its content", "gunzip"),
        ("a.xlsx", b"PK\x03\x04", "unknown kind of file '.xlsx'", "CSV, TSV, JSONL, Parquet, Arrow and TXT"),
        ("a.png", b"\x89PNG", "is an image; this version reads text only", "CSV, TSV"),
        ("a.csv", b"n,m\n1,2\n3,4\n", "no column holds text; there are: n, m", "--text"),
    ],
)
def test_a_file_that_cannot_be_read(
    import_source: Any, tmp_path: Path, name: str, content: bytes, what: str, hint: str
) -> None:
    (tmp_path / name).write_bytes(content)
    error = import_source.fails(tmp_path / name)
    assert what in error.what
    assert name in error.what or "column" in error.what
    assert hint in error.hint


@pytest.mark.parametrize(
    ("spec", "what", "hint"),
    [
        ({"text": ("txt",)}, "no column 'txt'; there are: text, label, n, Mood", "Did you mean 'text'?"),
        ({"label": "mood"}, "no column 'mood'; there are: text, label, n, Mood", "Did you mean 'Mood'?"),
        ({"label": "zzz"}, "no column 'zzz'", "Choose one of these."),
        ({"text": ("n",)}, "column 'n' holds numbers, not text", "--text"),
        ({"text": ("text",), "label": "text"}, "column 'text' is told to be both text and label", "--label"),
        (
            {"label": "n"},
            "the label column 'n' has 5 000 different values in 5 000 rows: these are no labels",
            "Name the column of labels with --label, or --label - for none.",
        ),
        ({"label": "Mood"}, "the label column 'Mood' has 1 250 different values in 5 000 rows", "--label"),
    ],
)
def test_columns_that_cannot_be_what_they_are_told_to_be(
    import_source: Any, tmp_path: Path, spec: dict[str, Any], what: str, hint: str
) -> None:
    lines = [f"text of {n},{'ab'[n % 2]},{n},m{n // 4}" for n in range(5000)]
    (tmp_path / "a.csv").write_text("\n".join(["text,label,n,Mood", *lines]))
    error = import_source.fails(tmp_path / "a.csv", **spec)
    assert what in error.what
    assert hint in error.hint


def test_nearly_as_many_labels_as_rows_are_none(import_source: Any, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("\n".join(["text,id", *(f"text {n},id {n}" for n in range(60))]))
    assert "has 60 different values in 60 rows" in import_source.fails(tmp_path / "a.csv", label="id").what


def test_a_label_column_of_lists_is_refused(import_source: Any, tmp_path: Path) -> None:
    pq.write_table(pa.table({"text": ["a", "b"], "tags": [["x"], ["y", "z"]]}), tmp_path / "a.parquet")
    error = import_source.fails(tmp_path / "a.parquet", label="tags")
    assert error.what == "the label column 'tags' holds lists or objects"
    assert import_source.fails(tmp_path / "a.parquet", text=("tags",)).what.startswith("column 'tags' holds lists")


def test_bytes_that_are_no_text_in_parquet_name_the_column(import_source: Any, tmp_path: Path) -> None:
    bad = pa.array([b"caf\xe9", b"fine"]).view(pa.string())
    pq.write_table(pa.table({"text": bad, "label": ["a", "b"]}), tmp_path / "a.parquet")
    error = import_source.fails(tmp_path / "a.parquet")
    assert "column 'text' holds bytes that are not UTF-8 text" in error.what


def test_a_wrong_path_offers_the_nearest_name(import_source: Any, tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_bytes(_GOOD)
    error = import_source.fails(tmp_path / "tran.csv")
    assert error.what == f"{tmp_path}/tran.csv does not exist"
    assert error.hint == "Did you mean 'train.csv'?"
    assert "there is no folder" in import_source.fails(tmp_path / "no" / "such.csv").what


def test_folders_that_hold_nothing_to_read(import_source: Any, tmp_path: Path) -> None:
    folder = tmp_path / "d"
    folder.mkdir()
    assert "is an empty folder" in import_source.fails(folder).what
    (folder / "a.xlsx").write_bytes(b"x")
    assert "holds nothing that can be read (there are: .xlsx)" in import_source.fails(folder).what
    (folder / "cat").mkdir()
    (folder / "cat" / "1.jpg").write_bytes(b"x")
    assert "1 image files; image folders are not in this version" in import_source.fails(folder).what
    (folder / "a.csv").write_bytes(_GOOD)
    (folder / "a.jsonl").write_bytes(b"{}")
    assert "holds 1 CSV and 1 JSONL files" in import_source.fails(folder).what


def test_the_bad_file_of_a_folder_is_named(import_source: Any, tmp_path: Path) -> None:
    folder = tmp_path / "d"
    (folder / "test").mkdir(parents=True)
    (folder / "train.csv").write_bytes(_GOOD)
    (folder / "test" / "1.csv").write_bytes(_GOOD + b"a,b,c\n")
    assert "test/1.csv line 3002: 3 fields" in import_source.fails(folder).what
    (folder / "test" / "1.csv").write_bytes(b"sentence,label\na,b\n")
    assert "test/1.csv has no column 'text'; there are: sentence, label" in import_source.fails(folder).what
    (folder / "test" / "1.csv").write_bytes(b"")
    assert "test/1.csv is empty" in import_source.fails(folder).what


def test_files_that_name_their_classes_differently_are_refused(import_source: Any, tmp_path: Path) -> None:
    import datasets

    folder = tmp_path / "d"
    folder.mkdir()
    for name, classes in (("train", ["a", "b"]), ("test", ["b", "a"])):
        features = datasets.Features({"text": datasets.Value("string"), "label": datasets.ClassLabel(names=classes)})
        table = datasets.Dataset.from_dict({"text": ["x"], "label": [0]}, features=features).data.table
        pq.write_table(table, folder / f"{name}.parquet")
    assert "name the classes of 'label' differently" in import_source.fails(folder).what


def test_a_hub_id_without_a_hub_says_what_to_do(import_source: Any) -> None:
    error = import_source.fails("imdb")
    assert error.what == ("'imdb' is no file or folder here, and the Hub is switched off: HF_HUB_OFFLINE is set")
    assert error.hint == "Copy the dataset's files here and open their folder."


def test_a_full_disk_is_said_and_leaves_nothing(
    import_source: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.csv").write_bytes(_GOOD)

    def full(*arguments: Any, **options: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tlworkbench.data.rows_writer.pa.ipc.new_file", full)
    error = import_source.fails(tmp_path / "a.csv")
    assert "could not be written: No space left on device" in error.what
