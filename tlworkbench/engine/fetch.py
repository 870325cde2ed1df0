"""Fetching a model from the Hub into the Hugging Face cache."""

import shutil
import threading
import time
from pathlib import Path

from tlworkbench import paths
from tlworkbench.catalog.architectures import unfit_because
from tlworkbench.catalog.hub_cache import HubId, hub_id
from tlworkbench.catalog.hub_errors import hub_errors
from tlworkbench.catalog.hub_files import HubFiles, hub_files
from tlworkbench.catalog.model_info import read_model_info
from tlworkbench.catalog.plain import size_text
from tlworkbench.engine.blob_download import download_blob, fetched_bytes
from tlworkbench.engine.context import JobContext
from tlworkbench.errors import UserError
from tlworkbench.jobs.events import Finished
from tlworkbench.jobs.spec import FetchSpec

_BEAT = 0.2
"""Seconds between two progress events."""
_SPARE = 64_000_000
"""Bytes left free on the disk."""


def run(context: JobContext, spec: FetchSpec) -> Finished:
    """Bring configuration, tokenizer and safetensors of `spec.model`; `path` in the result is its snapshot folder.

    What an interrupted fetch left is gone on with. Raises UserError: unknown, private or gated repository, unknown
    revision, nothing usable in it, Hub out of reach, disk too small.
    """
    began = time.monotonic()
    id = hub_id(spec.model)
    if spec.revision != "main":
        id = hub_id(f"{id.repo}@{spec.revision}")
    fetch = _Fetch(id, paths.hub_cache_dir())
    # The work is done in a thread that dies with the process: whatever it waits for, a stop is heard at once.
    thread = threading.Thread(target=fetch.work, daemon=True)
    thread.start()
    shown = -1
    while thread.is_alive():
        thread.join(_BEAT)
        if context.stop_requested and thread.is_alive():
            done, total = fetch.progress()
            return Finished(
                status="stopped",
                what=f"stopped at {size_text(done)} of {size_text(total)}" if total else "stopped",
                hint=f"tlworkbench models --fetch {id} goes on from there.",
            )
        done, total = fetch.progress()
        if total and done != shown:
            context.progress(f"fetching {id}", done, total, "bytes")
            shown = done
    if fetch.error is not None:
        raise fetch.error
    info = read_model_info(fetch.snapshot, str(id), "cache")
    if not info.usable:
        context.note(f"{id} can't be trained here: {info.why}", warning=True)
    return context.done(
        f"{id} is on this machine",
        model=str(id),
        revision=fetch.commit,
        path=str(fetch.snapshot),
        bytes=fetch.progress()[1],
        seconds=round(time.monotonic() - began, 1),
    )


class _Fetch:
    """The work of one fetch; read from another thread while it runs."""

    def __init__(self, id: HubId, cache: Path) -> None:
        self.error: BaseException | None = None
        self.snapshot = cache
        self.commit = ""
        self._id = id
        self._cache = cache
        self._blobs = cache / ("models--" + id.repo.replace("/", "--")) / "blobs"
        self._files: HubFiles | None = None

    def progress(self) -> tuple[int, int]:
        """Bytes on this machine and bytes in all; 0 and 0 before the Hub has answered."""
        if self._files is None:
            return 0, 0
        done = sum(fetched_bytes(self._blobs / file.blob, file) for file in self._files.files if file.blob)
        return done, self._files.bytes

    def work(self) -> None:
        """Everything from the first question to the linked snapshot; an error is left in `error`."""
        try:
            with hub_errors(self._id.repo):
                self._fetch()
        except BaseException as error:  # A thread ends here: the one that waits for it raises this.
            self.error = error

    def _fetch(self) -> None:
        files = hub_files(self._id)
        why = files.unfit_because or (unfit_because(files.model_type) if files.model_type else "")
        if why:
            raise UserError(f"{self._id} can't be trained here: {why}", _instead(self._id, why))
        self._files = files
        self._check_space()
        self._download(files)
        self._link(files)

    def _check_space(self) -> None:
        done, total = self.progress()
        disk = next(folder for folder in (self._blobs, *self._blobs.parents) if folder.exists())
        free = shutil.disk_usage(disk).free
        if total - done + _SPARE > free and done < total:
            raise UserError(
                f"{self._id} needs {size_text(total - done)}, the disk of {self._cache} has {size_text(free)} left",
                "Free some space, or set HF_HOME to a folder on a larger disk.",
            )

    def _download(self, files: HubFiles) -> None:
        from huggingface_hub import hf_hub_url

        for file in files.files:
            # Where the Hub tells no checksum (some mirrors), the library fetches the file when it links.
            if file.blob:
                url = hf_hub_url(self._id.repo, file.name, revision=files.commit)
                download_blob(url, self._blobs / file.blob, file)

    def _link(self, files: HubFiles) -> None:
        from huggingface_hub import snapshot_download
        from huggingface_hub.utils import disable_progress_bars

        disable_progress_bars()
        names = [file.name for file in files.files]
        folder = snapshot_download(
            self._id.repo, revision=self._id.revision, cache_dir=self._cache, allow_patterns=names, max_workers=4
        )
        self.snapshot, self.commit = Path(folder), Path(folder).name


def _instead(id: HubId, why: str) -> str:
    if "pickle" in why:
        return (
            "Often a pull request on its page brings them as safetensors: "
            f"tlworkbench models --fetch {id.repo}@refs/pr/NUMBER. Or convert it where you trust it."
        )
    return "Take another one: tlworkbench models QUERY --hub marks what can be used."
