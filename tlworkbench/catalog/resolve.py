"""From what a user wrote as a model to the folder that holds it."""

from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from tlworkbench import paths
from tlworkbench.catalog.bundled import BUNDLED, bundled_model
from tlworkbench.catalog.hub_cache import HubId, cached_models, cached_snapshot, parse_hub_id
from tlworkbench.catalog.model_info import Where, read_model_info
from tlworkbench.errors import UserError
from tlworkbench.jobs.folder import find_job

_CHOOSE = "Choose another: tlworkbench models shows what can be used."


@dataclass(frozen=True)
class _Found:
    reference: str
    where: Where
    folder: Path


def resolve_model(model: str, jobs_dir: Path | None) -> Path:
    """Folder of a transformers checkpoint on this machine, checked as far as its headers tell.

    The first of these that fits wins:
    1. `bundled`: the bundled model, its sha256 checked;
    2. digits: a training run of the workspace, `7` or `0007`;
    3. something that begins with `/`, `./`, `../` or `~`: a folder;
    4. a folder of that name in the current folder that holds a `config.json`, as transformers has it;
    5. a Hub id that is in the Hugging Face cache, `user/name` or `user/name@revision`.
    So a folder named `bundled` or `0007` is written `./bundled`. Raises UserError that says what to do.
    """
    found = _find(model.strip(), jobs_dir)
    info = read_model_info(found.folder, found.reference, found.where)
    if not info.usable:
        raise UserError(f"{_named(found)} can't be used: {info.why}", _CHOOSE)
    return found.folder


def model_reference(model: str, jobs_dir: Path | None) -> str:
    """How a job names the model, whatever folder it is started from: as written, a run with four digits, a folder by
    its absolute path. Raises UserError like `resolve_model`."""
    resolve_model(model, jobs_dir)
    return _find(model.strip(), jobs_dir).reference


def _named(found: _Found) -> str:
    return {"bundled": "the bundled model", "run": f"run {found.reference}"}.get(found.where, found.reference)


def _find(model: str, jobs_dir: Path | None) -> _Found:
    if not model:
        raise UserError("no model is chosen yet", "Choose one: tlworkbench models --choose bundled.")
    if model == BUNDLED:
        return _Found(BUNDLED, "bundled", bundled_model())
    if model.isdecimal():
        return _find_run(model, jobs_dir)
    folder = Path(model).expanduser().absolute()
    if model.startswith(("/", "./", "../", "~")) or model in (".", ".."):
        if not folder.is_dir():
            raise UserError(f"there is no folder {folder}", "Check the path.")
        return _Found(str(folder), "folder", folder)
    if (folder / "config.json").is_file():
        return _Found(str(folder), "folder", folder)
    id = parse_hub_id(model)
    if id is None:
        raise UserError(
            f"'{model}' is neither a folder, nor a run, nor a Hub id",
            "Write a path (./folder), a run's number, or an id as in distilbert/distilbert-base-uncased.",
        )
    return _find_cached(id)


def _find_run(model: str, jobs_dir: Path | None) -> _Found:
    if jobs_dir is None:
        raise UserError(f"'{model}' is a run's number, but there is no workspace", "Name one: tlworkbench -w NAME.")
    run = find_job(jobs_dir, model, "train")
    if not (run.model_dir / "config.json").is_file():
        state = run.state()
        hint = "Resume it, or choose another model." if state.ended else "Wait until it is done."
        raise UserError(f"run {run.run} has no model yet ({state.status})", hint)
    return _Found(run.run, "run", run.model_dir)


def _find_cached(id: HubId) -> _Found:
    cache = paths.hub_cache_dir()
    snapshot = cached_snapshot(cache, id)
    if snapshot is not None:
        return _Found(str(id), "cache", snapshot)
    there = [str(model.id) for model in cached_models(cache) if model.folder is not None]
    # Whoever leaves out the user's name means the model of that name.
    short = [known for known in there if known.rpartition("/")[2] == str(id)]
    close = short or get_close_matches(str(id), there, n=1)
    meant = f"Did you mean {close[0]}? Else fetch it" if close else "Fetch it"
    raise UserError(
        f"{id} is not on this machine",
        f"{meant}: tlworkbench models --fetch {id}, or type its id on the Models screen.",
    )
