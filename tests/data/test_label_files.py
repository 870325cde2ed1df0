"""Labels out to files and back in."""

import csv
import json
import resource
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tlworkbench.data.journal import Journal
from tlworkbench.data.label_files import export_marks, import_labels
from tlworkbench.data.labelling import Labelling
from tlworkbench.data.rows import Rows, key_text
from tlworkbench.data.rows_writer import write_rows
from tlworkbench.errors import UserError

TEXTS = ['say "hi", now', "two\nlines\r\nhere", "", "same", "same", "same", "ünï\x00çode 😀", "last"]
LABELS = ["neg", "pos", "neg", "neg", "pos", None, "neu", "pos"]
SUFFIXES = (".csv", ".jsonl", ".parquet")


@pytest.fixture
def rows(tmp_path: Path) -> Rows:
    columns: dict[str, list[object]] = {"text": list(TEXTS), "label": list(LABELS)}
    write_rows(tmp_path / "rows.arrow", {"train": columns}, validation=0.0)
    return Rows.open(tmp_path / "rows.arrow")


@pytest.fixture
def journal(tmp_path: Path, rows: Rows) -> Iterator[Journal]:
    with Journal.open(tmp_path / "labels.sqlite", rows.meta.label_values) as journal:
        yield journal


def key(rows: Rows, row: int) -> int:
    return int(rows.keys[row])


def names(rows: Rows, journal: Journal) -> list[str]:
    labelling = Labelling(rows, journal)
    found = [labelling.label_set.get(int(number)) for number in labelling.current]
    return [label.name if label else "" for label in found]


def read(path: Path) -> list[dict[str, Any]]:
    if path.suffix == ".parquet":
        records: list[dict[str, Any]] = pq.read_table(path).to_pylist()
        return records
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    with path.open(encoding="utf-8", newline="") as file:
        marks = {"true": True, "false": False}
        return [{name: marks.get(cell, cell) for name, cell in record.items()} for record in csv.DictReader(file)]


def edit_a_bit(rows: Rows, journal: Journal) -> None:
    journal.map_labels({"neg": "negative"})
    journal.set_label([key(rows, 1)], 0)
    journal.set_label([key(rows, 7)], -1)
    journal.set_excluded([key(rows, 2)], True)
    journal.set_flagged([key(rows, 3), key(rows, 4)], True)
    journal.set_note(key(rows, 3), 'say "why", 12\nor not')


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_an_export_holds_every_row_as_it_is_labelled_now(
    tmp_path: Path, rows: Rows, journal: Journal, suffix: str
) -> None:
    edit_a_bit(rows, journal)
    path = tmp_path / f"out{suffix}"
    path.write_text("older")
    assert export_marks(rows, Labelling(rows, journal), path) == 8
    records = read(path)
    assert list(records[0]) == ["key", "text", "label", "source_label", "split", "excluded", "flagged", "note"]
    assert [record["key"] for record in records] == [key_text(key(rows, row)) for row in range(8)]
    assert [record["text"] for record in records] == TEXTS
    expected = ["negative", "negative", "negative", "negative", "pos", "", "neu", ""]
    assert [record["label"] for record in records] == expected
    assert [record["source_label"] for record in records] == [label or "" for label in LABELS]
    assert {record["split"] for record in records} == {"train"}
    assert [row for row in range(8) if records[row]["excluded"]] == [2]
    assert [row for row in range(8) if records[row]["flagged"]] == [3, 4]
    assert sorted(file.name for file in tmp_path.iterdir() if file.name.startswith((".", "out"))) == [path.name]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_an_export_imported_elsewhere_gives_the_same_labels_in_one_edit(
    tmp_path: Path, rows: Rows, journal: Journal, suffix: str
) -> None:
    edit_a_bit(rows, journal)
    path = tmp_path / f"out{suffix}"
    export_marks(rows, Labelling(rows, journal), path)
    unchanged = import_labels(rows, journal, path)
    assert (unchanged.matched, unchanged.changed, unchanged.edit) == (8, 0, None)
    with Journal.open(tmp_path / "fresh.sqlite", rows.meta.label_values) as fresh:
        report = import_labels(rows, fresh, path)
        assert (report.records, report.matched, report.unmatched) == (8, 8, 0)
        assert report.added_labels == ("negative",)
        assert names(rows, fresh) == names(rows, journal)
        one, other = Labelling(rows, journal), Labelling(rows, fresh)
        assert other.excluded.tolist() == one.excluded.tolist()
        assert other.flagged.tolist() == one.flagged.tolist()
        assert fresh.notes() == journal.notes() == {key(rows, 3): 'say "why", 12\nor not'}
        assert fresh.edit_count == 1 and report.edit is not None and report.edit.means == "import"
        # Row 5 is left alone, 4 and 6 keep their labels, 4 is flagged.
        assert report.changed == 6
        fresh.undo()
        assert names(rows, fresh) == [label or "" for label in LABELS]
        assert fresh.label_set().names == rows.meta.label_values


def test_records_find_rows_by_key_and_those_that_find_none_are_listed(
    tmp_path: Path, rows: Rows, journal: Journal
) -> None:
    path = tmp_path / "some.csv"
    lines = ["key,label"]
    lines += [f"{key_text(key(rows, 0)).upper()},spam", "0000000000000000,pos", "1.2E+15,pos", ",pos"]
    lines += [f"{key_text(key(rows, 7))},", f"{key_text(key(rows, 1))},neu", f"{key_text(key(rows, 1))}, neg "]
    path.write_text("\n".join(lines) + "\n")
    report = import_labels(rows, journal, path)
    assert (report.records, report.matched, report.changed, report.unmatched) == (7, 4, 2, 3)
    assert report.unmatched_lines == (3, 4, 5)
    assert names(rows, journal) == ["spam", "neg", "neg", "neg", "pos", "", "neu", "pos"]


def test_without_keys_a_text_labels_all_its_rows_unless_the_file_tells_them_apart(
    tmp_path: Path, rows: Rows, journal: Journal
) -> None:
    path = tmp_path / "texts.jsonl"
    records = [("same", "neu"), ("last", "neu"), ("nowhere", "neu"), ("two\nlines\r\nhere", "neu")]
    path.write_text("\n\n".join(json.dumps({"text": text, "label": label}) for text, label in records))
    report = import_labels(rows, journal, path)
    assert (report.matched, report.changed, report.unmatched_lines) == (3, 5, (5,))
    assert names(rows, journal) == ["neg", "neu", "neg", "neu", "neu", "neu", "neu", "neu"]
    path.write_text("\n".join(json.dumps({"text": "same", "label": label}) for label in ("pos", "neg", "neu", "pos")))
    report = import_labels(rows, journal, path)
    assert names(rows, journal)[3:6] == ["pos", "neg", "neu"]
    assert (report.matched, report.unmatched_lines) == (3, (4,))


def test_a_file_like_the_source_is_read_by_the_sources_columns_and_values(tmp_path: Path) -> None:
    source: dict[str, list[object]] = {"title": ["a", "b"], "body": ["1", "2"], "stars": [1, 5]}
    file = tmp_path / "rows.arrow"
    write_rows(file, {"train": source}, text=("title", "body"), label="stars", validation=0.0)
    rows = Rows.open(file)
    path = tmp_path / "again.parquet"
    pq.write_table(pa.table({"stars": [5.0, 1.0], "body": ["1", "2"], "title": ["a", "b"]}), path)
    with Journal.open(tmp_path / "labels.sqlite", rows.meta.label_values) as journal:
        journal.map_labels({"1": "bad", "5": "good"})
        report = import_labels(rows, journal, path)
        assert (report.matched, report.added_labels) == (2, ())
        assert names(rows, journal) == ["good", "bad"]


def test_an_empty_label_takes_a_label_away_only_in_a_file_that_says_so(
    tmp_path: Path, rows: Rows, journal: Journal
) -> None:
    path = tmp_path / "x.csv"
    path.write_text(f"key,label\n{key_text(key(rows, 0))},\n")
    assert import_labels(rows, journal, path).edit is None
    path.write_text(f"key;label;source_label\n{key_text(key(rows, 0))};;neg\n")
    assert import_labels(rows, journal, path).changed == 1
    assert names(rows, journal)[0] == ""


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("x.csv", "key,label\n1,{long}\n", "line 2: label name .* too long"),
        ("x.csv", "key,label\n1,ok\n2,a\x07b\n", "line 3: label name .* control"),
        ("x.csv", 'key,label\n1,"a\nb",c\n', "line 2 has 3 fields, the head 2"),
        ("x.csv", "key,excluded\n1,perhaps\n", "line 2: 'perhaps' is neither"),
        ("x.csv", "key,class\n1,a\n", "no column 'label'"),
        ("x.csv", "id,label\n1,a\n", "neither a column 'key' nor 'text'"),
        ("x.csv", b"key,label\n1,\xff\n", "not UTF-8"),
        ("x.jsonl", '{"key": "1", "label": "a"}\n[1]\n', "line 2 is no JSON object"),
        ("x.parquet", "no such thing", "no Parquet file"),
        ("x.xlsx", "", "no kind"),
        ("absent.csv", None, "does not exist"),
    ],
)
def test_files_that_cannot_be_read_change_nothing(
    tmp_path: Path, rows: Rows, journal: Journal, name: str, content: str | bytes | None, why: str
) -> None:
    path = tmp_path / name
    if isinstance(content, str):
        content = content.replace("{long}", "x" * 65).encode()
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UserError, match=why):
        import_labels(rows, journal, path)
    assert journal.version == 0


def test_an_export_that_cannot_be_written_leaves_what_was_there(tmp_path: Path, rows: Rows, journal: Journal) -> None:
    labelling = Labelling(rows, journal)
    with pytest.raises(UserError, match="no kind"):
        export_marks(rows, labelling, tmp_path / "x.xlsx")
    with pytest.raises(UserError, match="could not be written"):
        export_marks(rows, labelling, tmp_path / "no" / "x.csv")
    for suffix in SUFFIXES:
        path = tmp_path / f"x{suffix}"
        path.write_text("older")
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        # Writes beyond it fail, as on a full disk.
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
        try:
            with pytest.raises(UserError, match="could not be written"):
                export_marks(rows, labelling, path)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert path.read_text() == "older"
    assert not [file for file in tmp_path.iterdir() if file.name.startswith(".")]


def test_a_large_export_and_import_come_in_batches(tmp_path: Path) -> None:
    count = 20_000
    columns: dict[str, list[object]] = {"text": [f"text {n}" for n in range(count)], "label": ["a", "b"] * 10_000}
    write_rows(tmp_path / "rows.arrow", {"train": columns})
    rows = Rows.open(tmp_path / "rows.arrow")
    path = tmp_path / "x.parquet"
    with Journal.open(tmp_path / "labels.sqlite", rows.meta.label_values) as journal:
        export_marks(rows, Labelling(rows, journal), path)
        with pq.ParquetFile(path) as file:
            assert file.metadata.num_rows == count and file.metadata.num_row_groups == 3
        table = pq.read_table(path)
        column = table.column_names.index("label")
        pq.write_table(table.set_column(column, "label", pa.array(["b", "a"] * 10_000)).drop(["key"]), path)
        report = import_labels(rows, journal, path)
        assert (report.matched, report.changed) == (count, count)
        assert names(rows, journal) == ["b", "a"] * 10_000
