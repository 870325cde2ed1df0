"""Models in the Hugging Face cache: `models--USER--NAME/{refs,snapshots,blobs}`.

Layout: https://huggingface.co/docs/huggingface_hub/guides/manage-cache. Read here and not by the library's
`scan_cache_dir`: that one walks every file of every cached dataset too, gives up a repository for one broken link, and
costs 0.4 s of import.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from tlworkbench.errors import UserError

MAIN = "main"
_ID = re.compile(r"(?:[A-Za-z0-9_][\w.-]*/)?[A-Za-z0-9_][\w.-]*", re.ASCII)
_REVISION = re.compile(r"[\w][\w./-]*", re.ASCII)
_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True)
class HubId:
    """A repository on the Hub and a revision of it: written `user/name` or `user/name@revision`."""

    repo: str
    revision: str = MAIN

    def __str__(self) -> str:
        return self.repo if self.revision == MAIN else f"{self.repo}@{self.revision}"


@dataclass(frozen=True)
class CachedModel:
    """One revision of a repository in the cache; `folder` is its snapshot, None where nothing usable is there."""

    id: HubId
    folder: Path | None


def parse_hub_id(text: str) -> HubId | None:
    """The Hub id in `text`; None where it can't be one (the Hub's rules: 96 characters of letters, digits, `-_.`)."""
    repo, _, revision = text.partition("@")
    fits = _ID.fullmatch(repo) and len(repo) <= 96 and not re.search(r"--|\.\.|[-.]$|[-.]/", repo)
    if not fits or (revision and (not _REVISION.fullmatch(revision) or ".." in revision)):
        return None
    return HubId(repo, revision or MAIN)


def hub_id(text: str) -> HubId:
    """The Hub id in `text`; raises UserError where it can't be one."""
    found = parse_hub_id(text)
    if found is None:
        raise UserError(f"'{text}' is not a Hub id", "One looks like distilbert/distilbert-base-uncased.")
    return found


def cached_models(cache: Path) -> list[CachedModel]:
    """Every model in the cache, each named revision by itself, sorted by id; empty where there is no cache.

    A snapshot no branch or tag points to is listed by its commit, and only where its repository has no other.
    """
    found = []
    for folder in sorted(cache.glob("models--*")):
        id = parse_hub_id(folder.name.removeprefix("models--").replace("--", "/"))
        if id is not None and folder.is_dir():
            found += _revisions(folder, id.repo)
    return found


def cached_snapshot(cache: Path, id: HubId) -> Path | None:
    """Folder of a cached revision (branch, tag or commit), whole or not; None where the cache has nothing of it."""
    folder = cache / ("models--" + id.repo.replace("/", "--"))
    commit = id.revision if _COMMIT.fullmatch(id.revision) else _read_ref(folder / "refs" / id.revision)
    snapshot = folder / "snapshots" / commit
    return snapshot if commit and snapshot.is_dir() else None


def _revisions(folder: Path, repo: str) -> list[CachedModel]:
    refs = folder / "refs"
    names = sorted(path.relative_to(refs).as_posix() for path in refs.rglob("*") if path.is_file())
    commits = {name: _read_ref(refs / name) for name in names}
    snapshots = folder / "snapshots"
    named = [(name, snapshots / commit) for name, commit in commits.items() if commit and (snapshots / commit).is_dir()]
    if not named and snapshots.is_dir():
        named = [(path.name, path) for path in sorted(snapshots.iterdir()) if _COMMIT.fullmatch(path.name)]
    # The same snapshot under two names is one model, and `main` is the name to choose it by.
    named.sort(key=lambda item: item[0] != MAIN)
    distinct = {path: CachedModel(HubId(repo, name), path) for name, path in reversed(named)}
    return list(reversed(distinct.values())) or [CachedModel(HubId(repo), None)]


def _read_ref(path: Path) -> str:
    try:
        commit = path.read_bytes()[:100].decode("ascii", errors="replace").strip()
    except OSError:
        return ""
    return commit if _COMMIT.fullmatch(commit) else ""
