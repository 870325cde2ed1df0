"""kill -9 at any moment: what the journal acknowledged is there, and it opens."""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from tlworkbench.data.journal import Journal

KILLS = 100
EDITS = 1000

# Imports once, then forks an editor for each line it reads; each edit is told only after its call has returned.
EDITORS = """
import os, random, sys
from pathlib import Path
from tlworkbench.data.journal import Journal

def say(*words):
    os.write(1, (" ".join(map(str, words)) + "\\n").encode())

def edit(path, seed):
    draw = random.Random(seed)
    say("pid", os.getpid())
    journal = Journal.open(path, ("a", "b", "c"))
    while True:
        version = journal.version
        kind = draw.randrange(10)
        keys = [draw.randrange(2**64) for _ in range(draw.choice((1, 1, 1, 40)))]
        if kind < 6:
            made = journal.set_label(keys, draw.randrange(3))
        elif kind == 6:
            made = journal.set_excluded(keys, True)
        elif kind == 7:
            made = journal.reorder(draw.sample(("a", "b", "c"), 3))
        else:
            made = journal.undo() if draw.random() < 0.6 else journal.redo()
        if made:
            say("made", version + 1, made.id, made.state)

for line in sys.stdin:
    child = os.fork()
    if not child:
        edit(Path(sys.argv[1]), int(line))
    os.waitpid(child, 0)
    say("end")
"""


@contextmanager
def editors(path: Path) -> Iterator[tuple[IO[str], IO[str]]]:
    """The forking process: lines to it, lines from it."""
    with subprocess.Popen(
        [sys.executable, "-c", EDITORS, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        try:
            yield process.stdin, process.stdout
        finally:
            process.stdin.close()


def test_no_acknowledged_edit_is_lost_in_a_hundred_kills(tmp_path: Path) -> None:
    path = tmp_path / "labels.sqlite"
    draw = random.Random(11)
    told: list[tuple[int, int, str]] = []
    with editors(path) as (orders, answers):
        for seed in range(KILLS):
            print(seed, file=orders, flush=True)
            pid = int(answers.readline().removeprefix("pid "))
            # The first editors are killed around the making of the file, the others after some edits.
            told.extend(parsed(answers.readline()) for _ in range(0 if seed < 10 else 12))
            moment = time.perf_counter() + draw.random() * 0.004
            while time.perf_counter() < moment:
                pass
            os.kill(pid, signal.SIGKILL)
            while (answer := answers.readline()) != "end\n":
                told.append(parsed(answer))
            with Journal.open(path, ("a", "b", "c")) as journal:
                assert journal.version >= (told[-1][0] if told else 0)
                assert journal.label_set().labels
    assert len(told) >= EDITS
    with sqlite3.connect(path) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        log = {version: (edit, direction) for version, edit, direction, _ in database.execute("SELECT * FROM log")}
        assert list(log) == list(range(1, len(log) + 1))
        for version, edit, state in told:
            assert log[version] == (edit, -1 if state == "undone" else 1)
        assert replayed(database) == current(database)
    database.close()


def parsed(answer: str) -> tuple[int, int, str]:
    made, version, edit, state = answer.split()
    assert made == "made"
    return int(version), int(edit), state


def replayed(database: sqlite3.Connection) -> set[tuple[int, str, int]]:
    """The rows as they must be when the log is carried out from the start, as (key, field, value)."""
    values: dict[tuple[int, str], int | None] = {}
    changes: dict[int, list[tuple[int, str, int | None, int | None]]] = {}
    for edit, key, field, before, after in database.execute("SELECT edit, key, field, before, after FROM row_changes"):
        changes.setdefault(edit, []).append((key, field, before, after))
    for edit, direction in database.execute("SELECT edit, direction FROM log ORDER BY version"):
        for key, field, before, after in changes.get(edit, []):
            values[key, field] = after if direction == 1 else before
    return {
        (key, field, value)
        for (key, field), value in values.items()
        if value is not None and (value or field == "label")
    }


def current(database: sqlite3.Connection) -> set[tuple[int, str, int]]:
    found = set()
    for key, label, excluded in database.execute("SELECT key, label, excluded FROM rows"):
        found |= {(key, "label", label)} if label is not None else set()
        found |= {(key, "excluded", 1)} if excluded else set()
    return found
