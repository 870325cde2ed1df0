"""The end of a log file as lines that are safe to draw."""

import os
from pathlib import Path

from tlworkbench.tui.text import clean

TAIL_BYTES = 64 * 1024
MOST_LINES = 1000


def read_tail(path: Path, most: int = TAIL_BYTES) -> bytes:
    """The last bytes of a file; empty where there is none. Begins at a line's beginning unless that line is longer."""
    try:
        with path.open("rb") as file:
            length = file.seek(0, os.SEEK_END)
            file.seek(max(0, length - most))
            tail = file.read(most)
    except OSError:
        return b""
    return tail.partition(b"\n")[2] or tail if length > most else tail


def log_lines(tail: bytes) -> tuple[str, ...]:
    """Lines as a terminal would have left them: after a carriage return a line is written over; no control codes."""
    lines = tail.decode("utf-8", errors="replace").split("\n")
    if lines and not lines[-1]:
        lines.pop()
    return tuple(clean(_written_over(line)).rstrip() for line in lines[-MOST_LINES:])


def _written_over(line: str) -> str:
    # Progress bars rewrite their line; of all they wrote, the last state counts.
    return next((part for part in reversed(line.split("\r")) if part.strip()), "")
