"""The dataset given back: what was not relabelled is the source, byte for byte."""

import csv
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis.strategies as st
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings

from tlworkbench.data.csv_files import read_head
from tlworkbench.data.journal import Journal
from tlworkbench.data.labelling import Labelling
from tlworkbench.data.rows import Rows
from tlworkbench.data.rows_writer import write_rows
from tlworkbench.data.write_back import WriteBack, write_back
from tlworkbench.errors import UserError

UGLY = (
    b"\xef\xbb\xbfid;text ; label;x\r\n"
    b'1;"a ""quoted"" one";neg;\r\n'
    b"\r\n"
    b'"2";"two\r\nlines; and more";"pos";x\r\n'
    b"3;  spaces  ; neg ;y\n"
    b'4;"half" quoted;pos\r\n'
    b"   \r\n"
    b"5;only a text\n"
    b'6;;neg;"z"\n'
    b'7;say "hi";pos;last'
)


class Opened:
    """A source imported by hand, as the import reads CSV and JSONL, with its journal."""

    def __init__(self, folder: Path, name: str, content: bytes, label: str = "label") -> None:
        self.source = folder / name
        self.source.write_bytes(content)
        columns = read_csv(self.source) if name.endswith((".csv", ".tsv")) else read_json(content)
        write_rows(
            folder / "rows.arrow",
            {"train": columns},
            label=label,
            source=str(self.source),
            text=("text",),
            validation=0,
        )
        self.rows = Rows.open(folder / "rows.arrow")
        self.journal = Journal.open(folder / "labels.sqlite", self.rows.meta.label_values)
        self.folder = folder

    def key(self, row: int) -> int:
        return int(self.rows.keys[row])

    def label(self, row: int, name: str) -> None:
        labels = self.journal.label_set()
        self.journal.set_label([self.key(row)], labels.index(name) if name else -1)

    def back(self, name: str, **options: bool | str) -> tuple[bytes, WriteBack]:
        path = self.folder / name
        report = write_back(self.rows, Labelling(self.rows, self.journal), path, **options)  # type: ignore[arg-type]
        return path.read_bytes(), report


def read_csv(path: Path) -> pa.Table:
    head = read_head(path, path.name, "\t" if path.suffix == ".tsv" else "")
    with path.open(encoding="utf-8-sig", newline="") as file:
        records = [record for record in csv.reader(file, delimiter=head.delimiter) if any(map(str.strip, record))]
    width = len(head.names)
    padded = [[*record, *[None] * (width - len(record))] for record in records[1:]]
    return pa.table({name: pa.array([row[n] for row in padded], pa.string()) for n, name in enumerate(head.names)})


def read_json(content: bytes) -> pa.Table:
    return pa.Table.from_pylist([json.loads(line) for line in content.decode("utf-8-sig").splitlines() if line.strip()])


@pytest.fixture
def open_(tmp_path: Path) -> Iterator[Callable[..., Opened]]:
    opened: list[Opened] = []

    def make(name: str, content: bytes, label: str = "label") -> Opened:
        opened.append(Opened(tmp_path, name, content, label))
        return opened[-1]

    yield make
    for one in opened:
        one.journal.close()


Open = Callable[..., Opened]


def test_without_edits_a_csv_comes_back_byte_for_byte(open_: Open) -> None:
    opened = open_("ugly.csv", UGLY)
    assert opened.back("back.csv") == (UGLY, WriteBack(7, 0, 0, ""))


def test_a_relabelled_row_of_a_csv_changes_in_its_labels_field_alone(open_: Open) -> None:
    opened = open_("ugly.csv", UGLY)
    opened.label(0, "pos")
    opened.label(1, "neg")
    opened.label(3, "")
    opened.label(4, "pos")
    opened.journal.add_label('so; "so"')
    opened.label(6, 'so; "so"')
    content, report = opened.back("back.csv")
    expected = UGLY.replace(b'one";neg', b'one";pos').replace(b'more";"pos"', b'more";"neg"')
    expected = expected.replace(b"quoted;pos", b"quoted;").replace(b"only a text\n", b"only a text;pos\n")
    assert content == expected.replace(b"pos;last", b'"so; ""so""";last')
    assert (report.rows, report.relabelled, report.why_not_exact) == (7, 5, "")


def test_rows_of_a_renamed_or_merged_label_get_its_name_and_others_keep_the_sources_spelling(open_: Open) -> None:
    opened = open_("codes.csv", b"text,label\na,1\nb, 2 \nc,3\nd,4\n")
    opened.journal.map_labels({"1": "bad", "4": "3"})
    opened.label(1, "3")
    opened.journal.undo()
    assert opened.back("back.csv")[0] == b"text,label\na,bad\nb, 2 \nc,3\nd,3\n"
    opened.journal.map_labels({"3": "good", "2": "good"})
    assert opened.back("back.csv")[0] == b"text,label\na,bad\nb,good\nc,good\nd,good\n"


def test_a_label_set_to_what_the_source_says_is_no_change(open_: Open) -> None:
    opened = open_("codes.csv", b"text,label\na, 1\nb,2\n")
    opened.label(0, "1")
    assert opened.back("back.csv") == (b"text,label\na, 1\nb,2\n", WriteBack(2, 0, 0, ""))


def test_a_label_shown_cut_is_written_whole(open_: Open) -> None:
    long = "x" * 70
    opened = open_("long.csv", f"text,label\na,{long}\nb,y\n".encode())
    opened.label(1, "x" * 63 + "…")
    assert opened.back("back.csv")[0] == f"text,label\na,{long}\nb,{long}\n".encode()


def test_excluded_rows_stay_unless_they_are_to_be_left_out(open_: Open) -> None:
    opened = open_("x.csv", b'text,label\n"a\nb",1\nc,2\nd,1')
    opened.journal.set_excluded([opened.key(0), opened.key(2)], True)
    assert opened.back("back.csv")[0] == b'text,label\n"a\nb",1\nc,2\nd,1'
    assert opened.back("back.csv", without_excluded=True) == (b"text,label\nc,2\n", WriteBack(1, 0, 2, ""))


def test_a_csv_without_labels_gets_a_column_of_them(open_: Open) -> None:
    opened = open_("plain.csv", b'n,text\r\n1,a\r\n\r\n2,"b"\r\n3,c', label="")
    opened.journal.add_label("new, one")
    opened.label(1, "new, one")
    assert opened.back("back.csv")[0] == b'n,text,label\r\n1,a,\r\n\r\n2,"b","new, one"\r\n3,c,'
    taken = open_("taken.csv", b"label,text\n1,d\n2,e\n", label="")
    assert taken.back("back.csv")[0] == b"label,text,label.1\n1,d,\n2,e,\n"


def test_a_tsv_and_a_csv_of_it(open_: Open) -> None:
    opened = open_("x.tsv", b'text\tlabel\na, b\t1\n"c ""d"\t2\n')
    opened.label(0, "2")
    assert opened.back("back.tsv")[0] == b'text\tlabel\na, b\t2\n"c ""d"\t2\n'
    content, report = opened.back("back.csv")
    assert content == b'text,label\n"a, b",2\n"c ""d",2\n' and report.why_not_exact == "x.tsv is a TSV file"


JSONL = (
    b'\xef\xbb\xbf{"text": "a \\"label\\": \\u00e9", "label": "neg", "more": {"label": "deep"}}\r\n'
    b"\r\n"
    b'{"label":"pos","text":"b"}\n'
    b'  { "text" : "c" , "other" : [1, 2.50, null] }  \n'
    b'{"text": "d", "label": null}\n'
    b'{"text": "e", "label": "neg", "label" : "pos"}'
)


def test_a_jsonl_comes_back_byte_for_byte_and_an_edit_changes_the_labels_value_alone(open_: Open) -> None:
    opened = open_("x.jsonl", JSONL)
    assert opened.back("back.jsonl") == (JSONL, WriteBack(5, 0, 0, ""))
    opened.label(0, "pos")
    opened.label(1, "")
    opened.label(2, "neg")
    opened.journal.add_label('ö "x"')
    opened.label(3, 'ö "x"')
    opened.label(4, "neg")
    content, report = opened.back("back.jsonl")
    expected = JSONL
    for before, after in (
        (b'"label": "neg", "more"', b'"label": "pos", "more"'),
        (b'{"label":"pos"', b'{"label":null'),
        (b"null] }", b'null], "label": "neg" }'),
        (b'"d", "label": null', b'"d", "label": "\xc3\xb6 \\"x\\""'),
        (b'"label" : "pos"', b'"label" : "neg"'),
    ):
        assert expected.count(before) == 1
        expected = expected.replace(before, after)
    assert content == expected
    assert report.relabelled == 5


def test_numbers_in_a_jsonl_stay_numbers_where_the_label_is_one(open_: Open) -> None:
    opened = open_("x.jsonl", b'{"text":"a","label":1}\n{"text":"b","label":2.0}\n{"text":"c","label":1}\n')
    opened.label(0, "2")
    assert opened.back("back.jsonl")[0].splitlines()[0] == b'{"text":"a","label":2}'
    opened.journal.map_labels({"1": "one"})
    opened.journal.undo()
    opened.journal.map_labels({"2": "two"})
    lines = opened.back("back.jsonl")[0].splitlines()
    assert lines == [b'{"text":"a","label":"two"}', b'{"text":"b","label":"two"}', b'{"text":"c","label":1}']


@pytest.mark.parametrize(
    ("name", "before", "after", "where"),
    [
        ("x.csv", b"text,label\na,1\nb,2\n", b"text,label\na,1\nB,2\n", "line 3 is not"),
        ("x.csv", b"text,label\na,1\nb,2\n", b"text,label\na,2\nb,2\n", "line 2 is not"),
        ("x.csv", b"text,label\na,1\nb,2\n", b"text,label\na,1\n", "missing at its end"),
        ("x.csv", b"text,label\na,1\nb,2\n", b"text,label\na,1\nb,2\nc,2\n", "line 4 is not"),
        ("x.csv", b"text,label\na,1\nb,2\n", b"text,class\na,1\nb,2\n", "no column 'label' any more"),
        ("x.jsonl", b'{"text":"a","label":1}\n', b'{"text":"a","label":1', "line 1 is not"),
        ("x.jsonl", b'{"text":"a","label":1}\n', b'{"text":"\xff","label":1}\n', "has changed"),
    ],
)
def test_a_source_that_changed_is_told_and_nothing_is_written(
    open_: Open, name: str, before: bytes, after: bytes, where: str
) -> None:
    opened = open_(name, before)
    opened.source.write_bytes(after)
    with pytest.raises(UserError, match=where) as raised:
        opened.back(f"back.{name}")
    assert "Open it again" in raised.value.hint and "--copy" in raised.value.hint
    assert not (opened.folder / f"back.{name}").exists()
    content, report = opened.back(f"copy.{name}", copy="as told")
    assert report.why_not_exact == "as told" and b"a" in content


def test_a_source_that_is_gone_is_written_from_the_workspaces_rows(open_: Open) -> None:
    opened = open_("ugly.csv", UGLY)
    opened.label(4, "pos")
    opened.source.unlink()
    content, report = opened.back("back.csv")
    assert report.why_not_exact == "ugly.csv is not there any more"
    (opened.folder / "again.csv").write_bytes(content)
    again = read_csv(opened.folder / "again.csv")
    expected = read_csv_content(opened.folder, UGLY)
    labels = [cell or "" for cell in expected.column("label").to_pylist()]
    labels[4] = "pos"
    assert again.column("label").to_pylist() == labels
    assert again.column("text").to_pylist() == expected.column("text").to_pylist()


def read_csv_content(folder: Path, content: bytes) -> pa.Table:
    (folder / "content.csv").write_bytes(content)
    return read_csv(folder / "content.csv")


def test_the_source_itself_and_unknown_kinds_are_refused(open_: Open) -> None:
    opened = open_("x.csv", b"text,label\na,1\nb,2\n")
    with pytest.raises(UserError, match="is the source itself"):
        opened.back("x.csv")
    with pytest.raises(UserError, match="no kind that a dataset") as raised:
        opened.back("x.xlsx")
    assert ".parquet" in raised.value.hint
    with pytest.raises(UserError, match="could not be written"):
        opened.back("no/x.csv")


def of_table(folder: Path, splits: dict[str, pa.Table], source: Path | None = None, **options: object) -> Rows:
    write_rows(folder / "rows.arrow", splits, source=str(source or ""), **options)  # type: ignore[arg-type]
    return Rows.open(folder / "rows.arrow")


def test_a_parquet_keeps_its_types_until_a_label_does_not_fit_them(tmp_path: Path) -> None:
    table = pa.table({"text": ["a", "b", "c"], "stars": pa.array([1, 2, None], pa.int8()), "when": [1.5, None, 2.0]})
    source = tmp_path / "x.parquet"
    pq.write_table(table, source)
    rows = of_table(tmp_path, {"train": table}, source, label="stars", validation=0)
    with Journal.open(tmp_path / "labels.sqlite", rows.meta.label_values) as journal:
        back = tmp_path / "back.parquet"
        journal.set_label([int(rows.keys[0])], 1)
        journal.set_label([int(rows.keys[2])], 0)
        write_back(rows, Labelling(rows, journal), back)
        assert pq.read_table(back).equals(table.set_column(1, table.field(1), pa.array([2, 2, 1], pa.int8())))
        journal.map_labels({"2": "two"})
        write_back(rows, Labelling(rows, journal), back)
        assert pq.read_table(back).column("stars").to_pylist() == ["two", "two", "1"]
        journal.set_label([int(rows.keys[0])], -1)
        write_back(rows, Labelling(rows, journal), back, without_excluded=True)
        assert pq.read_table(back).column("stars").to_pylist() == [None, "two", "1"]


def test_classes_with_names_beside_stay_numbers_in_parquet_and_are_named_elsewhere(tmp_path: Path) -> None:
    features = {"info": {"features": {"label": {"names": ["neg", "pos"], "_type": "ClassLabel"}}}}
    table = pa.table({"text": ["a", "b", "c"], "label": [0, 1, 1]})
    table = table.replace_schema_metadata({"huggingface": json.dumps(features)})
    source = tmp_path / "x.parquet"
    pq.write_table(table, source)
    rows = of_table(tmp_path, {"train": table}, source, label_names=("neg", "pos"), validation=0)
    with Journal.open(tmp_path / "labels.sqlite", rows.meta.label_values) as journal:
        journal.set_label([int(rows.keys[2])], 0)
        labelling = Labelling(rows, journal)
        write_back(rows, labelling, tmp_path / "back.parquet")
        back = pq.read_table(tmp_path / "back.parquet")
        assert back.column("label").to_pylist() == [0, 1, 0]
        assert json.loads(back.schema.metadata[b"huggingface"]) == features
        write_back(rows, labelling, tmp_path / "back.csv")
        assert (tmp_path / "back.csv").read_text() == "text,label\na,neg\nb,pos\nc,neg\n"
        journal.map_labels({"pos": "good"})
        write_back(rows, Labelling(rows, journal), tmp_path / "back.parquet")
        back = pq.read_table(tmp_path / "back.parquet")
        assert back.column("label").to_pylist() == ["neg", "good", "neg"]
        assert b"huggingface" not in (back.schema.metadata or {})


def test_several_splits_become_a_column_and_a_cut_of_ours_does_not(tmp_path: Path) -> None:
    train = pa.table({"text": [f"t{n}" for n in range(40)], "label": ["a", "b"] * 20})
    rows = of_table(tmp_path, {"train": train, "test": train.slice(0, 2)})
    with Journal.open(tmp_path / "labels.sqlite", rows.meta.label_values) as journal:
        report = write_back(rows, Labelling(rows, journal), tmp_path / "back.jsonl")
        assert report == WriteBack(42, 0, 0, "the rows come from no file")
        records = [json.loads(line) for line in (tmp_path / "back.jsonl").read_text().splitlines()]
        assert [record["split"] for record in records] == ["train"] * 40 + ["test"] * 2
        assert {1, 0} <= set(rows.splits.tolist()), "some of train were cut off for validation"
        rows = of_table(tmp_path, {"train": train})
        write_back(rows, Labelling(rows, journal), tmp_path / "back.jsonl")
        assert json.loads((tmp_path / "back.jsonl").read_text().splitlines()[0]) == {"text": "t0", "label": "a"}


cells = st.text(st.sampled_from('ab ,;"\n\r\té😀'), max_size=6)


@settings(max_examples=30, deadline=None)
@given(
    records=st.lists(st.tuples(cells, st.sampled_from(["x", "y", "", 'q"q']), cells), min_size=1, max_size=8),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
    ending=st.sampled_from(["\n", "\r\n"]),
    delimiter=st.sampled_from([",", ";", "\t"]),
    edits=st.lists(st.tuples(st.integers(0, 7), st.sampled_from(["x", "y", "", "n,;\tw"])), max_size=4),
)
def test_whatever_is_in_a_csv_only_labels_of_edited_rows_change(
    tmp_path_factory: pytest.TempPathFactory,
    records: list[tuple[str, str, str]],
    quoting: int,
    ending: str,
    delimiter: str,
    edits: list[tuple[int, str]],
) -> None:
    folder = tmp_path_factory.mktemp("csv")
    # The csv module writes a lone carriage return without quotes, which nothing reads back as it was.
    quoting = csv.QUOTE_ALL if any("\r" in cell for record in records for cell in record) else quoting
    with (folder / "x.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=delimiter, lineterminator=ending, quoting=quoting)  # type: ignore[arg-type]
        # A first column that is never empty, so that no record is a blank line.
        writer.writerows([("id", "text", "label", "more"), *(("1", *record) for record in records)])
    opened = Opened(folder, "x.csv", (folder / "x.csv").read_bytes())
    with opened.journal:
        opened.journal.add_label("n w" if "n w" in opened.journal.label_set().names else "n,;\tw".replace("\t", " "))
        wanted = [label.strip() for _, label, _ in records]
        for row, name in edits:
            name = name.replace("\t", " ")
            if row < len(records) and (not name or name in opened.journal.label_set().names):
                opened.label(row, name)
                wanted[row] = name
        content, _ = opened.back("back.csv")
    with (folder / "back.csv").open(encoding="utf-8", newline="") as file:
        found = list(csv.reader(file, delimiter=delimiter))[1:]
    assert [row[2].strip() for row in found] == wanted
    assert [(row[0], row[1], row[3]) for row in found] == [("1", text, more) for text, _, more in records]
    if not any(label.strip() != wish for (_, label, _), wish in zip(records, wanted, strict=True)):
        assert content == opened.source.read_bytes()


values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from(["", "label", '"}', "\\", "é\u2028", "a,b: {"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["label", "x"]), inner, max_size=2),
    max_leaves=3,
)
objects = st.fixed_dictionaries(
    {"text": st.sampled_from(["a", "b", "", '"label": 1', "é\n"])},
    optional={"label": st.sampled_from(["x", "y", "", None]), "more": values, "lab": values},
)


@settings(max_examples=30, deadline=None)
@given(
    records=st.lists(objects, min_size=1, max_size=6),
    ascii_=st.booleans(),
    separators=st.sampled_from([(",", ":"), (", ", ": "), (" , ", " : ")]),
    ending=st.sampled_from(["\n", "\r\n", "\n\n"]),
    edits=st.lists(st.tuples(st.integers(0, 5), st.sampled_from(["x", "y", "", 'n"ö']), st.booleans()), max_size=4),
)
def test_whatever_is_in_a_jsonl_only_labels_of_edited_rows_change(
    tmp_path_factory: pytest.TempPathFactory,
    records: list[dict[str, object]],
    ascii_: bool,
    separators: tuple[str, str],
    ending: str,
    edits: list[tuple[int, str, bool]],
) -> None:
    folder = tmp_path_factory.mktemp("jsonl")
    order = [dict(sorted(record.items(), reverse=bool(number % 2))) for number, record in enumerate(records)]
    lines = [json.dumps(record, ensure_ascii=ascii_, separators=separators) + ending for record in order]
    (folder / "x.jsonl").write_bytes("".join(lines).encode())
    texts: dict[str, list[object]] = {
        "text": [record["text"] for record in records],
        "label": [record.get("label") for record in records],
    }
    rows = of_table(folder, {"train": pa.table(texts)}, folder / "x.jsonl", validation=0)
    with Journal.open(folder / "labels.sqlite", rows.meta.label_values) as journal:
        wanted = [record.get("label") or "" for record in records]
        journal.add_label('n"ö')
        names = journal.label_set().names
        for row, name, _ in edits:
            if row < len(records) and (not name or name in names):
                journal.set_label([int(rows.keys[row])], journal.label_set().index(name) if name else -1)
                wanted[row] = name
        write_back(rows, Labelling(rows, journal), folder / "back.jsonl")
    content = (folder / "back.jsonl").read_bytes().decode()
    found = content.split(ending)[: len(lines)]
    for line, before, record, label in zip(found, lines, records, wanted, strict=True):
        if label == (record.get("label") or ""):
            assert line + ending == before
        else:
            assert json.loads(line) == record | {"label": label or None}
