"""Who started a job: `started.json` in its folder, so that nobody stops another one's run by mistake."""

import getpass
import os
import shlex
import socket
import sys
import time
from pathlib import Path

import msgspec
import psutil

from tlworkbench import atomic
from tlworkbench.jobs.state import process_started

FILE_NAME = "started.json"


class Starter(msgspec.Struct, frozen=True, kw_only=True):
    """The program that asked for a job, and at which terminal it ran."""

    host: str
    user: str
    pid: int
    pid_started: float
    session: int
    """Process that leads the terminal session: the login shell, as a rule."""
    session_started: float
    command: str
    """Without its arguments: `tlworkbench train`."""
    typed: str = ""
    """The same with them, as a shell would take it again."""
    at: float = msgspec.field(default_factory=time.time)

    @property
    def here(self) -> bool:
        """Whether it is this very program, or a command given before in this same terminal."""
        mine = this_program()
        if (self.host, self.user) != (mine.host, mine.user):
            return False
        if (self.pid, self.pid_started) == (mine.pid, mine.pid_started):
            return True
        return bool(self.session) and (self.session, self.session_started) == (mine.session, mine.session_started)

    @property
    def open(self) -> bool:
        """Whether that program still runs on this machine."""
        if self.host != socket.gethostname():
            return False
        return abs(_started(self.pid) - self.pid_started) < 1.0

    @property
    def words(self) -> str:
        """Who it is, for a question: `ada@box (tlworkbench, process 4711, still open)`."""
        still = ", still open" if self.open else ""
        return f"{self.user}@{self.host} ({self.command}, process {self.pid}{still})"


def this_program() -> Starter:
    """The program that runs now."""
    pid = os.getpid()
    try:
        session = os.getsid(0)
    except OSError:
        session = 0
    return Starter(
        host=socket.gethostname(),
        user=_user(),
        pid=pid,
        pid_started=_started(pid),
        session=session,
        session_started=_started(session),
        command=_command(),
        typed=_typed(),
    )


def record_starter(folder: Path) -> None:
    """Write that this program asked for the job in `folder`; who resumes a job takes it over."""
    atomic.write_bytes(folder / FILE_NAME, msgspec.json.format(msgspec.json.encode(this_program())))


def read_starter(folder: Path) -> Starter | None:
    """Who asked for the job; None where nobody knows."""
    try:
        return msgspec.json.decode((folder / FILE_NAME).read_bytes(), type=Starter)
    except (OSError, msgspec.DecodeError, msgspec.ValidationError):
        return None


def question(run: str, folder: Path) -> str:
    """What to ask before somebody stops the job; empty where this program or terminal started it itself."""
    starter = read_starter(folder)
    if starter is None:
        return f"Nobody knows who started {run}. Stop it?"
    return "" if starter.here else f"{run} was started by {starter.words}. Stop it?"


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return str(os.getuid())


def _started(pid: int) -> float:
    try:
        return process_started(pid)
    except psutil.Error:
        return 0.0


def _command() -> str:
    first = next((word for word in sys.argv[1:] if word.isidentifier()), "")
    return f"tlworkbench {first}".rstrip() if _program() == "tlworkbench" else _program() or "a program"


def _typed() -> str:
    return shlex.join([_program(), *sys.argv[1:]]) if _program() else ""


def _program() -> str:
    name = Path(sys.argv[0]).name if sys.argv else ""
    return "tlworkbench" if name == "__main__.py" else name
