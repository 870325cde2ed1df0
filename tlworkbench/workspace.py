"""A workspace: one dataset, its labels, its jobs, and where the user was. What a screen or a command opens first."""

import contextlib
import re
import shutil
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from tlworkbench import atomic, paths
from tlworkbench.errors import UserError

if TYPE_CHECKING:
    from tlworkbench.data.journal import Journal
    from tlworkbench.data.labelling import Labelling
    from tlworkbench.data.rows import Rows

FORMAT = 1


class WorkspaceInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What `workspace.json` holds: machine state, never edited by hand."""

    format: int = FORMAT
    source: str = ""
    """What was opened: an absolute path or a Hub id."""
    text: tuple[str, ...] = ()
    """Text columns as asked for; empty where the import found them by itself."""
    label: str = ""
    """Label column as asked for; empty likewise."""
    split: str = ""
    validation: float = 0.2
    task: str = "text"
    model: str = ""
    """Chosen checkpoint, as `resolve_model` takes it; empty before a choice."""
    run: str = ""
    """Run that Predict uses; empty for the latest one with a bundle."""
    where: dict[str, Any] = {}
    """Where the user was, by screen."""


class Workspace:
    """A folder that holds everything about one dataset; see `open_workspace`."""

    def __init__(self, root: Path, info: WorkspaceInfo) -> None:
        self.root = root
        self.info = info
        self._changing = threading.Lock()

    @property
    def name(self) -> str:
        """How the workspace is called on the screen."""
        return self.root.name

    @property
    def info_file(self) -> Path:
        return self.root / "workspace.json"

    @property
    def rows_file(self) -> Path:
        return self.root / "rows.arrow"

    @property
    def labels_file(self) -> Path:
        return self.root / "labels.sqlite"

    @property
    def jobs_dir(self) -> Path:
        return self.root / "jobs"

    @property
    def has_rows(self) -> bool:
        """Whether a dataset was imported."""
        return self.rows_file.is_file()

    def update(self, **changes: Any) -> None:
        """Change fields of `info` on disk, then here; any thread may.

        Other fields are taken from disk: another program may have changed them since.
        """
        with self._changing:
            info = msgspec.structs.replace(_read_info(self.info_file) or self.info, **changes)
            self.root.mkdir(parents=True, exist_ok=True)
            atomic.write_bytes(self.info_file, msgspec.json.format(msgspec.json.encode(info)))
            self.info = info

    def rows(self) -> "Rows":
        """The imported rows; raises UserError where nothing was imported yet."""
        from tlworkbench.data.rows import Rows

        if not self.has_rows:
            raise UserError(f"workspace '{self.name}' has no dataset yet", "Open one: tlworkbench open SOURCE.")
        return Rows.open(self.rows_file)

    def journal(self, rows: "Rows | None" = None) -> "Journal":
        """The label journal, made when missing; it learns the label values of `rows`."""
        from tlworkbench.data.journal import Journal

        rows = rows or self.rows()
        return Journal.open(self.labels_file, rows.meta.label_values)

    def labelling(self) -> "Labelling":
        """The rows with the journal's edits applied."""
        from tlworkbench.data.labelling import Labelling

        rows = self.rows()
        return Labelling(rows, self.journal(rows))


def open_workspace(name_or_path: str, create: bool = False) -> Workspace:
    """The workspace with a name (under the data folder) or at a path (anything with a slash).

    Raises UserError when there is none and `create` is not set, or when its state file is damaged or newer than this
    program.
    """
    root = workspace_root(name_or_path)
    info = _read_info(root / "workspace.json")
    if info is None:
        if not create:
            known = ", ".join(list_workspaces()) or "none yet"
            raise UserError(f"there is no workspace '{name_or_path}'", f"Open a dataset into it. There are: {known}.")
        workspace = Workspace(root, WorkspaceInfo())
        workspace.update()
        return workspace
    return Workspace(root, info)


def remove_if_unused(workspace: Workspace) -> None:
    """Take away a workspace that holds nothing but imports that have ended: neither rows, labels, nor any other job.

    Only files of ours go; a folder that holds others, as one given by its path may, stays.
    """
    from tlworkbench.jobs.folder import list_jobs, lock_file

    jobs = list_jobs(workspace.jobs_dir)
    if workspace.has_rows or workspace.labels_file.exists():
        return
    if any(job.kind != "import" or not job.state().ended for job in jobs):
        return
    for job in jobs:
        shutil.rmtree(job.path)
    lock_file(workspace.jobs_dir).unlink(missing_ok=True)
    workspace.info_file.unlink(missing_ok=True)
    for folder in (workspace.jobs_dir, workspace.root):
        with contextlib.suppress(OSError):
            folder.rmdir()


def workspace_root(name_or_path: str) -> Path:
    """Where a workspace lies, whether or not it exists."""
    if "/" in name_or_path or name_or_path in (".", "..", "~"):
        return Path(name_or_path).expanduser().absolute()
    if not re.fullmatch(r"\w[\w.-]*", name_or_path):
        raise UserError(
            f"'{name_or_path}' can't be a workspace's name", "Use letters, digits, dots and dashes, or a path."
        )
    return paths.workspaces_dir() / name_or_path


def list_workspaces() -> list[str]:
    """Names of the workspaces in the data folder, the one used last first."""
    folder = paths.workspaces_dir()
    files = sorted(folder.glob("*/workspace.json"), key=lambda file: file.stat().st_mtime, reverse=True)
    return [file.parent.name for file in files]


def name_for_source(source: str) -> str:
    """A workspace's name for a source: the one it was opened into before, else made from its file or folder name."""
    base = re.sub(r"[^A-Za-z0-9]+", "-", Path(source).stem or source).strip("-").lower() or "data"
    name, number = base, 1
    while (info := _read_info(workspace_root(name) / "workspace.json")) is not None and info.source != source:
        number += 1
        name = f"{base}-{number}"
    return name


def current_workspace() -> str:
    """Name or path of the workspace used last; raises UserError when there never was one."""
    try:
        return _current_file().read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        raise UserError(
            "no workspace was opened yet", "Open a dataset: tlworkbench open SOURCE, or try: tlworkbench demo."
        ) from None


def remember_current(workspace: Workspace) -> None:
    """Make `workspace` the one that commands without `-w` use."""
    _current_file().parent.mkdir(parents=True, exist_ok=True)
    in_data_folder = workspace.root.parent == paths.workspaces_dir()
    atomic.write_text(_current_file(), workspace.name if in_data_folder else str(workspace.root))


def _current_file() -> Path:
    return paths.workspaces_dir().parent / "current-workspace"


def _read_info(path: Path) -> WorkspaceInfo | None:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UserError(f"{path} can't be read: {error.strerror}", "Check the folder's rights.") from error
    try:
        info = msgspec.json.decode(content, type=WorkspaceInfo)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        aside = path.with_name(f"workspace.damaged-{int(time.time())}.json")
        raise UserError(
            f"{path} is damaged: {error}",
            f"It holds no labels and no rows: move it away (mv '{path}' '{aside}') and open the source again.",
        ) from error
    if info.format > FORMAT:
        raise UserError(
            f"{path} was written by a newer tlworkbench (format {info.format})", "Update: pip install -U tlworkbench."
        )
    return info
