"""What a job's code gets to work with: its folder, a way to speak, and the wish to stop."""

import logging
import os
import signal
from pathlib import Path
from types import FrameType
from typing import Any

import msgspec

from tlworkbench.engine.place import Place
from tlworkbench.jobs.events import Event, Finished, Note, Progress, encode
from tlworkbench.jobs.folder import JobFolder
from tlworkbench.jobs.state import JobState, process_started, write_state

_log = logging.getLogger(__name__)


class JobContext:
    """The engine's side of a job folder: appends events and keeps `state.json`.

    With `own_process` it also hears SIGTERM and is deaf to SIGHUP; a test that works in its own process leaves that
    out.
    """

    def __init__(self, job: JobFolder, own_process: bool = False, place: Place | None = None) -> None:
        self.job = job
        self.place = place or Place()
        """Which of the run's processes this is."""
        self.stop_requested = False
        """Set by SIGTERM; long work looks at it between two steps and leaves with `stopped`."""
        self._noted: set[str] = set()
        self._begin_to_speak(own_process)

    def _begin_to_speak(self, own_process: bool) -> None:
        # Line by line in append mode: a reader never sees two lines mixed, a crash loses at most the last one.
        self._events = os.open(self.job.events_file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
        self._state = JobState(status="running", pid=os.getpid(), pid_started=process_started(os.getpid()))
        self._mend_last_line()
        if own_process:
            # Before anyone can see that we run: whoever sees it may send a signal at once.
            self._listen_for_signals()
        write_state(self.job.state_file, self._state)

    @property
    def asked(self) -> bool:
        """Whether this process was asked to stop."""
        return self.stop_requested

    @property
    def workspace(self) -> Path:
        """Root of the workspace."""
        return self.job.workspace

    def _listen_for_signals(self) -> None:
        """From here on SIGTERM asks for a stop and SIGHUP (a terminal that went away) means nothing."""
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, self._asked_to_stop)

    def emit(self, event: Event) -> None:
        """Append an event."""
        os.write(self._events, encode(event))

    def note(self, text: str, warning: bool = False) -> None:
        """Tell the user something in a sentence; what was told already is not told again."""
        if text in self._noted:
            return
        self._noted.add(text)
        self.emit(Note(text=text, level="warning" if warning else "info"))

    def progress(self, what: str, done: int, total: int = 0, unit: str = "rows", **more: Any) -> None:
        """Tell how far it is; `more` are further fields of `Progress`."""
        self.emit(Progress(what=what, done=done, total=total, unit=unit, **more))

    def finish(self, event: Finished) -> None:
        """Say the last word: the event first, then the state, so that whoever sees the end sees the result too."""
        # On a full disk one of the two may still get through, and the log tells of both.
        try:
            self.emit(event)
        except OSError as error:
            _log.error("the last word could not be written (%s): %s: %s", error, event.status, event.what)
        self._state = msgspec.structs.replace(self._state, status=event.status, what=event.what, hint=event.hint)
        write_state(self.job.state_file, self._state)

    def touch(self) -> None:
        """Write the state again as it is, so that whoever saw the end looks once more."""
        write_state(self.job.state_file, self._state)

    def done(self, what: str, **result: Any) -> Finished:
        """The last word of a job that did what it should."""
        return Finished(status="done", what=what, result=result)

    def _asked_to_stop(self, number: int, frame: FrameType | None) -> None:
        self.ask_to_stop()

    def ask_to_stop(self) -> None:
        """As SIGTERM does."""
        self.stop_requested = True
        self._state = msgspec.structs.replace(self._state, status="stopping")
        write_state(self.job.state_file, self._state)

    def _mend_last_line(self) -> None:
        # A process killed while writing leaves half a line; close it, or the next event would be lost with it.
        with self.job.events_file.open("rb") as file:
            length = file.seek(0, os.SEEK_END)
            file.seek(max(0, length - 1))
            if length and file.read(1) != b"\n":
                os.write(self._events, b"\n")


class SilentContext(JobContext):
    """What the other processes of a run get: it says and writes nothing, and only the first one carries out a stop."""

    _asked = False

    def _begin_to_speak(self, own_process: bool) -> None:
        if own_process:
            self._listen_for_signals()

    @property
    def asked(self) -> bool:
        return self._asked

    def emit(self, event: Event) -> None:
        """Nothing."""

    def finish(self, event: Finished) -> None:
        """Nothing."""

    def touch(self) -> None:
        """Nothing."""

    def ask_to_stop(self) -> None:
        self._asked = True
