"""What to import: a file, a folder of files by split, or a dataset on the Hub. Looks at names and first bytes only."""

import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from tlworkbench.data.splits import BASE, split_of
from tlworkbench.errors import UserError, nearest

Format = Literal["csv", "tsv", "jsonl", "parquet", "arrow", "txt"]
_FORMATS: dict[str, Format] = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".parquet": "parquet",
    ".arrow": "arrow",
    ".txt": "txt",
}
READABLE = "CSV, TSV, JSONL, Parquet, Arrow and TXT"
_IMAGES = {".jpg", ".jpeg", ".png", ".gif", ".bmp", ".webp", ".tif", ".tiff"}
_MAGIC: dict[bytes, tuple[Format | None, str, str]] = {
    b"PAR1": ("parquet", "Parquet", "Rename it to end in .parquet."),
    b"ARROW1": ("arrow", "Arrow", "Rename it to end in .arrow."),
    b"\x1f\x8b": (None, "gzip", "Unpack it first: gunzip."),
    b"PK\x03\x04": (None, "zip", "Unpack it first: unzip."),
    b"\x28\xb5\x2f\xfd": (None, "zstd", "Unpack it first: zstd -d."),
    b"SQLite format 3": (None, "SQLite", "Export a table as CSV first."),
}
"""First bytes of files that are not text: the format, its name, what to do when the file's name says otherwise."""
_NO_DATA = {"dataset_info.json", "dataset_dict.json", "dataset_infos.json", "state.json", "package.json", "config.json"}
_NO_ROWS = {"readme", "license", "licence", "requirements", "notes", "changelog"}
_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?(:[\w.-]+)?")
_BUILDERS = {"csv", "json", "text", "parquet", "arrow", "pandas", "generator", "imagefolder", "audiofolder"}
"""Names that mean a file format to the datasets library, never a dataset."""


@dataclass(frozen=True)
class Source:
    """A dataset found: local files by split, each list in its order of reading, or an id on the Hub."""

    kind: Literal["files", "hub"]
    id: str
    """As given; for the Hub the id without the configuration."""
    format: Format | Literal[""] = ""
    files: dict[str, list[Path]] = field(default_factory=dict)
    config: str = ""
    """Configuration of a dataset on the Hub: `sentiment` of `cardiffnlp/tweet_eval:sentiment`."""


def absolute_source(source: str) -> str:
    """A source as the workspace remembers it: paths absolute, Hub ids as they are."""
    path = Path(source).expanduser()
    return str(path.absolute()) if path.exists() or source.startswith(("/", "./", "../", "~")) else source


def resolve_source(source: str) -> Source:
    """Find out what `source` is; raises UserError for a wrong path or what can't be read. Opens no connection."""
    path = Path(source).expanduser()
    try:
        if path.is_dir():
            return _folder(source, path)
        if path.exists():
            return Source("files", source, _format(path), {"train": [_checked(path)]})
    except PermissionError as error:
        raise UserError(f"{error.filename or path} may not be read by you", "Check the rights of that path.") from error
    if not _HUB_ID.fullmatch(source) or path.suffix.lower() in _FORMATS or source in _BUILDERS:
        raise _no_such_path(path)
    id_, _, config = source.partition(":")
    return Source("hub", id_, config=config)


def _folder(source: str, folder: Path) -> Source:
    candidates = [path for path in folder.rglob("*") if path.is_file() and not _hidden(path.relative_to(folder))]
    readable = [path for path in candidates if path.suffix.lower() in _FORMATS and path.name not in _NO_DATA]
    tables = [path for path in readable if _FORMATS[path.suffix.lower()] != "txt"]
    # Beside tables a .txt is a remark, not data.
    data = tables or [path for path in readable if path.stem.lower() not in _NO_ROWS]
    if not data:
        raise _nothing_readable(folder, candidates)
    formats = Counter(_FORMATS[path.suffix.lower()] for path in data)
    if len(formats) > 1:
        kinds = " and ".join(f"{count} {name.upper()}" for name, count in sorted(formats.items()))
        raise UserError(f"{folder} holds {kinds} files", "Open one of them, or a folder with files of one kind.")
    files: dict[str, list[Path]] = {}
    for path in sorted(data, key=lambda path: _natural(path.relative_to(folder))):
        files.setdefault(_split_of_file(path.relative_to(folder)), []).append(_checked(path))
    return Source("files", source, next(iter(formats)), {split: files[split] for split in BASE if split in files})


def _split_of_file(path: Path) -> str:
    # The file's own name says more than the folder it lies in.
    names = (path.stem, *reversed(path.parent.parts))
    return next((split for split in map(split_of, names) if split), "train")


def _format(path: Path) -> Format:
    suffix = path.suffix.lower()
    if suffix in _IMAGES:
        raise UserError(f"{path} is an image; this version reads text only", f"It reads {READABLE}.")
    if suffix not in _FORMATS:
        raise UserError(f"{path}: unknown kind of file '{suffix or path.name}'", f"What can be read: {READABLE}.")
    return _FORMATS[suffix]


def _checked(path: Path) -> Path:
    """The file, unless it is empty or its first bytes belong to another format than its name."""
    with path.open("rb") as file:
        head = file.read(16)
    if not head:
        raise UserError(f"{path} is empty", "Check how it was written.")
    for magic, (format_, name, hint) in _MAGIC.items():
        if head.startswith(magic) and format_ != _format(path):
            raise UserError(f"{path} is a {name} file by its content", hint)
    return path.absolute()


def _nothing_readable(folder: Path, candidates: list[Path]) -> UserError:
    images = sum(path.suffix.lower() in _IMAGES for path in candidates)
    if images:
        return UserError(
            f"{folder} holds {images} image files; image folders are not in this version",
            f"It reads text: {READABLE}.",
        )
    if not candidates:
        return UserError(f"{folder} is an empty folder", f"What can be read: {READABLE}.")
    kinds = ", ".join(sorted({path.suffix or path.name for path in candidates})[:6])
    return UserError(f"{folder} holds nothing that can be read (there are: {kinds})", f"What can be read: {READABLE}.")


def _no_such_path(path: Path) -> UserError:
    parent = path.parent
    if not parent.is_dir():
        return UserError(f"{path} does not exist: there is no folder {parent}", "Check the path.")
    there = [other.name for other in parent.iterdir() if not other.name.startswith(".")]
    hint = nearest(path.name, there)
    return UserError(f"{path} does not exist", hint if hint.startswith("Did") else "Check the path.")


def _hidden(path: Path) -> bool:
    return any(part.startswith((".", "__")) for part in path.parts)


def _natural(path: Path) -> list[tuple[int, str]]:
    """Sorts part-2 before part-10."""
    return [(int(word), "") if word.isdecimal() else (-1, word) for word in re.split(r"(\d+)", path.as_posix().lower())]
