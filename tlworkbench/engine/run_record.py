"""`run.json` in a run's folder: all that is needed to know what made a model, and what came of it."""

import platform
import time
from importlib import metadata
from pathlib import Path
from typing import Any

import msgspec

from tlworkbench import atomic
from tlworkbench.data.run_examples import RunExamples
from tlworkbench.engine.machine import describe_device, usable_cores
from tlworkbench.jobs.folder import JobFolder
from tlworkbench.jobs.spec import TrainSpec
from tlworkbench.jobs.starter import read_starter

FILE_NAME = "run.json"
MAX_LENGTH_KEY = "tlworkbench_max_length"
"""Key in a run's config.json: tokens its texts were cut at."""
WINDOWS_KEY = "tlworkbench_windows"
"""Key in a run's config.json: how longer texts are read, a table as `inference.windows.Windows` has it."""
RUN_KEY = "tlworkbench_run"
"""Key in a run's config.json: the run's number."""
_LIBRARIES = (
    "tlworkbench",
    "torch",
    "transformers",
    "peft",
    "tokenizers",
    "accelerate",
    "safetensors",
    "numpy",
    "pyarrow",
)


class SmallerPortions(msgspec.Struct, frozen=True):
    """Memory ran out: from this step on fewer rows went through the model at once."""

    step: int
    rows: int


class Probe(msgspec.Struct, frozen=True):
    """What the longest batch took when it was tried before the run."""

    rows: int
    """Rows that fit into memory at once,"""
    tokens: int
    """and how long they are, padding included."""
    seconds: float
    """Forward and backward pass of these rows."""
    step_seconds: float
    """A step's rows of average length at that speed."""
    peak_bytes: int
    """Memory at its fullest, the optimizer's share included: of the process, or of the GPU where one is used,"""
    held_bytes: int = 0
    """and what was held before, the model loaded."""


class RunRecord(msgspec.Struct, frozen=True, kw_only=True):
    """How a run was made."""

    format: int = 1
    run: str
    command: str
    """What repeats the run."""
    typed: str = ""
    """The command that asked for it, or that opened the screen it was asked for on, as it was typed."""
    spec: dict[str, Any]
    seed: int
    journal_version: int
    """State of the label journal the classes are taken from."""
    train_rows: int
    eval_rows: int
    classes: tuple[str, ...]
    max_length: int
    precision: str
    device: str
    platform: str = ""
    """Operating system, processor and C library."""
    threads: int
    versions: dict[str, str]
    smaller_portions: tuple[SmallerPortions, ...] = ()
    """The rows of a step stayed the same."""
    probe: Probe | None = None
    seconds: float = 0.0
    """Time spent on it, over all its stops."""
    result: dict[str, Any] | None = None
    """The last word of a run that is done."""


def begin_record(job: JobFolder, spec: TrainSpec, examples: RunExamples, max_length: int, precision: str) -> RunRecord:
    """Write `run.json` as the run begins, or is taken up again: what earlier processes found and spent is kept."""
    before = read_record(job.path)
    starter = read_starter(job.path)
    record = RunRecord(
        run=job.run,
        command=f"tlworkbench train {job.spec_file}",
        typed=before.typed if before else starter.typed if starter else "",
        spec=msgspec.to_builtins(spec),
        seed=spec.seed,
        journal_version=examples.journal_version,
        train_rows=len(examples.train),
        eval_rows=len(examples.validation),
        classes=examples.class_names,
        max_length=max_length,
        precision=precision,
        device=describe_device(),
        platform=platform.platform(),
        threads=usable_cores(),
        versions=library_versions(),
        smaller_portions=before.smaller_portions if before else (),
        probe=before.probe if before else None,
        seconds=before.seconds if before else 0.0,
    )
    write_record(job.path, record)
    return record


def changed_since(before: RunRecord, now: RunRecord) -> list[str]:
    """What is not as it was when a run was begun, of all that has a say in the last bits of its figures."""
    told = [
        f"{name} {then} then, {here} now"
        for name, then, here in (
            ("computed on", before.device, now.device),
            ("precision", before.precision, now.precision),
            ("threads", before.threads, now.threads),
            ("platform", before.platform, now.platform),
        )
        if then != here
    ]
    names = [name for name in now.versions if before.versions.get(name) != now.versions[name]]
    return told + [f"{name} {before.versions.get(name, 'absent')} then, {now.versions[name]} now" for name in names]


def end_record(job: JobFolder, began: float, result: dict[str, Any] | None) -> None:
    """Add the time since `began` (monotonic), and the last word of a run that is done."""
    record = read_record(job.path)
    if record is not None:
        seconds = record.seconds + time.monotonic() - began
        write_record(job.path, msgspec.structs.replace(record, seconds=seconds, result=result))


def write_record(folder: Path, record: RunRecord) -> None:
    """Replace the record."""
    atomic.write_bytes(folder / FILE_NAME, msgspec.json.format(msgspec.json.encode(record)))


def read_record(folder: Path) -> RunRecord | None:
    """The record; None where the run has not begun, or its record is damaged (it can be made again)."""
    try:
        return msgspec.json.decode((folder / FILE_NAME).read_bytes(), type=RunRecord)
    except (OSError, msgspec.DecodeError):
        return None


def note_probe(folder: Path, probe: Probe) -> None:
    """Add to the record what the longest batch took."""
    record = read_record(folder)
    if record is not None:
        write_record(folder, msgspec.structs.replace(record, probe=probe))


def note_smaller_portions(folder: Path, step: int, rows: int) -> None:
    """Add to the record that memory ran out."""
    record = read_record(folder)
    if record is not None:
        # What a process that was killed had found out is found out again.
        before = tuple(one for one in record.smaller_portions if one.step <= step and one.rows > rows)
        changed = msgspec.structs.replace(record, smaller_portions=(*before, SmallerPortions(step, rows)))
        write_record(folder, changed)


def library_versions() -> dict[str, str]:
    """Versions of Python and of what has a say in the figures."""
    versions = {"python": platform.python_version()}
    for name in _LIBRARIES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return versions
