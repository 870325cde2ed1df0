"""Several runs compared: one function behind the comparison on the screen and `tlworkbench runs --compare`."""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tlworkbench.comparison.answers import SharedAnswers, shared_answers
from tlworkbench.comparison.class_names import renamed
from tlworkbench.comparison.run_files import RunFiles, changed, read_files, stamp_of
from tlworkbench.comparison.settings import Setting, differing_machines, differing_settings
from tlworkbench.comparison.training_rows import Dataset, RowChanges, ValidationRows, row_changes, validation_rows
from tlworkbench.data.journal import Journal
from tlworkbench.data.rows import Rows
from tlworkbench.errors import UserError
from tlworkbench.jobs.folder import JobFolder, find_job, list_jobs
from tlworkbench.workspace import Workspace

MOST = 6
"""Runs that can be compared at once."""


@dataclass(frozen=True, eq=False)
class Pair:
    """One run beside the first one, the reference."""

    reference: str
    run: str
    validation: ValidationRows | None
    """None where one of the two has not kept its rows, or not begun."""
    answers: SharedAnswers | None
    no_answers: str
    """Why there are none."""
    changes: RowChanges | None
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Comparison:
    """What the folders of several runs tell beside one another; what they came to is in their states (`results`)."""

    files: tuple[RunFiles, ...]
    settings: tuple[Setting, ...]
    machines: tuple[Setting, ...]
    pairs: tuple[Pair, ...]
    """Each run but the first beside the first."""

    @property
    def comparable(self) -> bool:
        """Whether all runs that have rows were measured on the same ones, with the same labels."""
        return all(pair.validation is None or pair.validation.same for pair in self.pairs)


def chosen_runs(jobs_dir: Path, runs: Sequence[str]) -> list[JobFolder]:
    """The training runs with these numbers, or with none given the last two; raises UserError where it can't be."""
    if len(runs) > MOST:
        raise UserError(f"{len(runs)} runs are too many to compare", f"Take {MOST} at most.")
    chosen = [find_job(jobs_dir, run, "train") for run in dict.fromkeys(runs)]
    chosen = list(dict.fromkeys(chosen)) if runs else list_jobs(jobs_dir, "train")[-2:]
    if len(chosen) < 2:
        only = f"there is only {chosen[0].run}" if chosen else "there is no run yet"
        raise UserError(
            f"a comparison needs two runs, and {f'only {chosen[0].run} was named' if runs else only}",
            "Name another one: tlworkbench runs lists them." if runs else "Train another one: tlworkbench train.",
        )
    return chosen


class Comparer:
    """Compares runs of a workspace again and again, in a thread: what is still the same on disk is not read twice."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._files: dict[JobFolder, RunFiles] = {}
        self._pairs: dict[tuple[JobFolder, JobFolder], tuple[tuple[object, ...], Pair]] = {}

    def compare(self, jobs: Sequence[JobFolder]) -> Comparison:
        """Compare these, the first one being the reference."""
        files = tuple(self._read(job) for job in jobs)
        pairs = tuple(self._pair(files[0], other) for other in files[1:])
        return Comparison(files, differing_settings(files), differing_machines(files), pairs)

    def _read(self, job: JobFolder) -> RunFiles:
        known = self._files.get(job)
        if known is None or known.stamp != stamp_of(job):
            known = self._files[job] = read_files(job)
        return known

    def _pair(self, first: RunFiles, second: RunFiles) -> Pair:
        stamps, key = (first.stamp, second.stamp, changed(self._workspace.rows_file)), (first.job, second.job)
        known = self._pairs.get(key)
        if known is None or known[0] != stamps:
            known = self._pairs[key] = (stamps, _pair(self._workspace, first, second))
        return known[1]


def _pair(workspace: Workspace, first: RunFiles, second: RunFiles) -> Pair:
    names = first.job.run, second.job.run
    if first.rows is None or second.rows is None:
        missing = next(files for files in (first, second) if files.rows is None)
        why = f"{missing.job.run} has not kept which rows it used"
        return Pair(*names, None, None, why, None)
    problems: list[str] = []
    with contextlib.ExitStack() as open_files:
        rows, journal = _dataset(workspace, problems)
        if journal is not None:
            open_files.enter_context(journal)
        try:
            renaming = renamed(first.rows, second.rows, journal)
            changes = row_changes(first, second, renaming, Dataset(rows, journal) if rows and journal else None)
        except UserError as error:  # The journal is not the one that these runs began with.
            problems.append(error.what)
            renaming = renamed(first.rows, second.rows, None)
            changes = row_changes(first, second, renaming, None)
    answers, why = None, _no_answers(first, second)
    if first.answers is not None and second.answers is not None:
        answers = shared_answers(first.answers, second.answers, renaming)
        why = "" if answers is not None else "they were measured on no row in common"
    return Pair(*names, validation_rows(first.rows, second.rows, renaming), answers, why, changes, tuple(problems))


def _no_answers(first: RunFiles, second: RunFiles) -> str:
    without = [files.job.run for files in (first, second) if files.answers is None]
    return f"{' and '.join(without)} kept no answers yet: a run does when it is done" if without else ""


def _dataset(workspace: Workspace, problems: list[str]) -> tuple[Rows | None, Journal | None]:
    try:
        rows = workspace.rows()
        return rows, workspace.journal(rows)
    except UserError as error:
        problems.append(error.what)
        return None, None
