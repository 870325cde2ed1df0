"""The journal's file: its two connections, its transactions, and what SQLite's errors mean to a person."""

import contextlib
import os
import shutil
import sqlite3
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from tlworkbench.data.journal_schema import current, prepare
from tlworkbench.errors import UserError

_LONGEST_PATH = 500
"""Bytes; SQLite takes 512 with the names of its own files beside the journal."""
_CACHE_KIB = 32 << 10
"""Pages kept by a connection: a bulk edit among a million rows touches more than SQLite's standard 2 MiB."""


class JournalFile:
    """One connection that reads and one that writes, each behind a lock.

    So threads may share a journal, and a poll on the screen's thread never waits for a bulk edit that a worker is
    writing: in WAL mode SQLite's readers don't wait for the writer. Where file or folder can't be written, everything
    committed can still be read.
    """

    def __init__(self, path: Path, timeout: float) -> None:
        self.path = path
        self.read_only = path.exists() and not (_writable(path) and _writable(path.parent))
        self._timeout = timeout
        self._copy: tempfile.TemporaryDirectory[str] | None = None
        self._copied: tuple[object, ...] = ()
        self._reading = threading.RLock()
        self._writing = threading.RLock()
        self._writer: sqlite3.Connection | None = None
        with self._explained():
            if not self.read_only:
                self._writer = self._open_writer()
            self._reader = self._open_reader()

    @contextlib.contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A transaction in which all reads see the same state."""
        with self._reading, self._explained():
            self._refresh_copy()
            self._reader.execute("BEGIN")
            try:
                yield self._reader
            finally:
                _roll_back(self._reader)

    @contextlib.contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction that is on disk when the block ends, or rolled back when it raises or rolled back itself."""
        if self._writer is None:
            raise UserError(f"{self.path} is read-only", "Get write access to the file and its folder.")
        with self._writing, self._explained():
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield self._writer
                if self._writer.in_transaction:
                    self._writer.execute("COMMIT")
            finally:
                _roll_back(self._writer)

    def close(self) -> None:
        """Close both connections; the last one on a file folds the write-ahead log into it."""
        with self._reading, self._writing:
            self._reader.close()
            if self._writer is not None:
                self._writer.close()
            if self._copy is not None:
                self._copy.cleanup()

    def _open_writer(self) -> sqlite3.Connection:
        connection = _connect(self.path, "rwc", self._timeout)
        try:
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA temp_store = MEMORY")
            connection.execute("PRAGMA journal_size_limit = 16777216")
            self._enter_wal(connection)
            prepare(connection, str(self.path))
            connection.execute("CREATE TEMP TABLE wanted (key INTEGER PRIMARY KEY, value INTEGER)")
        except BaseException:
            connection.close()
            raise
        return connection

    def _enter_wal(self, connection: sqlite3.Connection) -> None:
        # SQLite does not wait for the lock that this switch takes, so the wait is made here.
        deadline = time.monotonic() + self._timeout
        while True:
            try:
                if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
                    current(connection, str(self.path))
                    connection.execute("PRAGMA journal_mode = WAL")
                return
            except sqlite3.OperationalError as error:
                if _code(error) != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                    raise
            time.sleep(0.01)

    def _open_reader(self) -> sqlite3.Connection:
        connection = self._open_plain()
        if connection is None:
            connection = self._open_copy()
            try:
                # The copy of a file of an older format is brought up to date; the file itself can't be.
                prepare(connection, str(self.path))
            except BaseException:
                connection.close()
                raise
        return connection

    def _open_plain(self) -> sqlite3.Connection | None:
        """A connection to the file itself; None where only a copy of it can be read."""
        with contextlib.ExitStack() as undo:
            try:
                connection = undo.enter_context(contextlib.closing(_connect(self.path, "ro", self._timeout)))
                ready = current(connection, str(self.path))
            except sqlite3.OperationalError as error:
                if not self.read_only or _code(error) not in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY):
                    raise
                return None
            if not ready:
                return None
            undo.pop_all()
        return connection

    def _open_copy(self) -> sqlite3.Connection:
        # A WAL file in a folder where SQLite can't make its -shm file beside it, or a file of an older format where
        # neither can be written: read a copy of file and log.
        self._copied = self._stamp()
        if self._copy is None:
            self._copy = tempfile.TemporaryDirectory(prefix="tlworkbench-labels-")
        copy = Path(self._copy.name) / self.path.name
        for suffix in ("", "-wal"):
            target = beside(copy, suffix)
            target.unlink(missing_ok=True)
            if beside(self.path, suffix).exists():
                shutil.copyfile(beside(self.path, suffix), target)
        return _connect(copy, "rw", self._timeout)

    def _refresh_copy(self) -> None:
        if self._copy is not None and self._copied != self._stamp():
            self._reader.close()
            self._reader = self._open_reader()

    def _stamp(self) -> tuple[object, ...]:
        stamps: list[object] = []
        for suffix in ("", "-wal"):
            with contextlib.suppress(FileNotFoundError):
                status = beside(self.path, suffix).stat()
                stamps.append((status.st_ino, status.st_size, status.st_mtime_ns))
        return tuple(stamps)

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise _said(error, self.path, self._timeout) from error
        except OSError as error:
            raise UserError(f"{self.path} can't be read: {error.strerror}", "Check the folder and its disk.") from error


def beside(path: Path, suffix: str) -> Path:
    """The file that SQLite keeps beside a database: `-wal`, `-shm`; the database itself for ""."""
    return path.with_name(path.name + suffix)


def _connect(path: Path, mode: str, timeout: float) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        timeout=timeout,
        isolation_level=None,
        check_same_thread=False,
    )
    connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
    return connection


def _roll_back(connection: sqlite3.Connection) -> None:
    if connection.in_transaction:
        connection.execute("ROLLBACK")


def _writable(path: Path) -> bool:
    return os.access(path, os.W_OK)


def _code(error: sqlite3.Error) -> int:
    # Python's own complaints, such as a closed connection, carry no code.
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


def _said(error: sqlite3.Error, path: Path, timeout: float) -> UserError:
    match _code(error):
        case sqlite3.SQLITE_FULL:
            return UserError(f"{path}: the disk is full; nothing was changed", "Free some space, then try again.")
        case sqlite3.SQLITE_IOERR:
            return UserError(
                f"{path}: the disk failed or is full ({error}); nothing was changed",
                "Check the disk and its free space, then try again.",
            )
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM:
            return UserError(f"{path} is read-only", "Get write access to the file and its folder.")
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return UserError(
                f"{path} is locked: another program has been writing for more than {timeout:g} s",
                "Try again, or end that program.",
            )
        case sqlite3.SQLITE_CANTOPEN if len(os.fsencode(path.absolute())) > _LONGEST_PATH:
            return UserError(
                f"{path} can't be opened: the path is too long for SQLite",
                f"Put the workspace in a folder whose path has fewer than {_LONGEST_PATH - 50} characters.",
            )
        case sqlite3.SQLITE_CANTOPEN:
            return UserError(f"{path} can't be opened or made", "Check that its folder exists and can be written.")
    return UserError(
        f"{path} is damaged: {error}",
        "Save what can still be read: tlworkbench labels salvage. The damaged file is kept beside what it saves.",
    )
