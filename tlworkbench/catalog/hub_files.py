"""Which files of a Hub repository a fetch brings: configuration, tokenizer, safetensors weights, the model card.

Never pickles (`.bin`, `.pt`), never code (`.py`), never the same weights twice in other formats.
"""

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Annotated, Any
from urllib.parse import quote

import msgspec

from tlworkbench.catalog.hub_api import ask_hub
from tlworkbench.catalog.hub_cache import HubId
from tlworkbench.catalog.plain import plain
from tlworkbench.catalog.weights import INDEX, PICKLES, SINGLE

SMALL_FILES = (
    "config.json", "tokenizer*.json", "vocab*.json", "vocab*.txt", "merges*.txt", "*.model", "*.codes",
    "special_tokens_map.json", "added_tokens.json", "preprocessor_config.json", "README.md", "LICENSE*",
)  # fmt: skip
"""Patterns of what belongs to a model beside its weights; files in folders of the repository are never taken."""
_Count = Annotated[int, msgspec.Meta(ge=0, le=1 << 60)]
_SHARD = re.compile(r"[A-Za-z0-9_.-]+-\d{5}-of-\d{5}\.safetensors")


@dataclass(frozen=True)
class HubFile:
    """One file to fetch; its blob is named by its checksum."""

    name: str
    size: int
    blob: str
    """sha256 of a large file, git's own sha1 of a small one; empty where the Hub doesn't tell."""

    @property
    def is_sha256(self) -> bool:
        return len(self.blob) == 64


@dataclass(frozen=True)
class HubFiles:
    """What a fetch of a repository would bring."""

    commit: str
    files: tuple[HubFile, ...]
    """Sorted by size, so that what tells most about a model comes first."""
    unfit_because: str
    """Why the repository can't be used at all; empty where it can."""
    model_type: str = ""
    params: int = 0
    gated: bool = False

    @property
    def bytes(self) -> int:
        return sum(file.size for file in self.files)


class _Lfs(msgspec.Struct, frozen=True):
    sha256: Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{64}\Z")]


class _Sibling(msgspec.Struct, frozen=True, rename="camel"):
    rfilename: str
    size: _Count | None = None
    # It becomes the name of a file on this machine.
    blob_id: Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{40}\Z")] | None = None
    lfs: _Lfs | None = None


class _Repository(msgspec.Struct, frozen=True):
    sha: Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{40}\Z")]
    siblings: tuple[_Sibling, ...]
    config: dict[str, Any] | None = None
    safetensors: dict[str, Any] | None = None
    gated: bool | str = False


def hub_files(id: HubId) -> HubFiles:
    """Ask the Hub for a repository's files; raises UserError (unknown, private, unreachable …)."""
    path = f"models/{id.repo}/revision/{quote(id.revision, safe='')}"
    found = ask_hub(path, {"blobs": True}, _Repository, id.repo)
    siblings = {sibling.rfilename: sibling for sibling in found.siblings}
    weights = _weights(set(siblings))
    names = [name for name in siblings if name in weights or _is_small(name)]
    files = sorted((_file(siblings[name]) for name in names), key=lambda file: (file.size, file.name))
    total = (found.safetensors or {}).get("total")
    return HubFiles(
        commit=found.sha,
        files=tuple(files),
        unfit_because=_unfit(set(siblings), weights),
        model_type=plain((found.config or {}).get("model_type") or "", 60),
        params=total if isinstance(total, int) else 0,
        gated=bool(found.gated),
    )


def _weights(names: set[str]) -> set[str]:
    if SINGLE in names:
        return {SINGLE}
    return {INDEX, *(name for name in names if _SHARD.fullmatch(name))} if INDEX in names else set()


def _is_small(name: str) -> bool:
    return "/" not in name and any(fnmatchcase(name, pattern) for pattern in SMALL_FILES)


def _file(sibling: _Sibling) -> HubFile:
    blob = sibling.lfs.sha256 if sibling.lfs else sibling.blob_id
    return HubFile(sibling.rfilename, sibling.size or 0, blob if blob and sibling.size is not None else "")


def _unfit(names: set[str], weights: set[str]) -> str:
    if "config.json" not in names:
        return "it has no config.json, so it is no transformers model"
    if weights:
        return ""
    pickles = sorted(name for name in names if name.endswith(PICKLES))
    return "it has no safetensors weights" + (f", only a pickle ({plain(pickles[0], 60)})" if pickles else "")
