"""Reading a job's events as they are written."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tlworkbench.jobs.events import Event, Gauge, Step, decode_lines
from tlworkbench.jobs.folder import JobFolder
from tlworkbench.jobs.launch import reap
from tlworkbench.jobs.run_state import RunState, fold
from tlworkbench.jobs.state import JobState

_CHUNK = 1 << 20
_STEADY = 1.0
"""Seconds between two states at least while a run does nothing but step: its processor time is not the watcher's."""
LIVELY_SECONDS = 30.0
"""Whoever still watches after that is told half as often."""


class EventTail:
    """Reads `events.jsonl` from where it stopped last time; half a line stays for the next time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._offset = 0
        self._rest = b""

    def read(self) -> list[Event]:
        """All complete events since the last call; empty while the file does not exist."""
        events: list[Event] = []
        try:
            with self.path.open("rb") as file:
                file.seek(self._offset)
                # Piece by piece: decoding lets no other thread run, and a screen has keys to answer.
                while chunk := file.read(_CHUNK):
                    self._offset += len(chunk)
                    lines, end, rest = chunk.rpartition(b"\n")
                    if end:
                        events += decode_lines(self._rest + lines)
                        self._rest = rest
                    else:
                        self._rest += chunk
        except FileNotFoundError:
            return []
        return events


def read_run(job: JobFolder) -> RunState:
    """The job as its events and its processes tell it now."""
    return fold(RunState(), EventTail(job.events_file).read()).with_status(job.state())


def follow(job: JobFolder, stop: threading.Event, interval: float = 0.2) -> Iterator[RunState]:
    """Yield the job's state whenever it changed, at most every `interval` seconds, until it ended or `stop` is set.

    News of nothing but steps and gauges come once a second, later every other second.
    Blocks between two states, never more than 100 ms at a time once `stop` is set; meant for a thread of its own.
    """
    tail = EventTail(job.events_file)
    state = RunState()
    before: JobState | None = None
    began, told = time.monotonic(), 0.0
    waiting: list[Event] = []
    while not stop.is_set():
        reap()
        # Status first: an event written between the two reads is then seen with the next look, never lost.
        status = job.state()
        waiting += tail.read()
        now = time.monotonic()
        steady = status == before and all(isinstance(event, Step | Gauge) for event in waiting)
        rest = _STEADY if now - began < LIVELY_SECONDS else 2 * _STEADY
        # Not by comparing states: that would look at every step there ever was.
        if (waiting and (not steady or now - told >= rest)) or status != before:
            before, told = status, now
            state, waiting = fold(state, waiting).with_status(status), []
            yield state
        if status.ended:
            return
        _wait(stop, interval)


def follow_events(
    job: JobFolder,
    seen: Callable[[Event], None],
    interval: float = 0.1,
    looked: Callable[[JobState], None] = lambda status: None,
) -> RunState:
    """Call `seen` for each event until the job ended, then return its last state. For commands.

    looked: called with how the job stands at every look, before the events.
    """
    tail = EventTail(job.events_file)
    state = RunState()
    while True:
        reap()
        status = job.state()
        looked(status)
        events = tail.read()
        for event in events:
            seen(event)
        state = fold(state, events)
        if status.ended:
            return state.with_status(status)
        time.sleep(interval)


def _wait(stop: threading.Event, seconds: float) -> None:
    until = time.monotonic() + seconds
    while not stop.is_set() and (left := until - time.monotonic()) > 0:
        stop.wait(min(left, 0.1))
