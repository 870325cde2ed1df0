"""Exported runs of the hand-made model, and a model whose answers a test holds back."""

import threading
from collections.abc import Sequence

from tests.inference.word_graph import LABELS, graph, metadata, write_model
from tlworkbench.inference.bundle import VARIANT_FILES
from tlworkbench.inference.classifier import Prediction
from tlworkbench.inference.report import BundleReport, ParityReport, VariantReport
from tlworkbench.jobs.folder import JobFolder, create_job
from tlworkbench.jobs.spec import TrainSpec
from tlworkbench.jobs.state import JobState, write_state
from tlworkbench.tui.screens.predict_loading import Exported, Loaded
from tlworkbench.workspace import Workspace


def variant(file: str, size: int, p50: float, macro_f1: float, agreement: float) -> VariantReport:
    return VariantReport(
        file=file, bytes=size, max_abs_diff=0.01, mean_abs_diff=0.001, agreement=agreement, accuracy=0.702,
        macro_f1=macro_f1, p50_ms=p50,
    )  # fmt: skip


def report(run: str = "0001", labels: tuple[str, ...] = LABELS, verdict: str = "ready", why: str = "") -> BundleReport:
    parity = ParityReport(
        rows=256, split="validation", comparisons=300, batch_sizes=(1, 8), traced_batch=2, shortest=2, median=4,
        longest=16, max_abs_diff=3e-6, mean_abs_diff=1e-7, agreement=1.0, ties=0, other_tokens=0, worst=(),
    )  # fmt: skip
    return BundleReport(
        run=run, created="2026-11-22T05:00:00Z", model="bundled", labels=labels, max_length=16, rows=512,
        split="validation", verdict="ready" if verdict == "ready" else "failed", why=why, parity=parity,
        variants={
            "fp32": variant(VARIANT_FILES["fp32"], 91_000_000, 5.6, 0.681, 1.0),
            "int8": variant(VARIANT_FILES["int8"], 23_000_000, 3.1, 0.679, 503 / 512),
        },
        default="int8", default_why="int8 is a quarter of the size", metrics={"majority": 0.483, "macro_f1": 0.679},
    )  # fmt: skip


def export(workspace: Workspace, name: str = "minilm") -> JobFolder:
    """A training run that ended well and has a bundle with both variants."""
    job = create_job(workspace.jobs_dir, TrainSpec(model="bundled"), name)
    write_state(job.state_file, JobState(status="done"))
    write_bundle(job)
    return job


def write_bundle(job: JobFolder) -> None:
    folder = job.bundle_dir
    write_model(folder / VARIANT_FILES["fp32"], graph(), metadata(run=job.run).properties())
    write_model(folder / VARIANT_FILES["int8"], graph(scale=2), metadata(run=job.run, variant="int8").properties())
    report(job.run).write(folder)


class HeldBack:
    """Answers once `go` is set: the label is the text's last word where that is one, else the first label."""

    def __init__(self, labels: tuple[str, ...] = LABELS) -> None:
        self.labels = labels
        self.go = threading.Event()
        self.asked: list[tuple[str, ...]] = []
        self.at_once = 0
        """Most questions that were at work at the same time."""
        self.load_seconds = 0.0
        self.loads = 0
        self.loads_at_once = 0
        self._loading = 0
        self._at_work = 0
        self._lock = threading.Lock()

    def predict(self, texts: Sequence[str], top: int = 1) -> list[Prediction]:
        with self._lock:
            self.asked.append(tuple(texts))
            self._at_work += 1
            self.at_once = max(self.at_once, self._at_work)
        assert self.go.wait(30)
        with self._lock:
            self._at_work -= 1
        return [self._answer(text) for text in texts]

    def _answer(self, text: str) -> Prediction:
        last = text.split()[-1]
        best = last if last in self.labels else self.labels[0]
        others = [label for label in self.labels if label != best]
        ranked = ((best, 0.71), *((label, 0.29 / len(others)) for label in others))
        return Prediction(text, best, 0.71, ranked)

    def load(self, exported: Exported, variant: str = "") -> Loaded:
        """Stands in for `predict_loading.load`."""
        with self._lock:
            self.loads, self._loading = self.loads + 1, self._loading + 1
            self.loads_at_once = max(self.loads_at_once, self._loading)
        threading.Event().wait(self.load_seconds)
        with self._lock:
            self._loading -= 1
        named = report(exported.run, self.labels)
        return Loaded(exported, self.labels, ("fp32", "int8"), variant or "int8", named, self)
