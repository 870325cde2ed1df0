"""What the world does to a journal: full disks, read-only folders, damage, files of other times and programs."""

import contextlib
import json
import resource
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tlworkbench.data import journal_schema
from tlworkbench.data.journal import Journal
from tlworkbench.errors import UserError

# Opens the journal as somebody whom the folder's rights bind, which they don't bind root: root lays its rights down
# first. For each line read it tells what it sees, and what an edit says.
READER = """
import ctypes, json, os, sys
from pathlib import Path
from tlworkbench.data.journal import Journal
from tlworkbench.errors import UserError

if os.geteuid() == 0:
    nothing = (ctypes.c_uint32 * 6)()
    assert ctypes.CDLL(None, use_errno=True).capset((ctypes.c_uint32 * 2)(0x20080522, 0), nothing) == 0
try:
    with Journal.open(Path(sys.argv[1]), ("a", "b", "new")) as journal:
        for line in sys.stdin:
            try:
                journal.set_label([1], 1)
                said = "edited"
            except UserError as error:
                said = error.what
            seen = [[row.key, row.label] for row in journal.overrides()]
            print(json.dumps([journal.read_only, journal.version, journal.label_set().names, seen, said]), flush=True)
except UserError as error:
    print(json.dumps(error.what), flush=True)
"""


@contextlib.contextmanager
def bound_by_rights(path: Path) -> Iterator[Any]:
    """A function that asks a process which the folder's rights bind what it sees in the journal."""
    path.parent.chmod(0o555)
    process = subprocess.Popen(
        [sys.executable, "-c", READER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin is not None and process.stdout is not None
    asks, answers = process.stdin, process.stdout

    def ask() -> Any:
        with contextlib.suppress(BrokenPipeError):
            print(file=asks, flush=True)
        return json.loads(answers.readline())

    try:
        yield ask
    finally:
        path.parent.chmod(0o755)
        process.communicate(timeout=30)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "workspace"
    folder.mkdir()
    return folder


def test_a_closed_journal_in_a_read_only_folder_can_be_read(folder: Path) -> None:
    path = folder / "labels.sqlite"
    with Journal.open(path, ("a", "b")) as journal:
        journal.set_label([1], 0)
    assert [file.name for file in folder.iterdir()] == ["labels.sqlite"]
    with bound_by_rights(path) as ask:
        read_only, version, names, seen, said = ask()
    assert (read_only, version, names, seen) == (True, 1, ["a", "b"], [[1, 0]])
    assert said == f"{path} is read-only"


def test_a_journal_that_others_write_can_be_read_with_what_they_add(folder: Path) -> None:
    path = folder / "labels.sqlite"
    with Journal.open(path, ("a", "b")) as journal:
        journal.set_label([1], 0)
    with bound_by_rights(path) as ask:
        assert ask()[1] == 1
        # Someone with write access comes, and both read the same file from then on.
        folder.chmod(0o755)
        with Journal.open(path) as journal:
            journal.set_label([2], 1)
            assert ask()[1:4] == [2, ["a", "b"], [[1, 0], [2, 1]]]
            journal.set_label([3], 1)
            assert ask()[1] == 3
        assert ask()[4].endswith("is read-only")


@pytest.mark.parametrize("left", [("", "-wal", "-shm"), ("", "-wal")])
def test_what_a_crash_left_in_the_write_ahead_log_is_read_from_there(
    tmp_path: Path, folder: Path, left: tuple[str, ...]
) -> None:
    with Journal.open(tmp_path / "labels.sqlite", ("a", "b")) as journal:
        journal.set_label([1], 0)
        for suffix in left:
            shutil.copy(tmp_path / f"labels.sqlite{suffix}", folder / f"labels.sqlite{suffix}")
    assert (folder / "labels.sqlite-wal").stat().st_size > 0
    with bound_by_rights(folder / "labels.sqlite") as ask:
        assert ask()[:4] == [True, 1, ["a", "b"], [[1, 0]]]


def test_a_file_without_write_permission_is_read_only_in_a_folder_with(folder: Path) -> None:
    path = folder / "labels.sqlite"
    with Journal.open(path, ("a", "b")) as journal:
        journal.set_label([1], 0)
    path.chmod(0o444)
    with bound_by_rights(path) as ask:
        folder.chmod(0o755)
        read_only, version, *_, said = ask()
        assert (read_only, version, said) == (True, 1, f"{path} is read-only")


def test_a_journal_that_cannot_be_made_says_so(folder: Path) -> None:
    with bound_by_rights(folder / "labels.sqlite") as ask:
        assert ask() == f"{folder / 'labels.sqlite'} can't be opened or made"
    with pytest.raises(UserError, match="can't be opened or made"):
        Journal.open(folder / "no" / "labels.sqlite")


@contextlib.contextmanager
def no_file_longer_than(length: int) -> Iterator[None]:
    """Writes beyond it fail, by the kernel's word, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (length, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_an_edit_that_the_disk_cannot_take_is_not_made_and_nothing_else_is_lost(folder: Path) -> None:
    path = folder / "labels.sqlite"
    with Journal.open(path, ("a", "b")) as journal:
        journal.set_label([1], 0)
        before = journal.overrides()
        with no_file_longer_than(200_000):
            with pytest.raises(UserError, match="the disk failed or is full") as raised:
                journal.set_label(range(50_000), 1)
            assert "free space" in raised.value.hint
            with pytest.raises(UserError, match="disk"):
                journal.set_excluded(range(50_000), True)
            assert (journal.version, journal.overrides()) == (1, before)
        assert journal.set_label(range(50_000), 1) is not None
        journal.undo()
    with Journal.open(path) as journal:
        assert [row for row in journal.overrides() if row.label is not None] == before


def test_a_journal_that_finds_no_room_for_its_tables_is_made_at_the_next_start(folder: Path) -> None:
    path = folder / "labels.sqlite"
    with no_file_longer_than(3000), pytest.raises(UserError, match="disk"):
        Journal.open(path, ("a", "b"))
    with Journal.open(path, ("a", "b")) as journal:
        assert journal.label_set().names == ("a", "b") and journal.set_label([1], 1) is not None


def test_notes_and_imports_that_the_disk_cannot_take_leave_no_half_of_them(folder: Path) -> None:
    with Journal.open(folder / "labels.sqlite", ("a", "b")) as journal:
        journal.set_note(1, "first")
        with no_file_longer_than(150_000):
            with pytest.raises(UserError, match="disk"):
                journal.import_rows("x.csv", {"new": range(20_000)}, {True: range(20_000)}, {}, {"n": range(20_000)})
            with pytest.raises(UserError, match="disk"):
                for number in range(1000):
                    journal.set_note(number, f"{number} " * 300)
        made = journal.edit_count
        assert journal.label_set().names == ("a", "b") and len(journal.notes()) >= made - 1
        assert not any(row.excluded or row.label is not None for row in journal.overrides())
        assert journal.set_note(5000, "again") is not None and journal.edit_count == made + 1


def test_a_full_database_is_called_a_full_disk(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    connect = sqlite3.connect

    def small(*arguments: Any, **options: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = connect(*arguments, **options)
        connection.execute("PRAGMA max_page_count = 30")
        return connection

    monkeypatch.setattr(sqlite3, "connect", small)
    with Journal.open(folder / "labels.sqlite", ("a", "b")) as journal:
        journal.set_label([1], 0)
        with pytest.raises(UserError, match="the disk is full; nothing was changed"):
            journal.set_label(range(50_000), 1)
        assert [row.key for row in journal.overrides()] == [1]
        assert journal.set_label([2], 1) is not None


def test_a_commit_waits_for_the_disk(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # A power cut can't be had in a test; what makes SQLite ride one out can be asked for.
    connections: list[sqlite3.Connection] = []
    connect = sqlite3.connect

    def noted(*arguments: Any, **options: Any) -> sqlite3.Connection:
        connections.append(connect(*arguments, **options))
        return connections[-1]

    monkeypatch.setattr(sqlite3, "connect", noted)
    with Journal.open(folder / "labels.sqlite", ("a", "b")):
        writer = connections[0]
        assert writer.execute("PRAGMA synchronous").fetchone() == (2,)
        assert writer.execute("PRAGMA journal_mode").fetchone() == ("wal",)


@pytest.mark.parametrize("content", [b"", b"no database at all, but long enough to be looked at" * 100])
def test_a_file_that_is_no_database(folder: Path, content: bytes) -> None:
    path = folder / "labels.sqlite"
    path.write_bytes(content)
    if not content:
        # What a crash before the first transaction leaves.
        with Journal.open(path, ("a",)) as journal:
            assert journal.label_set().names == ("a",)
        return
    with pytest.raises(UserError, match=r"labels\.sqlite is damaged: .*") as raised:
        Journal.open(path)
    assert "labels salvage" in raised.value.hint
    assert path.read_bytes() == content


def test_damage_in_the_middle_is_named_and_the_file_left_as_it_is(folder: Path) -> None:
    path = folder / "labels.sqlite"
    with Journal.open(path, ("a", "b")) as journal:
        journal.set_label(range(20_000), 1)
    content = bytearray(path.read_bytes())
    content[8192:] = b"\xa5" * (len(content) - 8192)
    path.write_bytes(content)
    with pytest.raises(UserError, match="is damaged"), Journal.open(path) as journal:
        journal.overrides()
    assert path.read_bytes() == content


def test_a_cut_off_file_is_damaged(folder: Path) -> None:
    path = folder / "labels.sqlite"
    with Journal.open(path, ("a", "b")) as journal:
        journal.set_label(range(20_000), 1)
    path.write_bytes(path.read_bytes()[:20_000])
    with pytest.raises(UserError, match="is damaged"), Journal.open(path) as journal:
        journal.overrides()


def test_a_newer_format_is_refused_and_left_alone(folder: Path) -> None:
    path = folder / "labels.sqlite"
    Journal.open(path, ("a",)).close()
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA user_version = 99")
    database.close()
    with pytest.raises(UserError, match=r"newer tlworkbench \(format 99\)") as raised:
        Journal.open(path, ("b",))
    assert "Update" in raised.value.hint
    with sqlite3.connect(path) as database:
        assert database.execute("SELECT count(*) FROM labels").fetchone() == (1,)
    database.close()


def test_an_older_format_is_upgraded_once_in_one_transaction(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = folder / "labels.sqlite"
    with Journal.open(path, ("a", "b")) as journal:
        journal.set_label([1], 1)
    calls = []

    def upgrade(connection: sqlite3.Connection) -> None:
        connection.execute("ALTER TABLE edits ADD COLUMN note TEXT")
        calls.append(connection.in_transaction)
        if len(calls) == 1:
            raise sqlite3.OperationalError("interrupted")

    newest = journal_schema.FORMAT
    monkeypatch.setattr(journal_schema, "FORMAT", newest + 1)
    monkeypatch.setitem(journal_schema.UPGRADES, newest, upgrade)
    with pytest.raises(UserError, match="interrupted"):
        Journal.open(path)
    for _ in range(2):
        with Journal.open(path) as journal:
            assert [row.label for row in journal.overrides()] == [1]
    assert calls == [True, True]


def test_another_programs_database_is_not_touched(folder: Path) -> None:
    path = folder / "labels.sqlite"
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE theirs (x)")
    database.close()
    content = path.read_bytes()
    with pytest.raises(UserError, match="no label journal"):
        Journal.open(path)
    assert path.read_bytes() == content
    assert [file.name for file in folder.iterdir()] == ["labels.sqlite"]


def test_a_path_with_odd_characters_is_only_a_path(folder: Path) -> None:
    path = folder / "what? 50%23 #1 ä&mode=memory" / "labels.sqlite"
    path.parent.mkdir()
    with Journal.open(path, ("a",)) as journal:
        journal.set_label([1], 0)
        assert path.exists()
    with Journal.open(path) as journal:
        assert journal.version == 1
