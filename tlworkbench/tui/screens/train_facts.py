"""What a run's folder says besides its events; read in threads."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from textual.message import Message

from tlworkbench.errors import UserError
from tlworkbench.inference.report import BundleReport, read_report
from tlworkbench.jobs.choose import has_model
from tlworkbench.jobs.folder import JobFolder
from tlworkbench.jobs.spec import BaselineSpec, ExportSpec, TrainSpec

PREDICTIONS = "predictions.arrow"
"""The best weights' answers to the validation rows, in the folder of a run that is done."""


@dataclass(frozen=True)
class RunFacts:
    """A training run's settings and what came of it."""

    model: str = ""
    spec: TrainSpec | None = None
    """None where its job.toml can't be read."""
    toml: str = ""
    """Its job.toml."""
    has_model: bool = False
    has_answers: bool = False
    """Whether its answers to the validation rows were kept."""
    report: BundleReport | None = None
    """Of its bundle, if it was exported."""
    problem: str = ""
    """What of it could not be read."""


@dataclass
class FactsRead(Message, bubble=False):
    """Folders were read: training runs by job, exports by job as the number of the run they are of, and baselines."""

    runs: dict[JobFolder, RunFacts]
    exports: dict[JobFolder, str]
    baselines: dict[JobFolder, TrainSpec]
    """What runs they were measured for."""


def read_facts(jobs: Iterable[JobFolder]) -> FactsRead:
    """Read the folders of training runs, exports and baselines."""
    found = FactsRead({}, {}, {})
    for job in jobs:
        if job.kind == "train":
            found.runs[job] = _run_facts(job)
        else:
            try:
                spec = job.spec()
            except UserError:
                continue
            if isinstance(spec, BaselineSpec):
                found.baselines[job] = spec.run
            if isinstance(spec, ExportSpec):
                found.exports[job] = f"{int(spec.run):04d}" if spec.run.isdecimal() else spec.run
    return found


def rows_of_cell(job: JobFolder, true: str, answer: str) -> list[int]:
    """Keys of the validation rows of class `true` that a run's best weights answered with `answer`.

    Raises UserError for a run that has no answers yet.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    path = job.path / PREDICTIONS
    if not path.is_file():
        raise UserError(f"{job.run} has kept no answers yet", "It does once it is done; enter shows them then.")
    try:
        with pa.memory_map(str(path)) as source:
            table: Any = pa.ipc.open_file(source).read_all()
        wanted = pc.and_(
            pc.equal(table["class"].cast(pa.string()), true), pc.equal(table["answer"].cast(pa.string()), answer)
        )
        return [int(key) for key in table["key"].filter(wanted).to_pylist()]
    except (OSError, pa.ArrowException, KeyError) as error:
        raise UserError(f"{path} is damaged: {error}", "Train the run again.") from error


def _run_facts(job: JobFolder) -> RunFacts:
    problem, spec = "", None
    try:
        read = job.spec()
        spec = read if isinstance(read, TrainSpec) else None
    except UserError as error:
        problem = error.what
    try:
        report = read_report(job.bundle_dir)
    except UserError as error:
        report, problem = None, error.what
    return RunFacts(
        model=spec.model if spec else "",
        spec=spec,
        toml=_text(job),
        has_model=has_model(job),
        has_answers=(job.path / PREDICTIONS).is_file(),
        report=report,
        problem=problem,
    )


def _text(job: JobFolder) -> str:
    try:
        return job.spec_file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
