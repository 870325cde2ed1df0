"""A run's checkpoints on disk: which one to resume from, what they need, and the best one made the run's model."""

import json
import re
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tlworkbench import atomic
from tlworkbench.errors import UserError

STATE_FILE = "trainer_state.json"
ROWS_AT_ONCE = "rows_at_once"
"""Key in the history of a trainer's state: from here on so many rows went through the model at once."""
_NAME = re.compile(r"checkpoint-(\d+)")
_TORCH_FILES = ("optimizer.pt", "scheduler.pt", "rng_state.pth")
_NOT_MODEL = frozenset({*_TORCH_FILES, STATE_FILE, "training_args.bin", "scaler.pt"})


@dataclass(frozen=True)
class Checkpoint:
    """A complete checkpoint and how far training had come with it."""

    path: Path
    step: int
    best_step: int | None
    evaluations: tuple[dict[str, float], ...]
    """The validation figures logged until then, oldest first."""
    rows_at_once: int | None = None
    """Rows that went through the model at once, where memory had run out with as many as were asked for."""


def find_checkpoint(folder: Path) -> tuple[Checkpoint | None, list[str]]:
    """The newest complete checkpoint in `folder`, and sentences about newer ones that are damaged."""
    damaged: list[str] = []
    for step, path in sorted(_scan(folder), reverse=True):
        fault = _fault(path)
        if fault is None:
            return _read(path, step), damaged
        damaged.append(f"the checkpoint of step {step} is {fault}")
    return None, damaged


def read_checkpoint(folder: Path, step: int) -> Checkpoint:
    """One that is known to be complete."""
    return _read(folder / f"checkpoint-{step}", step)


def drop_part(folder: Path, step: int) -> None:
    """Remove what there is of a checkpoint that could not be written."""
    shutil.rmtree(folder / f"checkpoint-{step}", ignore_errors=True)


def keep_as_model(checkpoint: Path, model_dir: Path) -> None:
    """Put a checkpoint's weights, configuration and tokenizer at `model_dir`, as `put_model` does."""

    def copy(folder: Path) -> None:
        for file in checkpoint.iterdir():
            if file.name not in _NOT_MODEL:
                shutil.copyfile(file, folder / file.name)

    put_model(copy, model_dir)


def put_model(fill: Callable[[Path], None], model_dir: Path) -> None:
    """Put what `fill` writes into a folder at `model_dir`: all or nothing, replacing what is there.

    Raises UserError when the disk is full or what `fill` reads is gone.
    """
    part = model_dir.with_name(f".{model_dir.name}.part")
    old = model_dir.with_name(f".{model_dir.name}.old")
    try:
        for leftover in (part, old):
            shutil.rmtree(leftover, ignore_errors=True)
        part.mkdir(parents=True)
        fill(part)
        for file in part.iterdir():
            atomic.sync(file)
        if model_dir.exists():
            model_dir.rename(old)
        part.rename(model_dir)
        atomic.sync(model_dir.parent)
        shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        shutil.rmtree(part, ignore_errors=True)
        raise UserError(
            f"the model could not be written to {model_dir}: {error.strerror or error}",
            "Free some space, then resume the run: its checkpoints are kept.",
        ) from error


def _scan(folder: Path) -> list[tuple[int, Path]]:
    if not folder.is_dir():
        return []
    return [(int(match[1]), path) for path in folder.iterdir() if (match := _NAME.fullmatch(path.name))]


def _fault(path: Path) -> str | None:
    # The state file is the last one written, so one that isn't there means the process was killed while it saved.
    if not (path / STATE_FILE).is_file():
        return "incomplete"
    try:
        json.loads((path / STATE_FILE).read_bytes())
        weights = sorted(path.glob("*.safetensors"))
        if not weights:
            return "without weights"
        for file in weights:
            _check_safetensors(file)
        for name in _TORCH_FILES:
            with zipfile.ZipFile(path / name) as archive:
                if archive.testzip() is not None:
                    return f"damaged ({name})"
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        return f"damaged ({error})"
    return None


def _check_safetensors(file: Path) -> None:
    """Raise ValueError where the file is shorter or longer than its header says."""
    with file.open("rb") as stream:
        length = int.from_bytes(stream.read(8), "little")
        header = json.loads(stream.read(length))
    end = max((entry["data_offsets"][1] for name, entry in header.items() if name != "__metadata__"), default=0)
    if file.stat().st_size != 8 + length + end:
        raise ValueError(f"{file.name} is cut short")


def _read(path: Path, step: int) -> Checkpoint:
    state = json.loads((path / STATE_FILE).read_bytes())
    history = state.get("log_history") or []
    logged = tuple(entry for entry in history if "eval_loss" in entry)
    portions = [int(entry[ROWS_AT_ONCE]) for entry in history if ROWS_AT_ONCE in entry]
    return Checkpoint(path, step, state.get("best_global_step"), logged, portions[-1] if portions else None)
