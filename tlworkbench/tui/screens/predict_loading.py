"""From a run's number to a classifier that answers; all of it reads files, so it is called in threads."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from tlworkbench.errors import UserError
from tlworkbench.inference.report import FILE, BundleReport, read_report
from tlworkbench.jobs.choose import exported_run, has_bundle
from tlworkbench.jobs.folder import JobFolder, list_jobs

if TYPE_CHECKING:
    from tlworkbench.inference.classifier import Classifier, Prediction


class Answering(Protocol):
    """What Predict asks of a classifier."""

    def predict(self, texts: Sequence[str], top: int = 1) -> "list[Prediction]":
        """The answers to `texts`."""


@dataclass(frozen=True)
class Exported:
    """A run that has a bundle."""

    run: str
    folder: Path
    stamp: int
    """When its bundle was made, in nanoseconds: another number means another bundle."""


@dataclass(frozen=True)
class Loaded:
    """A bundle with one variant of it at work."""

    exported: Exported
    labels: tuple[str, ...]
    variants: tuple[str, ...]
    variant: str
    report: BundleReport | None
    classifier: Answering

    @property
    def run(self) -> str:
        """Number of the run."""
        return self.exported.run


def find_exported(jobs_dir: Path, run: str) -> Exported:
    """The run with that number, the latest exported one where it is empty; raises UserError in a screen's words."""
    try:
        return _exported(exported_run(jobs_dir, run or None))
    except UserError as error:
        if run:
            raise UserError(f"{error.what}", "Press r to take another run.") from error
        raise UserError("no run is exported yet", "Train one (g t, then s) and export it there (e).") from error


def exported_runs(jobs_dir: Path) -> tuple[tuple[Exported, BundleReport | None], ...]:
    """All runs that have a bundle, latest first, with their reports; None for a damaged one."""
    jobs = reversed(list_jobs(jobs_dir, "train"))
    return tuple((_exported(job), _report(job)) for job in jobs if has_bundle(job))


def load(exported: Exported, variant: str = "") -> Loaded:
    """Load a variant of a run's bundle, its default one where `variant` is empty or not in it. Raises UserError."""
    from tlworkbench.inference.bundle import Bundle
    from tlworkbench.inference.classifier import Classifier

    try:
        bundle = Bundle.load(exported.folder)
        classifier = Classifier(bundle, variant if variant in bundle.variants else None)
    except UserError as error:
        # The workspace's own path says nothing here, and is longer than the line.
        what = error.what.replace(f"{exported.folder.parent}/", f"run {exported.run}: ")
        raise UserError(what, f"{error.hint} Or press r to take another run.") from error
    # The first answer takes several times as long as the next ones; nobody has to wait for it.
    classifier.predict(["hello"])
    return Loaded(exported, bundle.labels, tuple(bundle.variants), classifier.variant, bundle.report, classifier)


def predict_into(
    loaded: Loaded,
    source: Path,
    target: Path,
    column: str,
    progress: Callable[[int, int], None],
    cancelled: Callable[[], bool],
) -> int | None:
    """Predict a file into a file; the number of rows, or None where it was cancelled. Raises UserError."""
    from tlworkbench.inference.batch_file import Cancelled, predict_file

    try:
        return predict_file(
            cast("Classifier", loaded.classifier), source, target, column=column, progress=progress, cancelled=cancelled
        )
    except Cancelled:
        return None


def _exported(job: JobFolder) -> Exported:
    return Exported(job.run, job.bundle_dir, (job.bundle_dir / FILE).stat().st_mtime_ns)


def _report(job: JobFolder) -> BundleReport | None:
    try:
        return read_report(job.bundle_dir)
    except UserError:
        return None
