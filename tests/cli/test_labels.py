"""`labels`: files out and in, by the command, on datasets opened by the command."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.test_usage import Run, run
from tests.data.test_journal_salvage import page_of, spoil
from tests.data.test_write_back import JSONL, UGLY

__all__ = ["run"]
Ask = Callable[..., Any]


@pytest.fixture
def ask(run: Run) -> Ask:
    """Run a command that succeeds: its JSON."""

    def ask(*arguments: str) -> Any:
        status, out, err = run(*arguments, "--json")
        assert status == 0, err
        return json.loads(out)

    return ask


@pytest.mark.parametrize(("name", "content"), [("ugly.csv", UGLY), ("x.jsonl", JSONL)])
def test_what_the_import_read_comes_back_byte_for_byte(ask: Ask, tmp_path: Path, name: str, content: bytes) -> None:
    source = tmp_path / name
    source.write_bytes(content)
    ask("open", str(source))
    back = tmp_path / f"back-{name}"
    report = ask("labels", "export", str(back))
    assert back.read_bytes() == content
    assert (report["relabelled"], report["why_not_exact"]) == (0, "")
    ask("labels", "map", "neg=negative")
    report = ask("labels", "export", str(back))
    assert report["relabelled"] == content.count(b"neg") - (name == "x.jsonl")
    assert back.read_bytes().count(b"negative") == report["relabelled"]


def test_marks_go_out_and_come_back_and_what_finds_no_row_is_kept(ask: Ask, run: Run, tmp_path: Path) -> None:
    source = tmp_path / "x.csv"
    source.write_text("text,label\na,1\nb,2\nc,2\n")
    ask("open", str(source), "--validation", "0")
    marks = tmp_path / "marks.csv"
    assert ask("labels", "export", "--marks", str(marks)) == {"file": str(marks), "rows": 3}
    with marks.open() as file:
        records = list(csv.DictReader(file))
    records[0].update(label="2", note="ask Ann", excluded="true")
    records[1].update(key="", text="gone")
    records[2].update(key="0123456789abcdef", label="1")
    with marks.open("w") as file:
        writer = csv.DictWriter(file, list(records[0]))
        writer.writeheader()
        writer.writerows(records)
    lost = tmp_path / "lost.csv"
    report = ask("labels", "import", str(marks), "--unmatched", str(lost))
    found = report["imported"]
    assert (found["matched"], found["by_text"], found["changed"], found["unmatched_lines"]) == (2, 1, 2, [3])
    assert report["counts"] == {"1": 1, "2": 2} and report["edits"] == 1
    with lost.open() as file:
        assert list(csv.DictReader(file)) == [records[1]]
    again = tmp_path / "again.jsonl"
    ask("labels", "export", "--marks", str(again))
    first = json.loads(again.read_text().splitlines()[0])
    assert (first["label"], first["note"], first["excluded"]) == ("2", "ask Ann", True)
    status, out, _ = run("labels", "import", str(marks))
    assert status == 0 and "1 found no row: line 3" in out and "--unmatched FILE" in out
    assert ask("labels", "export", "--without-excluded", str(tmp_path / "less.csv"))["left_out"] == 1
    assert (tmp_path / "less.csv").read_text() == "text,label\nb,2\nc,1\n"


def test_rules_on_the_sources_values_with_a_dry_run_before(ask: Ask, run: Run, tmp_path: Path) -> None:
    source = tmp_path / "stars.csv"
    source.write_text("text,label\n" + "".join(f"review {n},{n % 5 + 1}\n" for n in range(10)))
    ask("open", str(source), "--validation", "0")
    rules = ("--source", "..2=negative", "--source", "3=neutral", "--source", "*=positive", "--source", "9=never")
    dry = ask("labels", "map", *rules, "--dry-run")
    assert dry["counts"] == {"negative": 4, "neutral": 2, "positive": 4} and dry["unused"] == ["9"]
    assert ask("labels", "show")["edits"] == 0
    done = ask("labels", "map", *rules)
    assert done["counts"] == dry["counts"] and done["edits"] == 1 and done["latest"][0]["means"] == "rule"
    assert done["values"][0] == {"value": "1", "rows": 2, "before": "1", "after": "negative", "matched": True}
    assert ask("labels", "undo")["counts"] == {str(n): 2 for n in range(1, 6)}
    for wrong in ((), ("1=a", "--source", "2=b"), ("1=a", "--dry-run")):
        status, _, err = run("labels", "map", *wrong)
        assert status == 2 and err
    status, _, err = run("labels", "map", "--source", "3..1=a")
    assert status == 1 and "holds nothing" in err


def test_a_note_and_the_history_of_a_row(ask: Ask, run: Run, tmp_path: Path) -> None:
    source = tmp_path / "x.csv"
    source.write_text("text,label\na,1\nb,2\n")
    ask("open", str(source), "--validation", "0")
    ask("labels", "export", "--marks", str(tmp_path / "marks.jsonl"))
    key = json.loads((tmp_path / "marks.jsonl").read_text().splitlines()[0])["key"]
    assert run("labels", "history", key)[1] == f"{key} stands as in the source\n"
    assert ask("labels", "note", key[:6], "ask Ann")["note"] == "ask Ann"
    ask("labels", "set", f"{key}=2")
    ask("labels", "undo")
    found = ask("labels", "history", key)
    assert (found["key"], found["text"], found["note"]) == (key, "a", "ask Ann")
    assert [(change["text"], change["means"], change["state"]) for change in found["changes"]] == [
        ("the source's label → 2", "command", "undone"),
        ("note: ask Ann", "command", "applied"),
    ]
    lines = run("labels", "history", key)[1].splitlines()
    assert lines[0] == f"{key}  a" and "undone" in lines[2] and "command" in lines[3]
    shown = run("labels", "show")[1].splitlines()
    assert shown[4].split() == ["edits:", "1", "when", "by", "means"] and shown[5].endswith("undone")


def test_a_damaged_journal_names_the_way_out_and_the_way_works(ask: Ask, run: Run, tmp_path: Path) -> None:
    source = tmp_path / "x.csv"
    source.write_text("text,label\n" + "".join(f"text {n},{n % 2}\n" for n in range(2000)))
    assert ask("-w", str(tmp_path / "work"), "open", str(source), "--validation", "0")
    ask("labels", "export", "--marks", str(tmp_path / "marks.csv"))
    marks = (tmp_path / "marks.csv").read_text().replace(',"0","0",', ',"1","0",')
    (tmp_path / "marks.csv").write_text(marks)
    assert ask("labels", "import", str(tmp_path / "marks.csv"))["counts"] == {"0": 0, "1": 2000}
    assert run("labels", "salvage")[1] == "the journal is not damaged; nothing was changed\n"
    path = tmp_path / "work" / "labels.sqlite"
    spoil(path, page_of(path, "rows"))
    status, _, err = run("labels")
    assert status == 1 and "is damaged" in err and "tlworkbench labels salvage" in err
    assert ask("labels", "salvage")["salvaged"]["unreadable"] == ["rows"]
    assert ask("labels")["counts"] == {"0": 0, "1": 2000}
