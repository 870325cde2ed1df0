"""Editors of a journal that are killed at any moment, and what must then hold of it."""

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

SOURCE = ("a", "b", "c")
BULK = 3000
"""Rows of the largest edits."""

# Imports once, then forks an editor for each line it reads; each edit is told only after its call has returned.
EDITORS = """
import os, random, sys
from pathlib import Path
from tlworkbench.data.journal import Journal
from tlworkbench.data.label_rules import parse_rules

def say(*words):
    os.write(1, (" ".join(map(str, words)) + "\\n").encode())

def edited(journal, draw):
    keys = [draw.randrange(2**64) for _ in range(draw.choice((1, 1, 1, 40)))]
    labels = journal.label_set().labels
    kind = draw.randrange(16)
    if kind < 6 and labels:
        return journal.set_label(keys, draw.choice(labels).id)
    if kind == 6:
        return journal.set_label(range(draw.randrange(10**6), 2 * 10**6, 10**6 // BULK), -1, means="bulk")
    if kind == 7:
        return journal.set_excluded(keys, True)
    if kind == 8:
        return journal.set_flagged(keys, draw.random() < 0.8)
    if kind == 9:
        return journal.set_note(keys[0] % 50, draw.choice(("", "12", "ask Ann", "why?")))
    if kind == 10:
        noted = {"imported": keys[:1]}
        return journal.import_rows("x.csv", {"b": keys, "new": keys[:3]}, {True: keys}, {}, noted)
    if kind == 11 and labels:
        name = draw.choice(labels).name
        if draw.random() < 0.5:
            return journal.map_labels({name: draw.choice(("a", "d", "e"))})
        return journal.set_shortcut(name, draw.choice("1234567890"))
    if kind == 12:
        return journal.map_by_rule(parse_rules(draw.choice(("a=x; *=y", "re:[ab]=a; c=c", "a=a; b=b; c=c"))))
    if kind == 13 and labels:
        return journal.reorder(draw.sample([label.name for label in labels], len(labels)))
    return journal.undo() if draw.random() < 0.6 else journal.redo()

def edit(path, seed):
    draw = random.Random(seed)
    say("pid", os.getpid())
    journal = Journal.open(path, SOURCE)
    while True:
        version = journal.version
        made = edited(journal, draw)
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
    program = EDITORS.replace("SOURCE", repr(SOURCE)).replace("BULK", str(BULK))
    with subprocess.Popen(
        [sys.executable, "-c", program, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        try:
            yield process.stdin, process.stdout
        finally:
            process.stdin.close()


def kill_editors(path: Path, kills: int, seed: int = 11) -> list[tuple[int, int, str]]:
    """Let editors edit and kill each at a random moment; raises AssertionError where an edit that one told is gone.

    Returns all that was told: version, edit and state of each.
    """
    draw = random.Random(seed)
    told: list[tuple[int, int, str]] = []
    with editors(path) as (orders, answers):
        for number in range(kills):
            print(number, file=orders, flush=True)
            pid = int(answers.readline().removeprefix("pid "))
            # The first editors are killed around the making of the file, the others after some edits.
            told.extend(_parsed(answers.readline()) for _ in range(0 if number < kills // 10 else 12))
            moment = time.perf_counter() + draw.random() * draw.choice((0.004, 0.03))
            while time.perf_counter() < moment:
                pass
            os.kill(pid, signal.SIGKILL)
            while (answer := answers.readline()) != "end\n":
                told.append(_parsed(answer))
            with Journal.open(path, SOURCE) as journal:
                assert journal.version >= (told[-1][0] if told else 0)
                # A set may be merged and dropped to nothing, but it can be read.
                assert journal.label_set() is not None
    check(path, told)
    return told


def check(path: Path, told: list[tuple[int, int, str]]) -> None:
    """The file is sound, holds all that was told, and its rows are what its log makes of them."""
    with sqlite3.connect(path) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        log = {version: (edit, direction) for version, edit, direction, _ in database.execute("SELECT * FROM log")}
        assert list(log) == list(range(1, len(log) + 1))
        for version, edit, state in told:
            assert log[version] == (edit, -1 if state == "undone" else 1)
        assert _replayed(database) == _current(database)
        assert _labels_replayed(database) == set(database.execute("SELECT id, label FROM labels"))
    database.close()


def _parsed(answer: str) -> tuple[int, int, str]:
    made, version, edit, state = answer.split()
    assert made == "made"
    return int(version), int(edit), state


def _replayed(database: sqlite3.Connection) -> set[tuple[int, str, int]]:
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


def _current(database: sqlite3.Connection) -> set[tuple[int, str, int]]:
    found = set()
    for key, label, *marks in database.execute("SELECT key, label, excluded, flagged, note FROM rows"):
        found |= {(key, "label", label)} if label is not None else set()
        fields = zip(("excluded", "flagged", "note"), marks, strict=True)
        found |= {(key, field, value) for field, value in fields if value}
    return found


def _labels_replayed(database: sqlite3.Connection) -> set[tuple[int, str]]:
    labels = {number: text for number, text in database.execute("SELECT id, label FROM labels")}
    first: dict[int, str | None] = {}
    query = "SELECT label, direction, before, after FROM log JOIN label_changes USING (edit) ORDER BY version"
    changes = database.execute(query).fetchall()
    for number, direction, before, after in changes:
        first.setdefault(number, before if direction == 1 else after)
    labels.update((number, text) for number, text in first.items() if text is not None)
    for number in [number for number, text in first.items() if text is None]:
        labels.pop(number, None)
    for number, direction, before, after in changes:
        text = after if direction == 1 else before
        assert labels.pop(number, None) == (before if direction == 1 else after)
        if text is not None:
            labels[number] = text
    return set(labels.items())
