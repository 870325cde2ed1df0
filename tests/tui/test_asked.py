"""The history file: only ever added to, bounded when read, no line lost to a damaged one."""

from pathlib import Path

import pytest

from tlworkbench.errors import UserError
from tlworkbench.tui import asked
from tlworkbench.tui.asked import Asked, append_asked, read_asked


def entry(text: str) -> Asked:
    return Asked(text=text, label="good", score=0.5, run="0001", variant="int8", at=1.0)


def test_what_was_added_is_read_newest_first(tmp_path: Path) -> None:
    path = tmp_path / "asked.jsonl"
    assert read_asked(path) == []
    append_asked(path, [entry("one"), entry("two")])
    append_asked(path, [entry("thrée 😀\n[bold]")])
    assert read_asked(path) == [entry("thrée 😀\n[bold]"), entry("two"), entry("one")]


def test_half_a_line_of_a_program_that_died_costs_only_itself(tmp_path: Path) -> None:
    path = tmp_path / "asked.jsonl"
    append_asked(path, [entry("one")])
    with path.open("ab") as file:
        file.write(b'{"text": "tor')
    append_asked(path, [entry("two")])
    assert [kept.text for kept in read_asked(path)] == ["two", "one"]


def test_lines_of_another_version_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "asked.jsonl"
    path.write_bytes(b'{"words": 3}\n[]\n\xff\n')
    append_asked(path, [entry("one")])
    assert read_asked(path) == [entry("one")]


def test_only_the_newest_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "asked.jsonl"
    append_asked(path, [entry(f"{number} " + "x" * 100) for number in range(asked.KEPT + 300)])
    read = read_asked(path)
    assert len(read) == asked.KEPT and read[0].text.startswith(f"{asked.KEPT + 299} ")
    monkeypatch.setattr(asked, "_TAIL", 1000)
    few = read_asked(path)
    assert 3 <= len(few) <= 10 and few == read[: len(few)]


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="could not be written"):
        append_asked(tmp_path / "nowhere" / "asked.jsonl", [entry("one")])
