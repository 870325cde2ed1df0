"""Putting a bundle together: built in a folder beside its place, moved there when it is complete."""

import contextlib
import copy
import fcntl
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import onnx

from tlworkbench import atomic
from tlworkbench.engine.onnx_variants import external_files
from tlworkbench.errors import UserError
from tlworkbench.inference.onnx_metadata import OnnxMetadata
from tlworkbench.inference.windows import Windows


@contextlib.contextmanager
def draft(place: Path) -> Iterator[Path]:
    """Yield an empty folder beside `place` that is gone after the block, unless `put_in_place` moved it.

    Raises UserError when another process builds a bundle for the same place, or nothing can be written there.
    """
    with _alone(place):
        if not place.exists() and _old(place).exists():
            _old(place).rename(place)
        # What a killed export left.
        for leftover in place.parent.glob(f".{place.name}.*"):
            shutil.rmtree(leftover, ignore_errors=True)
        try:
            folder = Path(tempfile.mkdtemp(prefix=f".{place.name}.", dir=place.parent))
            # mkdtemp makes private folders; the run's own shows who may read.
            folder.chmod(place.parent.stat().st_mode & 0o777)
            (folder / "onnx").mkdir()
        except OSError as error:
            raise UserError(
                f"nothing can be written to {place.parent}: {error.strerror}",
                "Free some space or check the folder's rights.",
            ) from error
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def put_in_place(folder: Path, place: Path) -> None:
    """Move a complete draft to `place`; what was there goes only then."""
    for file in folder.rglob("*"):
        atomic.sync(file)
    if place.exists():
        place.rename(_old(place))
    folder.rename(place)
    atomic.sync(place.parent)
    shutil.rmtree(_old(place), ignore_errors=True)


def write_model_files(model_dir: Path, tokenizer: Any, max_length: int, windows: Windows | None, folder: Path) -> str:
    """Write config.json, tokenizer.json and their like into `folder`; returns the text of tokenizer.json.

    It holds truncation and padding as the model needs them, so that tokenizers alone, in any language, makes its
    inputs; the windows of a long text are its encoding and that one's `overflowing`.
    Raises UserError where the model has no fast tokenizer.
    """
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is None:
        raise UserError(
            f"{type(tokenizer).__name__} can't be saved as tokenizer.json",
            "Choose a checkpoint that comes with a tokenizer.json.",
        )
    tokenizer.save_pretrained(folder)
    shutil.copyfile(model_dir / "config.json", folder / "config.json")
    own = copy.deepcopy(backend)
    own.enable_truncation(max_length, stride=windows.stride if windows else 0, direction=tokenizer.truncation_side)
    own.enable_padding(
        direction=tokenizer.padding_side,
        pad_id=tokenizer.pad_token_id,
        pad_type_id=tokenizer.pad_token_type_id,
        pad_token=tokenizer.pad_token,
    )
    own.save(str(folder / "tokenizer.json"))
    settings = json.loads((folder / "tokenizer_config.json").read_bytes())
    settings["model_max_length"] = max_length
    (folder / "tokenizer_config.json").write_text(json.dumps(settings, indent=2, ensure_ascii=False) + "\n")
    return (folder / "tokenizer.json").read_text(encoding="utf-8")


def stamp(path: Path, metadata: OnnxMetadata) -> None:
    """Write `metadata` into an .onnx file."""
    # Weights beside the file stay there; the graph alone is read and written.
    model = onnx.load(path, load_external_data=False)
    del model.metadata_props[:]
    onnx.helper.set_model_props(model, metadata.properties())
    if external_files(model):
        path.write_bytes(model.SerializeToString())
    else:
        onnx.save(model, path)


@contextlib.contextmanager
def _alone(place: Path) -> Iterator[None]:
    try:
        descriptor = os.open(place.parent, os.O_RDONLY)
    except OSError as error:
        raise UserError(f"there is no folder {place.parent}", "Choose another place.") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise UserError("another export of this run is at work", "Wait for it, or stop it.") from error
    finally:
        os.close(descriptor)


def _old(place: Path) -> Path:
    return place.with_name(f".{place.name}.old")
