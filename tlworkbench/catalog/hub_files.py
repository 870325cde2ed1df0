"""Which files of a Hub repository a fetch brings: configuration, tokenizer, safetensors weights, the model card.

Never pickles (`.bin`, `.pt`), never code (`.py`), never the same weights twice in other formats.
"""

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from tlworkbench.catalog.hub_cache import HubId
from tlworkbench.catalog.hub_errors import hub_errors, no_hub
from tlworkbench.catalog.plain import plain
from tlworkbench.catalog.weights import INDEX, PICKLES, SINGLE

if TYPE_CHECKING:
    from huggingface_hub.hf_api import RepoSibling

SMALL_FILES = (
    "config.json", "tokenizer*.json", "vocab*.json", "vocab*.txt", "merges*.txt", "*.model", "*.codes",
    "special_tokens_map.json", "added_tokens.json", "preprocessor_config.json", "README.md", "LICENSE*",
)  # fmt: skip
"""Patterns of what belongs to a model beside its weights; files in folders of the repository are never taken."""
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


def hub_files(id: HubId, timeout: float) -> HubFiles:
    """Ask the Hub for a repository's files; raises UserError (unknown, private, unreachable …)."""
    from huggingface_hub import HfApi

    with hub_errors(id.repo):
        try:
            info = HfApi().model_info(id.repo, revision=id.revision, files_metadata=True, timeout=timeout)
        except (ValueError, KeyError, TypeError) as error:
            # The answer was read as JSON and as a repository without looking: whatever failed there, it is no Hub.
            raise no_hub() from error
    siblings = {sibling.rfilename: sibling for sibling in info.siblings or []}
    weights = _weights(set(siblings))
    names = [name for name in siblings if name in weights or _is_small(name)]
    files = sorted((_file(siblings[name]) for name in names), key=lambda file: (file.size, file.name))
    config: Any = info.config or {}
    return HubFiles(
        commit=info.sha or "",
        files=tuple(files),
        unfit_because=_unfit(set(siblings), weights),
        model_type=plain(config.get("model_type") or "", 60),
        params=info.safetensors.total if info.safetensors else 0,
        gated=bool(info.gated),
    )


def _weights(names: set[str]) -> set[str]:
    if SINGLE in names:
        return {SINGLE}
    return {INDEX, *(name for name in names if _SHARD.fullmatch(name))} if INDEX in names else set()


def _is_small(name: str) -> bool:
    return "/" not in name and any(fnmatchcase(name, pattern) for pattern in SMALL_FILES)


def _file(sibling: "RepoSibling") -> HubFile:
    blob = sibling.lfs.sha256 if sibling.lfs else sibling.blob_id or ""
    # The blob's name becomes a file's name on this machine.
    fits = re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", blob) and sibling.size is not None
    return HubFile(sibling.rfilename, sibling.size or 0, blob if fits else "")


def _unfit(names: set[str], weights: set[str]) -> str:
    if "config.json" not in names:
        return "it has no config.json, so it is no transformers model"
    if weights:
        return ""
    pickles = sorted(name for name in names if name.endswith(PICKLES))
    return "it has no safetensors weights" + (f", only a pickle ({plain(pickles[0], 60)})" if pickles else "")
