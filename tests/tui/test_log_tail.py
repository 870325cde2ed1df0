"""The end of a log, read as it grows, as a terminal would show it."""

import random
from pathlib import Path

import pytest

from tlworkbench.tui.widgets.log_tail import MOST_COLUMNS, MOST_LINES, TAIL_BYTES, LogTail


def fed(content: bytes, path: Path = Path("none")) -> tuple[str, ...]:
    tail = LogTail(path)
    tail.feed(content)
    return tail.lines


def test_a_log_reads_as_a_terminal_would_have_left_it() -> None:
    raw = b"one\n  1%|#  | 1/9\r 50%|## | 5/9\r100%|###| 9/9\r\ntwo \x1b[31mred\x1b[0m\x07\nhalf"
    assert fed(raw) == ("one", "100%|###| 9/9", "two red·", "half")
    assert fed(b"") == ()
    assert fed(b"abc\b\bX\n") == ("aXc",)
    assert fed(b"long words\rshort\x1b[K\n") == ("short",)
    assert fed(b"gone\x1b[2K\rhere\n") == ("here",)


def test_bars_above_one_another_are_written_over_where_they_stand() -> None:
    raw = b"epoch 1\nouter 10%\n\rinner 10%\x1b[A\router 20%\n\rinner 90%\x1b[A\router 30%\n\n\nend\n"
    assert fed(raw) == ("epoch 1", "outer 30%", "inner 90%", "", "end")


RAW = "tëst 漢字\r\x1b[31mré\x1b[0m\nouter\n\rinner\x1b[A\router 2\n\n\x1b]0;title\x07end 🎉\n".encode()


@pytest.mark.parametrize("seed", range(20))
def test_it_does_not_matter_where_a_read_ends(seed: int) -> None:
    random.seed(seed)
    tail = LogTail(Path("none"))
    rest = RAW
    while rest:
        cut = random.randint(1, 4)
        tail.feed(rest[:cut])
        rest = rest[cut:]
    assert tail.lines == fed(RAW) and "�" not in "".join(tail.lines)


def test_only_the_end_of_a_long_log_is_read_and_then_only_what_is_new(tmp_path: Path) -> None:
    path = tmp_path / "engine.log"
    tail = LogTail(path)
    assert not tail.read()
    with path.open("wb") as file:
        # A gigabyte that takes no room on the disk.
        file.seek(1 << 30)
        file.write(b"".join(b"\nline %d" % number for number in range(100_000)) + b"\n")
    assert tail.read() and not tail.read()
    assert tail.lines[-1] == "line 99999" and len(tail.lines) == MOST_LINES and not tail.whole
    assert all(line.startswith("line ") for line in tail.lines)
    with path.open("ab") as file:
        file.write(b"one more\n")
    assert tail.read() and tail.lines[-1] == "one more" and tail.length == path.stat().st_size
    path.write_bytes(b"anew\n")
    assert tail.read() and tail.lines == ("anew",) and tail.whole


def test_a_line_without_end_takes_bounded_room(tmp_path: Path) -> None:
    path = tmp_path / "engine.log"
    bar = b"".join(b"\r%d%%|####" % (number % 100) for number in range(300_000))
    path.write_bytes(bar)
    tail = LogTail(path)
    tail.read()
    assert tail.lines == ("99%|####",)
    path.write_bytes(b"x" * (3 * TAIL_BYTES))
    tail.read()
    assert all(len(line) <= MOST_COLUMNS for line in tail.lines) and len(tail.lines) <= MOST_LINES
    for _ in range(3):
        with path.open("ab") as file:
            file.write(b"y" * TAIL_BYTES)
        tail.read()
    assert sum(map(len, tail.lines)) <= MOST_COLUMNS * MOST_LINES
