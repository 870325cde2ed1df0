"""Baselines that were measured: those a run begins with in its folder, and in the workspace those of a model.

The workspace's are found again by the model's files, the rows and labels they were measured on, and the settings that
have a say: an edit of any of these rows makes other ones, an edit of others doesn't.
"""

import contextlib
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from tlworkbench import atomic
from tlworkbench.data.run_examples import LabelledKeys, RunExamples
from tlworkbench.engine.model_identity import model_identity
from tlworkbench.errors import UserError
from tlworkbench.jobs.events import Baseline
from tlworkbench.jobs.spec import TrainSpec

FILE_NAME = "baselines.json"
"""In a run's folder: what its figures are held against."""
FOLDER = "baselines"
"""In a workspace."""
_FORMAT = 1


class _Kept(msgspec.Struct, frozen=True, kw_only=True):
    format: int = _FORMAT
    model: str
    journal_version: int
    train: str = ""
    """Which training rows the head learned from."""
    lines: tuple[Baseline, ...] = ()


@dataclass(frozen=True)
class Place:
    """Where the baselines of a model on some validation rows are remembered."""

    file: Path
    train: str
    """Digest of the training rows and of what else decides about the head."""
    model: str
    journal_version: int


def place_of(workspace: Path, source: Path, spec: TrainSpec, examples: RunExamples) -> Place:
    """The place for a run with these settings and rows on the checkpoint at `source`."""
    read = f"windows {spec.window_stride} {spec.max_windows}" if spec.long_texts == "windows" else "cut"
    identity = model_identity(source, f"baselines {_FORMAT} {spec.precision} {read}", spec.max_length)
    rows = _digest(identity, *examples.class_names, examples.validation)
    train = _digest(spec.metric, str(spec.class_weights), examples.train)
    return Place(workspace / FOLDER / f"{rows}.json", train, spec.model, examples.journal_version)


def recall(place: Place) -> tuple[Baseline, ...]:
    """What was measured there; a head that learned from other training rows says so."""
    kept = _read(place.file)
    if kept is None:
        return ()
    if kept.train == place.train:
        return kept.lines
    return tuple(
        msgspec.structs.replace(line, words=f"{line.words} of another draw") if line.name == "head" else line
        for line in kept.lines
    )


def knows_head(place: Place) -> bool:
    """Whether the head was fitted there to the very same training rows."""
    kept = _read(place.file)
    return kept is not None and kept.train == place.train and any(line.name == "head" for line in kept.lines)


def remember(place: Place, line: Baseline) -> None:
    """Keep a baseline for later runs; a disk that is full only costs the time to measure it again."""
    kept = _read(place.file) or _Kept(model=place.model, journal_version=place.journal_version)
    train = place.train if line.name == "head" else kept.train
    changed = _Kept(
        model=place.model,
        journal_version=place.journal_version,
        train=train,
        lines=(*(other for other in kept.lines if other.name != line.name), line),
    )
    with contextlib.suppress(OSError, UserError):
        place.file.parent.mkdir(parents=True, exist_ok=True)
        atomic.write_bytes(place.file, msgspec.json.format(msgspec.json.encode(changed)))


def read_lines(folder: Path) -> tuple[Baseline, ...]:
    """The baselines in a run's folder; none where it has not begun, or the file is damaged."""
    try:
        return msgspec.json.decode((folder / FILE_NAME).read_bytes(), type=tuple[Baseline, ...])
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return ()


def write_lines(folder: Path, lines: Sequence[Baseline]) -> None:
    """Keep them in a run's folder."""
    atomic.write_bytes(folder / FILE_NAME, msgspec.json.format(msgspec.json.encode(tuple(lines))))


def as_result(lines: Sequence[Baseline]) -> list[dict[str, Any]]:
    """Baselines as a command's `--json` tells them."""
    return [
        {
            "name": line.name,
            "accuracy": line.accuracy,
            "macro_f1": line.macro_f1,
            "loss": line.loss,
            "words": line.words,
        }
        for line in lines
    ]


def _read(file: Path) -> _Kept | None:
    try:
        kept = msgspec.json.decode(file.read_bytes(), type=_Kept)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None
    return kept if kept.format == _FORMAT else None


def _digest(*parts: "str | LabelledKeys") -> str:
    found = hashlib.sha256()
    for part in parts:
        if isinstance(part, str):
            found.update(f"{len(part)} {part}\n".encode())
        else:
            # In whichever order they were drawn.
            order = np.argsort(part.keys)
            found.update(part.keys[order].tobytes() + part.classes[order].tobytes())
    return found.hexdigest()[:32]
