"""A program in a real pseudo-terminal, its screen read by a terminal emulator (pyte)."""

import contextlib
import fcntl
import os
import pty
import signal
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Callable, Mapping, Sequence

import pyte


class Terminal:
    """Starts a program on a terminal of its own; a thread keeps the emulator up to date."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], columns: int = 80, lines: int = 24):
        self._screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self._screen)
        self._lock = threading.Lock()
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        self.process = subprocess.Popen(
            list(command),
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            # The terminal is the program's controlling one, so that closing it hangs up on it.
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
            env={**environment, "TERM": "xterm-256color", "COLUMNS": str(columns), "LINES": str(lines)},
        )
        os.close(slave)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def text(self) -> str:
        """The visible lines."""
        with self._lock:
            return "\n".join(line.rstrip() for line in self._screen.display)

    def press(self, keys: str) -> None:
        """Type keys, as bytes a terminal sends."""
        os.write(self._master, keys.encode())

    def until(self, condition: Callable[[str], object], seconds: float = 30) -> str:
        """Wait until the screen fulfils a condition, and return it."""
        end = time.monotonic() + seconds
        while not condition(text := self.text):
            assert time.monotonic() < end, f"it did not show in time; the screen:\n{text}"
            assert self.process.poll() is None or condition(self.text), f"the program ended; the screen:\n{text}"
            time.sleep(0.02)
        return text

    def kill(self) -> None:
        """End the program by force, as a machine short of memory does."""
        self.process.kill()
        self.process.wait(10)
        self.hang_up()

    def hang_up(self) -> None:
        """Close the terminal, as a dropped SSH line does; the program gets SIGHUP."""
        with contextlib.suppress(OSError):
            os.close(self._master)

    def close(self) -> None:
        """Whatever still runs ends."""
        if self.process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(10)
        self.hang_up()

    def _read(self) -> None:
        while True:
            try:
                chunk = os.read(self._master, 65536)
            except OSError:
                return
            if not chunk:
                return
            with self._lock:
                self._stream.feed(chunk)
