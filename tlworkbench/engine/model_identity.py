"""What tells one model's embeddings from another's: a hash of its weights, configuration and tokenizer."""

import contextlib
import hashlib
import re
from pathlib import Path

import msgspec

from tlworkbench import atomic, paths
from tlworkbench.errors import UserError

_DIGEST = re.compile(r"[0-9a-f]{64}")
_SMALL = 1 << 20
"""Files up to this size are hashed each time; a gigabyte takes a second or two."""
_PATTERNS = ("*.safetensors", "*.json", "*.txt", "*.model")


class _Known(msgspec.Struct, frozen=True):
    size: int
    mtime_ns: int
    sha256: str


def model_identity(folder: Path, pooling: str, max_length: int) -> str:
    """32 hex digits for a checkpoint and how its texts become vectors.

    The same weights in another folder have the same identity. A large file's hash is remembered until it changes; in
    the Hugging Face cache it is the name of the file that the link leads to.
    """
    files = sorted({path for pattern in _PATTERNS for path in folder.glob(pattern) if path.is_file()})
    memory = paths.cache_dir() / "weights-checksums.json"
    known = _read(memory)
    lines = [f"{pooling} {max_length}"]
    learned: dict[str, _Known] = {}
    try:
        for path in files:
            digest, fresh = _checksum(path, known.get(str(path)))
            lines.append(f"{path.name} {digest}")
            if fresh is not None:
                learned[str(path)] = fresh
    except OSError as error:
        raise UserError(
            f"the model in {folder} can't be read: {error.strerror}", "Check the folder's rights."
        ) from error
    if learned:
        # Only a saving of time.
        with contextlib.suppress(OSError, UserError):
            memory.parent.mkdir(parents=True, exist_ok=True)
            atomic.write_bytes(memory, msgspec.json.encode({**_read(memory), **learned}))
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:32]


def _checksum(path: Path, known: _Known | None) -> tuple[str, _Known | None]:
    """SHA-256 of a file, and what is worth remembering of it."""
    target = path.resolve()
    if path.is_symlink() and _DIGEST.fullmatch(target.name):
        return target.name, None
    stat = path.stat()
    if known is not None and (known.size, known.mtime_ns) == (stat.st_size, stat.st_mtime_ns):
        return known.sha256, None
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return digest, _Known(stat.st_size, stat.st_mtime_ns, digest) if stat.st_size > _SMALL else None


def _read(memory: Path) -> dict[str, _Known]:
    with contextlib.suppress(OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return msgspec.json.decode(memory.read_bytes(), type=dict[str, _Known])
    return {}
