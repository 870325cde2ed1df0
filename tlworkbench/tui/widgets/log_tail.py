"""The end of a log file as a terminal would show it, read bit by bit as the file grows."""

import os
import re
from collections import deque
from pathlib import Path

from tlworkbench.tui.text import clean

MOST_LINES = 2000
TAIL_BYTES = 1 << 20
"""Read from the end of a file that is seen for the first time, or has grown by more since."""
MOST_COLUMNS = 4000
"""A longer line is broken: nobody ended it, and it would grow for ever."""
_UP = 50
"""Lines that can still be written over: several progress bars stand above one another."""

# What moves the cursor, then escape sequences (their end may still be missing), then text.
_TOKEN = re.compile(
    r"(?P<control>[\n\r\b])"
    r"|\x1b\[(?P<arguments>[0-?]*)[ -/]*(?P<command>[@-~])"
    r"|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[@-Z\\^_]"
    r"|(?P<text>[^\n\r\b\x1b]+)|(?P<other>\x1b)"
)
_UNFINISHED = re.compile(r"\x1b(?:\[[0-?]*[ -/]*|\][^\x07\x1b]{0,200})?$")


class LogTail:
    """`read` takes in what the file at `path` has grown by; `lines` are then the last ones, safe to draw.

    Understands carriage returns, backspaces, and the sequences by which progress bars move up and erase. Holds
    MOST_LINES lines of MOST_COLUMNS characters at most, whatever the file's size.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._begin(0)

    def _begin(self, offset: int) -> None:
        self._offset = self.left_out = offset
        self._finished: deque[str] = deque(maxlen=MOST_LINES)
        self._open: list[str] = [""]
        """The last lines as they stand, cursor among them."""
        self._row = self._column = 0
        self._rest = ""
        self._bytes = b""

    @property
    def lines(self) -> tuple[str, ...]:
        """The last lines, oldest first, without control characters."""
        opened = [clean(line).rstrip() for line in self._open]
        while opened and not opened[-1]:
            opened.pop()
        return (*self._finished, *opened)[-MOST_LINES:]

    @property
    def whole(self) -> bool:
        """Whether `lines` are all there is."""
        return not self.left_out and len(self._finished) + len(self._open) <= MOST_LINES

    @property
    def length(self) -> int:
        """Bytes of the file so far."""
        return self._offset

    def read(self) -> bool:
        """Take in what is new; whether anything was. A file that became shorter is another one: begin again."""
        try:
            with self.path.open("rb") as file:
                length = file.seek(0, os.SEEK_END)
                if length < self._offset:
                    self._begin(0)
                if length == self._offset:
                    return False
                if length - self._offset > TAIL_BYTES:
                    self._begin(length - TAIL_BYTES)
                file.seek(self._offset)
                found = file.read(min(length - self._offset, TAIL_BYTES))
        except OSError:
            return False
        if self._offset and self._offset == self.left_out:
            # It begins in the middle of a line; that one is left out where there are others.
            found_from = found.partition(b"\n")[2]
            self._offset += len(found) - len(found_from) if found_from else 0
            found = found_from or found
        self._offset += len(found)
        self.feed(found)
        return True

    def feed(self, content: bytes) -> None:
        """Take in bytes that follow those before."""
        content = self._bytes + content
        whole = _whole_characters(content)
        self._bytes = content[whole:]
        text = self._rest + content[:whole].decode("utf-8", errors="replace")
        unfinished = _UNFINISHED.search(text, max(0, len(text) - 256))
        self._rest = text[unfinished.start() :] if unfinished else ""
        for token in _TOKEN.finditer(text, 0, unfinished.start() if unfinished else len(text)):
            if (written := token["text"]) is not None:
                self._write(written)
            elif (control := token["control"]) is not None:
                self._control(control)
            elif token["command"]:
                self._escape(token["command"], token["arguments"])

    def _write(self, text: str) -> None:
        while self._column + len(text) > MOST_COLUMNS:
            room = max(0, MOST_COLUMNS - self._column)
            self._put(text[:room])
            text = text[room:]
            self._control("\n")
        self._put(text)

    def _put(self, text: str) -> None:
        line = self._open[self._row]
        if self._column == len(line):
            self._open[self._row] = line + text
        else:
            self._open[self._row] = line[: self._column].ljust(self._column) + text + line[self._column + len(text) :]
        self._column += len(text)

    def _control(self, control: str) -> None:
        if control == "\r":
            self._column = 0
        elif control == "\b":
            self._column = max(0, self._column - 1)
        else:
            self._column = 0
            self._row += 1
            if self._row == len(self._open):
                self._open.append("")
            while len(self._open) > _UP:
                self._finished.append(clean(self._open.pop(0)).rstrip())
                self._row -= 1

    def _escape(self, command: str, arguments: str) -> None:
        number = int(arguments) if arguments.isdecimal() else 1
        line = self._open[self._row]
        match command:
            case "A" | "F":
                self._row = max(0, self._row - number)
                self._column = self._column if command == "A" else 0
            case "B" | "E":
                self._row = min(len(self._open) - 1, self._row + number)
                self._column = self._column if command == "B" else 0
            case "C":
                self._column = min(MOST_COLUMNS, self._column + number)
            case "D":
                self._column = max(0, self._column - number)
            case "G":
                self._column = max(0, min(MOST_COLUMNS, number) - 1)
            case "K":
                keep = "" if arguments in ("1", "2") else line[: self._column]
                after = line[self._column :] if arguments == "1" else ""
                self._open[self._row] = keep or (" " * self._column + after if after else "")
            case _:
                return


def _whole_characters(content: bytes) -> int:
    """How many bytes make whole UTF-8 characters; at most three at the end don't yet."""
    for back in range(1, min(4, len(content)) + 1):
        byte = content[-back]
        if byte & 0xC0 == 0xC0:
            needed = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return len(content) - back if needed > back else len(content)
        if byte < 0x80:
            break
    return len(content)
