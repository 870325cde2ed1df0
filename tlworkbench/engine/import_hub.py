"""A dataset of the Hugging Face Hub as parts of a source: fetched into the libraries' cache, or found there."""

import dataclasses
import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import datasets
import huggingface_hub
from huggingface_hub.errors import HfHubHTTPError

from tlworkbench.catalog.hub_errors import hub_errors
from tlworkbench.data.source import Source
from tlworkbench.data.splits import BASE, split_of
from tlworkbench.engine.import_library import class_names, prepare_library, read_batches
from tlworkbench.engine.import_parts import Part
from tlworkbench.engine.import_splits import split_expressions
from tlworkbench.errors import UserError

_SECONDS_TO_ANSWER = 10.0
_LOOK = 0.2
_COPY = "Copy the dataset's files here and open their folder."


def hub_parts(source: Source, expression: str, watch: Callable[[int], None]) -> list[Part]:
    """Fetch a dataset, or the parts of it that `expression` names; one part for each split.

    `watch` is called a few times a second with the bytes fetched so far, and may raise to give up.
    Raises UserError when the Hub or the dataset can't be reached, or it has no such configuration or split.
    """
    prepare_library()
    wanted = split_expressions(expression) if expression else [("", "")]
    id_, silence = _full_id(source.id)
    source = dataclasses.replace(source, id=id_)
    if silence:
        # The library would try for half a minute; offline it takes what its cache holds at once.
        huggingface_hub.constants.HF_HUB_OFFLINE = True
        datasets.config.HF_HUB_OFFLINE = True
    parts = []
    for split, piece in wanted:
        loaded = _in_background(lambda piece=piece: _load(source, piece, silence), _cache_folder(source), watch)  # type: ignore[misc]
        for name, dataset in [(split, loaded)] if piece else list(loaded.items()):
            parts.append(_part(str(name), dataset))
    places = {name: place for place, name in enumerate(BASE)}
    return parts if expression else sorted(parts, key=lambda part: places.get(part.split, len(places)))


def _full_id(id_: str) -> tuple[str, str]:
    """The id with its owner (`stanfordnlp/imdb` for `imdb`), and why the Hub does not answer, empty when it does.

    Raises UserError when it answers that this can't be had.
    """
    try:
        with hub_errors(id_, "dataset"):
            return str(huggingface_hub.HfApi().dataset_info(id_, timeout=_SECONDS_TO_ANSWER).id), ""
    except UserError as error:
        if isinstance(error.__cause__, HfHubHTTPError):
            raise UserError(f"'{id_}' is no file or folder here, and {error.what}", error.hint) from error
        # The library only knows its cache by full ids.
        cached = sorted(path.name for path in Path(datasets.config.HF_DATASETS_CACHE).glob(f"*___{id_}"))
        return cached[0].replace("___", "/") if cached else id_, error.what


def _part(name: str, dataset: Any) -> Part:
    # Names like `unsupervised` are kept: those rows are there to be labelled.
    split = split_of(name) or name
    return Part(split, name, lambda: read_batches(dataset), len(dataset), class_names(dataset.features))


def _load(source: Source, piece: str, silence: str) -> Any:
    try:
        with hub_errors(source.id, "dataset"):
            return datasets.load_dataset(source.id, source.config or None, split=piece or None)
    except (ConnectionError, FileNotFoundError) as error:
        raise UserError(
            f"'{source.id}' is no file or folder here, and {silence or f'it could not be fetched: {error}'}", _COPY
        ) from error
    except datasets.exceptions.DatasetGenerationError as error:
        raise UserError(f"'{source.id}' could not be read: {error.__cause__ or error}", _COPY) from error
    except (ValueError, RuntimeError) as error:
        raise _refused(source, error) from error


def _refused(source: Source, error: Exception) -> UserError:
    text = str(error)
    if "Config name is missing" in text or "BuilderConfig" in text:
        configs = re.findall(r"'([^']+)'", text[text.find("[") :])
        there = ", ".join(f"{source.id}:{config}" for config in configs[:8])
        return UserError(f"'{source.id}' has several configurations: name one", f"There are: {there}.")
    if "split" in text.lower():
        return UserError(f"'{source.id}': {text.splitlines()[0]}", "Write it as in train[:1000] or train+test.")
    return UserError(f"'{source.id}' could not be read: {text.splitlines()[0]}", _COPY)


def _in_background(work: Callable[[], Any], folder: Path, watch: Callable[[int], None]) -> Any:
    """Do `work` in a thread that doesn't outlive the process; watch the bytes in `folder` grow meanwhile."""
    outcome: dict[str, Any] = {}
    ended = threading.Event()

    def run() -> None:
        try:
            outcome["value"] = work()
        except Exception as error:
            outcome["error"] = error
        finally:
            ended.set()

    before = _bytes_in(folder)
    threading.Thread(target=run, name="hub", daemon=True).start()
    try:
        while not ended.wait(_LOOK):
            watch(_bytes_in(folder) - before)
    except BaseException:
        # Downloads run in threads of a pool, which the end of the process would wait for.
        huggingface_hub.constants.HF_HUB_OFFLINE = True
        huggingface_hub.close_session()
        raise
    if "error" in outcome:
        raise outcome["error"]
    return outcome["value"]


def _cache_folder(source: Source) -> Path:
    name = "--".join(("datasets", *source.id.split("/")))
    return Path(huggingface_hub.constants.HF_HUB_CACHE) / name / "blobs"


def _bytes_in(folder: Path) -> int:
    total = 0
    for path in folder.glob("*"):
        try:
            total += path.stat().st_size
        except FileNotFoundError:
            # Fetched files change their name when they are complete.
            continue
    return total
