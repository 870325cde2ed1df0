"""Several runs compared: one function behind the comparison on the screen and `tlworkbench runs --compare`."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tlworkbench.comparison.dataset import opened
from tlworkbench.comparison.pair import Pair, set_beside
from tlworkbench.comparison.run_files import RunFiles, changed, read_files, stamp_of
from tlworkbench.comparison.settings import Setting, differing_machines, differing_settings
from tlworkbench.errors import UserError
from tlworkbench.jobs.folder import JobFolder, find_job, list_jobs
from tlworkbench.workspace import Workspace

MOST = 6
"""Runs that can be compared at once."""


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
        first, others = files[0], files[1:]
        if any(self._known_pair(first, other) is None for other in others):
            with opened(self._workspace) as (dataset, problem):
                for other in others:
                    if self._known_pair(first, other) is None:
                        pair = set_beside(first, other, dataset, problem)
                        self._pairs[first.job, other.job] = self._stamps(first, other), pair
        pairs = tuple(self._pairs[first.job, other.job][1] for other in others)
        return Comparison(files, differing_settings(files), differing_machines(files), pairs)

    def _read(self, job: JobFolder) -> RunFiles:
        known = self._files.get(job)
        if known is None or known.stamp != stamp_of(job):
            known = self._files[job] = read_files(job)
        return known

    def _known_pair(self, first: RunFiles, second: RunFiles) -> Pair | None:
        known = self._pairs.get((first.job, second.job))
        return known[1] if known is not None and known[0] == self._stamps(first, second) else None

    def _stamps(self, first: RunFiles, second: RunFiles) -> tuple[object, ...]:
        return first.stamp, second.stamp, changed(self._workspace.rows_file)
