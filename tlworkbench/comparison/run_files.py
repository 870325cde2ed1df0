"""What a training run's folder holds besides its events: settings, rows, answers, bundle. What is damaged is said."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import numpy as np
import pyarrow as pa

from tlworkbench.comparison.row_sets import Ints, Keys, RowClasses
from tlworkbench.data import run_examples
from tlworkbench.data.predictions import FILE_NAME as PREDICTIONS
from tlworkbench.data.run_examples import read_examples
from tlworkbench.errors import UserError
from tlworkbench.inference.report import FILE as REPORT
from tlworkbench.inference.report import BundleReport, read_report
from tlworkbench.jobs.folder import JobFolder
from tlworkbench.jobs.spec import TrainSpec

RECORD = "run.json"
T = TypeVar("T")


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """What `run.json` tells of the machine a run was made on; other fields of it are passed over."""

    device: str = ""
    threads: int = 0
    precision: str = ""
    max_length: int = 0
    versions: dict[str, str] = {}


@dataclass(frozen=True, eq=False)
class RunRows:
    """The rows a run learned from and was measured on, with the classes they had then."""

    class_names: tuple[str, ...]
    journal_version: int
    train: RowClasses
    validation: RowClasses


@dataclass(frozen=True, eq=False)
class RunAnswers:
    """A run's answers to its validation rows; `keys` ascend."""

    class_names: tuple[str, ...]
    keys: Keys
    truth: Ints
    answers: Ints


@dataclass(frozen=True, eq=False)
class RunFiles:
    """A run as its folder tells of it; None for what is not there, or not to be read."""

    job: JobFolder
    spec: TrainSpec | None = None
    made: Made | None = None
    rows: RunRows | None = None
    answers: RunAnswers | None = None
    report: BundleReport | None = None
    problems: tuple[str, ...] = ()
    """What of it could not be read, one sentence each."""
    stamp: tuple[object, ...] = field(default=())


def stamp_of(job: JobFolder) -> tuple[object, ...]:
    """Differs when one of the files that `read_files` reads was replaced."""
    files = (job.spec_file, *(job.path / name for name in (RECORD, run_examples.FILE_NAME, PREDICTIONS)))
    return tuple(map(changed, (*files, job.bundle_dir / REPORT)))


def read_files(job: JobFolder) -> RunFiles:
    """Read a run's folder; raises nothing for what is missing or damaged, see `RunFiles.problems`."""
    stamp = stamp_of(job)
    problems: list[str] = []
    return RunFiles(
        job=job,
        spec=_tried(lambda: _spec(job), problems),
        made=_tried(lambda: _made(job.path), problems),
        rows=_tried(lambda: _rows(job.path), problems),
        answers=_tried(lambda: _answers(job.path), problems),
        report=_tried(lambda: read_report(job.bundle_dir), problems),
        problems=tuple(problems),
        stamp=stamp,
    )


def _tried(read: Callable[[], T | None], problems: list[str]) -> T | None:
    try:
        return read()
    except UserError as error:
        problems.append(error.what)
    except OSError as error:
        problems.append(f"{Path(error.filename or '').name or 'a file'} can't be read: {error.strerror}")
    return None


def changed(path: Path) -> tuple[int, int, int] | None:
    """Differs when a file was replaced; None where there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns, status.st_size


def _spec(job: JobFolder) -> TrainSpec | None:
    spec = job.spec()
    return spec if isinstance(spec, TrainSpec) else None


def _made(folder: Path) -> Made | None:
    try:
        return msgspec.json.decode((folder / RECORD).read_bytes(), type=Made)
    except FileNotFoundError:
        return None
    except msgspec.DecodeError as error:
        raise _damaged(RECORD, error) from error


def _rows(folder: Path) -> RunRows | None:
    try:
        read = read_examples(folder)
    except UserError as error:
        # Its own words are for someone who wants to go on training.
        raise _damaged(run_examples.FILE_NAME, error.__cause__ or error) from error
    if read is None:
        return None
    for part in (read.train, read.validation):
        if len(part) and not 0 <= int(part.classes.min()) <= int(part.classes.max()) < len(read.class_names):
            raise _damaged(run_examples.FILE_NAME, "it names a class that it doesn't have")
    train, validation = (RowClasses.of(part.keys, part.classes) for part in (read.train, read.validation))
    return RunRows(read.class_names, read.journal_version, train, validation)


def _answers(folder: Path) -> RunAnswers | None:
    try:
        with pa.memory_map(str(folder / PREDICTIONS)) as source:
            table: Any = pa.ipc.open_file(source).read_all()
        table.validate(full=True)
        keys = np.array(table.column("key").to_numpy(), np.uint64)
        truth, answers = (table.column(name).unify_dictionaries().combine_chunks() for name in ("class", "answer"))
        names = tuple(dict.fromkeys([*truth.dictionary.to_pylist(), *answers.dictionary.to_pylist()]))
        order = np.argsort(keys, kind="stable")
        return RunAnswers(names, keys[order], _places(truth, names)[order], _places(answers, names)[order])
    except FileNotFoundError:
        return None
    except (pa.ArrowException, KeyError, AttributeError, TypeError, ValueError) as error:
        raise _damaged(PREDICTIONS, error) from error


def _places(column: Any, names: tuple[str, ...]) -> Ints:
    if column.null_count:
        raise ValueError("it has rows without a class")
    places = np.array([names.index(name) for name in column.dictionary.to_pylist()], np.int64)
    return places[np.array(column.indices.to_numpy(zero_copy_only=False), np.int64)]


def _damaged(name: str, why: object) -> UserError:
    return UserError(f"{name} is damaged: {why}", "Train the run again.")
