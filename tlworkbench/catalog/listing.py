"""Every pretrained model on this machine: bundled, earlier runs, the Hugging Face cache, the user's folders."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from tlworkbench import paths
from tlworkbench.catalog.bundled import BUNDLED, NAME, bundled_folder
from tlworkbench.catalog.hub_cache import cached_models
from tlworkbench.catalog.model_info import ModelInfo, Where, read_model_info
from tlworkbench.errors import UserError
from tlworkbench.jobs.folder import JobFolder, list_jobs
from tlworkbench.jobs.spec import TrainSpec

_ORDER: dict[Where, int] = {"bundled": 0, "run": 1, "cache": 2, "folder": 3, "hub": 4}


def list_models(jobs_dir: Path | None, folders: Iterable[str | Path] = (), query: str = "") -> list[ModelInfo]:
    """What can be chosen, usable ones first, then bundled, runs (latest first), cache, folders.

    jobs_dir: the workspace's jobs; None before there is a workspace.
    folders: each one itself or its direct subfolders, where they hold a `config.json`.
    query: words that must all occur in id, architecture, task or a note; capitals count once one is typed.
    What is damaged is listed with the reason; nothing raises and no weights are loaded.
    """
    models: dict[str, ModelInfo] = {}
    for info in (*_bundled(), *_runs(jobs_dir), *_cached(), *_in_folders(folders)):
        # A folder given twice, or one that lies in the cache, shows once, under its first name.
        models.setdefault(str(Path(info.path).resolve()) if info.path else info.id, info)
    fitting = [info for info in models.values() if matches(info, query)]
    return sorted(fitting, key=lambda info: (not info.usable, _ORDER[info.where]))


def matches(info: ModelInfo, query: str) -> bool:
    """Whether every word of `query` occurs in a model's id, architecture, task or note (smart case)."""
    text = f"{info.id}\n{info.architecture}\n{info.task}\n{info.note}"
    return all(word in (text if word != word.lower() else text.lower()) for word in query.split())


def _bundled() -> Iterator[ModelInfo]:
    try:
        yield read_model_info(bundled_folder(), BUNDLED, "bundled", NAME)
    except UserError as error:
        why = f"{error.what}; {error.hint[0].lower()}{error.hint[1:]}"
        yield ModelInfo(id=BUNDLED, where="bundled", task="text", note=NAME, usable=False, why=why)


def _runs(jobs_dir: Path | None) -> Iterator[ModelInfo]:
    for run in reversed(list_jobs(jobs_dir, "train") if jobs_dir else []):
        if (run.model_dir / "config.json").is_file() and (state := run.state()).ended:
            yield read_model_info(run.model_dir, run.run, "run", f"run of {_trained_from(run)}, {state.status}")


def _trained_from(run: JobFolder) -> str:
    try:
        spec = run.spec()
    except UserError:
        return "an unknown model"
    return spec.model if isinstance(spec, TrainSpec) else "an unknown model"


def _cached() -> Iterator[ModelInfo]:
    cache = paths.hub_cache_dir()
    try:
        cached = cached_models(cache)
    except OSError as error:
        why = f"the Hugging Face cache can't be read: {error.strerror or error}"
        yield ModelInfo(id=str(cache), where="cache", path=str(cache), usable=False, why=why)
        return
    for model in cached:
        if model.folder is not None:
            yield read_model_info(model.folder, str(model.id), "cache")
        else:
            why = f"its fetch didn't finish; go on with: tlworkbench models --fetch {model.id}"
            yield ModelInfo(id=str(model.id), where="cache", usable=False, why=why)


def _in_folders(folders: Iterable[str | Path]) -> Iterator[ModelInfo]:
    for given in folders:
        folder = Path(given).expanduser().absolute()
        try:
            found = _with_config(folder)
        except OSError as error:
            yield _nothing(folder, f"this folder can't be read: {error.strerror or error}")
            continue
        if not found:
            yield _nothing(
                folder, "no config.json in it or in one of its folders; correct model_folders in settings.toml"
            )
        for path in found:
            yield read_model_info(path, str(path), "folder")


def _with_config(folder: Path) -> list[Path]:
    if (folder / "config.json").is_file():
        return [folder]
    return [path for path in sorted(folder.iterdir()) if (path / "config.json").is_file()]


def _nothing(folder: Path, why: str) -> ModelInfo:
    return msgspec.structs.replace(ModelInfo(id=str(folder), where="folder", path=str(folder)), usable=False, why=why)
