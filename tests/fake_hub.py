"""A Hugging Face Hub on the loopback: what huggingface_hub 2.4, transformers and datasets really ask of one.

It serves repositories given as a dict of file names and bytes, and can be told to misbehave. Registered as a plugin, so
any test may take the fixture `fake_hub`.
"""

import contextlib
import hashlib
import json
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

Files = dict[str, bytes]
RIGHT_TOKEN = "hf_right"
_LARGE = (".safetensors", ".bin", ".parquet")
"""Files the Hub keeps in large file storage: named by sha256, served by redirect from another host."""


@dataclass(frozen=True)
class Asked:
    """One request the Hub got."""

    method: str
    path: str
    range: str
    token: str


@dataclass
class FakeHub:
    """What the Hub has and how it behaves; change it at any time."""

    models: dict[str, Files] = field(default_factory=dict)
    datasets: dict[str, Files] = field(default_factory=dict)
    revisions: dict[str, dict[str, Files]] = field(default_factory=dict)
    """Further revisions of a repository beside `main`: id -> name -> files."""
    renamed: dict[str, str] = field(default_factory=dict)
    """Old id -> id of a model that was moved."""
    gated: set[str] = field(default_factory=set)
    """Repositories whose files only go to RIGHT_TOKEN."""
    cuts: dict[str, list[int]] = field(default_factory=dict)
    """File name -> bytes after which the line breaks, one number for each coming download of it."""
    holds: dict[str, int] = field(default_factory=dict)
    """File name -> bytes after which a download of it waits until the Hub closes."""
    answers: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    """Path -> status and body to answer whatever else is true."""
    no_ranges: bool = False
    """Ignore Range headers, as some mirrors do."""
    damaged: set[str] = field(default_factory=set)
    """File names sent with their first byte changed."""
    asked: list[Asked] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def downloads(self, name: str) -> list[Asked]:
        """The GET requests for a file, redirects to its storage not counted twice."""
        return [asked for asked in self.asked if asked.method == "GET" and asked.path.endswith(f"/{name}")]

    def files(self, kind: str, id: str, revision: str) -> Files | None:
        """Files of a revision given by name or commit; None where there is no such revision."""
        main = (self.models if kind == "models" else self.datasets)[id]
        named = {"main": main, **self.revisions.get(id, {})}
        return named.get(revision) or next((files for files in named.values() if commit_of(files) == revision), None)

    def environment(self) -> dict[str, str]:
        """Variables that make a child process use this Hub and nothing else."""
        return {
            "HF_ENDPOINT": self.url,
            "HF_HUB_OFFLINE": "0",
            "HF_HUB_DISABLE_XET": "1",
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "NO_PROXY": "127.0.0.1,localhost",
            "no_proxy": "127.0.0.1,localhost",
        }


@pytest.fixture
def fake_hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    """An empty Hub that this process and its children take for the real one."""
    from huggingface_hub import close_session, constants

    hub = FakeHub()
    server = _Server(hub)
    hub.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    for name, value in hub.environment().items():
        monkeypatch.setenv(name, value)
    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    # The library reads its environment once, when it is imported.
    monkeypatch.setattr(constants, "ENDPOINT", hub.url)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", hub.url + "/{repo_id}/resolve/{revision}/{filename}")
    monkeypatch.setattr(constants, "HF_URL_HOSTS", frozenset({"127.0.0.1"}))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True, raising=False)
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", "/nonexistent/token")
    close_session()
    yield hub
    hub.closing.set()
    server.shutdown()
    server.server_close()
    thread.join(5)
    close_session()


def commit_of(files: Files) -> str:
    """The commit that holds exactly these files."""
    digest = hashlib.sha1()
    for name in sorted(files):
        digest.update(name.encode() + b"\0" + files[name] + b"\0")
    return digest.hexdigest()


def blob_of(content: bytes) -> str:
    """A file's name in git."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def _under(path: str, files: Files) -> bool:
    return path in files or any(name.startswith(f"{path}/") for name in files)


def _entry(path: str, files: Files) -> dict[str, Any]:
    if path not in files:
        return {"type": "directory", "oid": "0" * 40, "size": 0, "path": path}
    content = files[path]
    entry: dict[str, Any] = {"type": "file", "oid": blob_of(content), "size": len(content), "path": path}
    if path.endswith(_LARGE):
        entry["lfs"] = {"oid": hashlib.sha256(content).hexdigest(), "size": len(content), "pointerSize": 1}
    return entry


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, hub: FakeHub) -> None:
        self.hub = hub
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is part of the tests."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 10
    server: _Server

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing on stderr."""

    def _answer(self) -> None:
        hub = self.server.hub
        url = urlsplit(self.path)
        path = unquote(url.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        self.query = parse_qs(url.query or body)
        self.token = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
        hub.asked.append(Asked(self.command, path, self.headers.get("Range") or "", self.token))
        moved = next((old for old in hub.renamed if re.match(rf"(/api/models)?/{old}/", path)), None)
        if path in hub.answers:
            self._send(*hub.answers[path])
        elif moved is not None:
            self._send(307, b"", {"Location": self.path.replace(f"/{moved}/", f"/{hub.renamed[moved]}/", 1)})
        elif path.startswith("/cdn/"):
            self._send_stored(path)
        elif path in ("/api/models", "/api/datasets"):
            self._search(path.rpartition("/")[2])
        elif not self._repository(url.path):
            self._refuse(404, "RepoNotFound" if self.token else "")

    def _repository(self, path: str) -> bool:
        api = re.match(r"/api/(models|datasets)/(.+)", path)
        kind, rest = (api[1], api[2]) if api else ("models", path[1:])
        if not api and rest.startswith("datasets/"):
            kind, rest = "datasets", rest.removeprefix("datasets/")
        repositories = self.server.hub.models if kind == "models" else self.server.hub.datasets
        id = next((id for id in repositories if rest == id or rest.startswith(f"{id}/")), None)
        if id is None:
            # As the real one: to a stranger an unknown repository and a private one look the same.
            self._refuse(404 if self.token else 401, "RepoNotFound")
            return True
        action, _, rest = rest[len(id) + 1 :].partition("/")
        # A branch may have slashes in its name, so what they separate is unquoted only now.
        revision, _, name = (unquote(part) for part in rest.partition("/"))
        files = self.server.hub.files(kind, id, revision or "main")
        if files is None:
            self._refuse(404, "RevisionNotFound")
        elif api and action in ("", "revision"):
            self._send_json(self._info(id, files, "blobs" in self.query))
        elif api and action == "tree":
            self._tree(files, name)
        elif api and action == "paths-info":
            known = (path for path in self.query.get("paths", []) if _under(path, files))
            self._send_json([_entry(path, files) for path in known])
        elif not api and action == "resolve":
            self._resolve(id, name, files)
        else:
            return False
        return True

    def _search(self, kind: str) -> None:
        repositories = self.server.hub.models if kind == "models" else self.server.hub.datasets
        wanted = self.query.get("search", [""])[0].lower()
        found = [self._info(id, files, False) for id, files in repositories.items() if wanted in id.lower()]
        self._send_json(found[: int(self.query.get("limit", ["100"])[0])])

    def _info(self, id: str, files: Files, blobs: bool) -> dict[str, Any]:
        siblings: list[dict[str, Any]] = [{"rfilename": name} for name in sorted(files)]
        if blobs:
            for sibling in siblings:
                content = files[sibling["rfilename"]]
                sibling |= {"size": len(content), "blobId": blob_of(content)}
                if sibling["rfilename"].endswith(_LARGE):
                    sibling["lfs"] = {
                        "sha256": hashlib.sha256(content).hexdigest(),
                        "size": len(content),
                        "pointerSize": 1,
                    }
        info: dict[str, Any] = {
            "id": id,
            "sha": commit_of(files),
            "siblings": siblings,
            "private": False,
            "gated": "manual" if id in self.server.hub.gated else False,
            "downloads": len(files),
            "tags": ["safetensors"] if any(name.endswith(".safetensors") for name in files) else [],
        }
        with contextlib.suppress(ValueError, KeyError, TypeError):
            info["config"] = {"model_type": json.loads(files.get("config.json", b"{}"))["model_type"]}
        return info

    def _tree(self, files: Files, folder: str) -> None:
        under = f"{folder}/" if folder else ""
        inside = [path for path in sorted(files) if path.startswith(under)]
        if folder and not inside:
            self._refuse(404, "EntryNotFound")
            return
        if self.query.get("recursive", [""])[0].lower() != "true":
            inside = list(dict.fromkeys(under + path.removeprefix(under).partition("/")[0] for path in inside))
        self._send_json([_entry(path, files) for path in inside])

    def _resolve(self, id: str, name: str, files: Files) -> None:
        hub = self.server.hub
        commit = {"X-Repo-Commit": commit_of(files)}
        if id in hub.gated and self.token != RIGHT_TOKEN:
            self._refuse(403 if self.token else 401, "GatedRepo")
        elif name not in files:
            self._refuse(404, "EntryNotFound", commit)
        elif name.endswith(_LARGE):
            sha256 = hashlib.sha256(files[name]).hexdigest()
            # Another host in the eyes of a client, so that a token must not be sent along.
            location = {"Location": f"http://localhost:{hub.port}/cdn/{sha256}/{name}"}
            linked = {"X-Linked-Etag": f'"{sha256}"', "X-Linked-Size": str(len(files[name]))}
            self._send(302, b"", {**commit, **location, **linked})
        else:
            self._send_file(name, files[name], {**commit, "ETag": f'"{blob_of(files[name])}"'})

    def _send_stored(self, path: str) -> None:
        hub = self.server.hub
        sha256, _, name = path.removeprefix("/cdn/").partition("/")
        every = [*hub.models.values(), *hub.datasets.values(), *(f for r in hub.revisions.values() for f in r.values())]
        for content in (files[name] for files in every if name in files):
            if hashlib.sha256(content).hexdigest() == sha256:
                self._send_file(name, content, {"ETag": f'"{sha256}"'})
                return
        self._refuse(404, "")

    def _send_file(self, name: str, content: bytes, headers: dict[str, str]) -> None:
        hub = self.server.hub
        if name in hub.damaged:
            content = bytes([content[0] ^ 1]) + content[1:]
        wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range") or "")
        if wanted is None or hub.no_ranges:
            self._send(200, content, headers, name)
            return
        begin, end = int(wanted[1]), int(wanted[2] or len(content) - 1)
        if begin >= len(content):
            self._refuse(416, "")
            return
        headers = {**headers, "Content-Range": f"bytes {begin}-{end}/{len(content)}"}
        self._send(206, content[begin : end + 1], headers, name)

    def _send_json(self, document: Any) -> None:
        self._send(200, json.dumps(document).encode(), {"Content-Type": "application/json"})

    def _refuse(self, status: int, code: str, headers: dict[str, str] | None = None) -> None:
        self._send(status, b"", {"X-Error-Code": code, "X-Error-Message": code, **(headers or {})})

    def _send(self, status: int, body: bytes, headers: dict[str, str] | None = None, name: str = "") -> None:
        hub = self.server.hub
        self.send_response(status)
        for key, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(key, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        if name in hub.holds:
            self.wfile.write(body[: hub.holds[name]])
            hub.closing.wait(60)
            self.close_connection = True
        elif hub.cuts.get(name):
            self.wfile.write(body[: hub.cuts[name].pop(0)])
            self.close_connection = True
        else:
            self.wfile.write(body)
