"""What was asked, kept in the workspace: one JSON object a line, only ever added to."""

import os
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from tlworkbench.errors import UserError

FILE = "asked.jsonl"
"""Its name in the workspace."""
KEPT = 500
"""Entries read at most, the newest ones."""
_TAIL = 1 << 20
"""Bytes read at most, from the end."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """One text and the answer it got."""

    text: str
    label: str
    score: float
    """Probability of `label`, 0 to 1."""
    run: str = ""
    variant: str = ""
    at: float = msgspec.field(default_factory=time.time)
    """Seconds since the epoch."""


_decoder = msgspec.json.Decoder(Asked)
_encoder = msgspec.json.Encoder()


def read_asked(path: Path) -> list[Asked]:
    """The newest entries, newest first, KEPT at most; lines that are damaged or of another version are passed over."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - _TAIL))
            lines = file.read().split(b"\n")
    except FileNotFoundError:
        return []
    except OSError as error:
        raise UserError(f"{path} can't be read: {error.strerror}", "Check the workspace's rights.") from error
    if size > _TAIL:
        del lines[0]
    entries: list[Asked] = []
    for line in reversed(lines):
        if len(entries) == KEPT:
            break
        try:
            entries.append(_decoder.decode(line))
        except (msgspec.DecodeError, msgspec.ValidationError):
            continue
    return entries


def append_asked(path: Path, entries: Sequence[Asked]) -> None:
    """Add entries, oldest first, in one write: two programs may do so at once. Raises UserError."""
    content = b"".join(_encoder.encode(entry) + b"\n" for entry in entries)
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o666)
        try:
            size = os.fstat(descriptor).st_size
            # A program that died while writing leaves half a line; it must not swallow this one.
            if size and os.pread(descriptor, 1, size - 1) != b"\n":
                content = b"\n" + content
            os.write(descriptor, content)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise UserError(
            f"{path} could not be written: {error.strerror}", "Free some space or check the folder's rights."
        ) from error
