"""One file of a Hub repository, fetched so that an interrupted download goes on where it stopped.

huggingface_hub 2.4 throws a partial file away (its temporary names are unique to a process), so the bytes are brought
here into the name its earlier versions resumed from, `blobs/CHECKSUM.incomplete`; the library links the finished blob.
"""

import fcntl
import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from tlworkbench.catalog.hub_files import HubFile
from tlworkbench.errors import UserError

_TRIES = 5
"""Attempts in a row that bring no byte before a broken line is reported."""
_PAUSE = 1.0
"""Seconds before the next attempt; longer each time."""
_TIMEOUT = 10.0
"""Seconds without a byte after which an attempt counts as broken."""


def partial_path(blob: Path) -> Path:
    """Where the bytes of a blob lie until it is complete."""
    return blob.with_name(f"{blob.name}.incomplete")


def fetched_bytes(blob: Path, file: HubFile) -> int:
    """Bytes of a file that are on this machine already."""
    if blob.exists():
        return file.size
    try:
        return min(partial_path(blob).stat().st_size, file.size)
    except FileNotFoundError:
        return 0


def download_blob(url: str, blob: Path, file: HubFile) -> None:
    """Bring `url` to `blob`, going on from what an earlier download left; the checksum is checked at the end.

    Raises UserError when another program is fetching it or it arrives damaged, else what httpx2 and the library raise.
    """
    if blob.exists():
        return
    blob.parent.mkdir(parents=True, exist_ok=True)
    partial = partial_path(blob)
    with _locked(partial, file.name) as target:
        # Whoever held the lock before may have finished it.
        if blob.exists():
            partial.unlink(missing_ok=True)
            return
        _receive_all(url, target, file.size)
        if _checksum(partial, file) != file.blob:
            partial.unlink()
            raise UserError(f"{file.name} arrived damaged (its checksum is wrong)", "Fetch it again.")
        partial.rename(blob)


@contextmanager
def _locked(partial: Path, name: str) -> Iterator[BinaryIO]:
    # Unbuffered: the bytes count as fetched the moment they are written, whatever ends this process.
    with partial.open("ab", buffering=0) as target:
        try:
            fcntl.flock(target, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UserError(f"another program is fetching {name} right now", "Wait until it is done.") from None
        yield target


def _receive_all(url: str, target: BinaryIO, size: int) -> None:
    import httpx2

    if target.tell() > size:
        target.truncate(0)
    tries = 0
    while (have := target.seek(0, 2)) < size:
        try:
            _receive(url, target, have)
        except httpx2.TransportError:
            tries = tries + 1 if target.tell() == have else 1
            if tries == _TRIES:
                raise
            time.sleep(_PAUSE * tries)
            continue
        if target.tell() <= have:
            raise UserError("the Hub sends less than it announced", "Fetch it again.")


def _receive(url: str, target: BinaryIO, have: int) -> None:
    from huggingface_hub import get_session
    from huggingface_hub.utils import build_hf_headers, hf_raise_for_status

    headers = {**build_hf_headers(), "Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
    with get_session().stream("GET", url, headers=headers, timeout=_TIMEOUT) as response:
        hf_raise_for_status(response)
        if have and response.status_code != 206:
            # A server that doesn't know ranges sends everything again.
            target.truncate(0)
        # Written as it comes, not gathered into larger pieces: a line that breaks loses nothing.
        for chunk in response.iter_bytes():
            target.write(chunk)


def _checksum(path: Path, file: HubFile) -> str:
    if file.is_sha256:
        with path.open("rb") as content:
            return hashlib.file_digest(content, "sha256").hexdigest()
    # A small file is named as git names it: https://git-scm.com/book/en/v2/Git-Internals-Git-Objects
    content_bytes = path.read_bytes()
    return hashlib.sha1(b"blob %d\0" % len(content_bytes) + content_bytes).hexdigest()
