"""Several at one journal: two processes, and the threads of one."""

import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tlworkbench.data.journal import Journal
from tlworkbench.errors import UserError

EDITOR = """
import sys
from pathlib import Path
from tlworkbench.data.journal import Journal

first = int(sys.argv[2])
with Journal.open(Path(sys.argv[1]), ("a", "b"), who=sys.argv[2]) as journal:
    print("ready", flush=True)
    sys.stdin.readline()
    for key in range(first, first + 200):
        assert journal.set_label([key, 7], key % 2)
"""


def test_two_processes_that_edit_at_once_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "labels.sqlite"
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", EDITOR, str(path), str(first)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for first in (1000, 2000)
    ]
    # Both opened the file at once, so one of them made it under the other's eyes.
    for process in processes:
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in processes:
        process.communicate(timeout=60)
        assert process.returncode == 0
    with Journal.open(path) as journal:
        labels = {row.key: row.label for row in journal.overrides()}
        assert {key: label for key, label in labels.items() if key != 7} == {
            first + number: number % 2 for first in (1000, 2000) for number in range(200)
        }
        assert (journal.version, journal.edit_count) == (400, 400)
        edits = journal.edits(limit=500)
        assert {edit.who for edit in edits} == {"1000", "2000"}
        assert [edit.id for edit in edits] == list(range(400, 0, -1))
        while journal.undo():
            pass
        assert all(row.label is None for row in journal.overrides())


def test_another_programs_edits_show_at_once_and_can_be_undone_here(tmp_path: Path) -> None:
    path = tmp_path / "labels.sqlite"
    with Journal.open(path, ("a", "b")) as one, Journal.open(path) as other:
        names = one.label_set()
        assert one.label_set() is names
        other.map_labels({"a": "A"})
        assert one.version == 1
        assert one.label_set().names == ("A", "b")
        undone = one.undo()
        assert undone is not None and undone.text == "a → A"
        assert other.label_set().names == ("a", "b")


def test_a_writer_that_holds_on_is_named_and_reading_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "labels.sqlite"
    with Journal.open(path, ("a", "b"), timeout=0.1) as journal:
        journal.set_label([1], 0)
        holder = sqlite3.connect(path, isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        with pytest.raises(UserError, match="is locked") as raised:
            journal.set_label([2], 1)
        assert "Try again" in raised.value.hint
        assert journal.version == 1
        holder.execute("ROLLBACK")
        holder.close()
        assert journal.set_label([2], 1) is not None
        assert journal.version == 2


def at_once(call: Callable[[int], None], count: int) -> None:
    """Call from several threads that begin together; the first error of one is raised here."""
    barrier = threading.Barrier(count)

    def work(number: int) -> None:
        barrier.wait()
        call(number)

    with ThreadPoolExecutor(count) as pool:
        for done in [pool.submit(work, number) for number in range(count)]:
            done.result()


def test_threads_share_a_journal(tmp_path: Path) -> None:
    with Journal.open(tmp_path / "labels.sqlite", ("a", "b")) as journal:
        journal.set_label(range(2000), 0)

        def edit(thread: int) -> None:
            for number in range(30):
                assert journal.set_label([10_000 + 100 * thread + number], 1)
                assert journal.label_set().names == ("a", "b")
                assert len(journal.overrides()) > 2000

        at_once(edit, 4)
        assert (journal.version, len(journal.overrides())) == (121, 2120)


def test_whoever_comes_first_makes_the_file_and_the_others_find_it_made(tmp_path: Path) -> None:
    for attempt in range(10):
        path = tmp_path / f"{attempt}.sqlite"

        def open_it(number: int, path: Path = path) -> None:
            with Journal.open(path, ("a", "b")) as journal:
                assert journal.label_set().names == ("a", "b")
                assert journal.set_label([number], 1)

        at_once(open_it, 6)
        with Journal.open(path) as journal:
            assert (journal.version, len(journal.overrides())) == (6, 6)


def test_a_file_that_is_just_being_made_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "labels.sqlite"
    maker = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    maker.execute("BEGIN IMMEDIATE")
    done = threading.Timer(0.2, maker.execute, ("ROLLBACK",))
    done.start()
    with Journal.open(path, ("a", "b")) as journal:
        assert journal.label_set().names == ("a", "b")
    done.join()
    maker.close()


def test_polls_go_on_while_a_worker_writes(tmp_path: Path) -> None:
    with Journal.open(tmp_path / "labels.sqlite", ("a", "b")) as journal:
        worker = threading.Thread(target=journal.set_label, args=(range(100_000), 1))
        began = time.perf_counter()
        worker.start()
        polls = 0
        while journal.version == 0:
            polls += 1
            assert time.perf_counter() - began < 60
        worker.join()
        assert polls > 20
