"""The export job on a workspace: which rows it takes, what it says and leaves; no second trace."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import onnx_ir
import pytest

from tests.engine.exporting.conftest import LABELS, Exported
from tlworkbench.data.run_examples import LabelledKeys, RunExamples, write_examples
from tlworkbench.engine import export, importing, onnx_graph
from tlworkbench.engine.bundle_writer import draft
from tlworkbench.engine.context import JobContext
from tlworkbench.errors import UserError
from tlworkbench.inference.report import BundleReport
from tlworkbench.jobs.events import Event, Note, Progress, decode
from tlworkbench.jobs.folder import JobFolder, create_job
from tlworkbench.jobs.spec import ExportSpec, ImportSpec, TrainSpec
from tlworkbench.workspace import Workspace, open_workspace

NOTHING = LabelledKeys(np.zeros(0, np.uint64), np.zeros(0, np.int64))


class Run:
    """A workspace with the shared rows imported and a run that left the shared model."""

    def __init__(self, root: Path, exported: Exported, validation: float) -> None:
        source = root.parent / "messages.csv"
        lines = [f"{text},{LABELS[row]}" for text, row in zip(exported.rows.texts, exported.rows.classes, strict=True)]
        source.write_text("\n".join(["text,label", *lines]) + "\n")
        self.workspace: Workspace = open_workspace(str(root), create=True)
        spec = ImportSpec(source=str(source), validation=validation)
        importing.run(JobContext(create_job(self.workspace.jobs_dir, spec)), spec)
        self.job = create_job(self.workspace.jobs_dir, TrainSpec(model="/some/folder/tiny-bert"), "tiny")
        shutil.copytree(exported.order.model_dir, self.job.model_dir)
        journal = self.workspace.journal()
        write_examples(
            self.job.path, RunExamples(journal.label_set().names, journal.version, train=NOTHING, validation=NOTHING)
        )

    def export(self, stop: bool = False, **fields: Any) -> tuple[Any, JobFolder]:
        spec = ExportSpec(run=str(self.job.number), **fields)
        job = create_job(self.workspace.jobs_dir, spec, self.job.run)
        context = JobContext(job)
        context.stop_requested = stop
        return export.run(context, spec), job


def events(job: JobFolder) -> list[Event]:
    return [event for line in job.events_file.read_bytes().splitlines() if (event := decode(line)) is not None]


@pytest.fixture
def trained(exported: Exported, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Run]:
    monkeypatch.setattr(onnx_graph, "trace", lambda *_: exported.graph())
    return lambda validation=0.4: Run(tmp_path / "workspace", exported, validation)


def test_the_job_leaves_a_proved_bundle_and_says_so(trained: Callable[..., Run]) -> None:
    run = trained()
    finished, job = run.export(proof_rows=8)
    assert finished.status == "done" and "ONNX answers as torch" in finished.what
    result = finished.result
    assert set(result) == {"run", "variants", "verdict", "parity", "default", "bundle"}
    assert result["verdict"] == "ready" and result["run"] == run.job.run
    assert result["bundle"] == str(run.job.bundle_dir) and (run.job.bundle_dir / "report.json").is_file()
    assert set(result["variants"]) == {"fp32", "int8"}
    for figures in result["variants"].values():
        assert set(figures) == {"bytes", "max_abs_diff", "agreement", "accuracy", "macro_f1", "p50_ms"}
    assert result["parity"]["max_abs_diff"] <= 1e-4 and result["parity"]["agreement"] == 1.0
    report = msgspec.json.decode((job.path / "report.json").read_bytes(), type=BundleReport)
    rows = run.workspace.rows()
    validation = int((rows.splits == rows.meta.splits.index("validation")).sum())
    assert (report.split, report.rows) == ("validation", validation) and 10 < validation < 50
    assert 8 <= report.parity.rows <= 11 and report.model == "tiny-bert"
    assert {"torch", "onnx", "onnxruntime"} <= set(report.versions)
    phases = list(dict.fromkeys(event.what for event in events(job) if isinstance(event, Progress)))
    assert phases[:4] == ["loading the model", "tracing", "checking", "comparing with torch on 8 rows"]


def test_labels_are_those_the_run_learned_by(trained: Callable[..., Run]) -> None:
    run = trained()
    first, _ = run.export()
    rows, journal = run.workspace.rows(), run.workspace.journal()
    journal.set_label([int(key) for key in rows.keys], 0, "bulk")
    again, _ = run.export()
    assert again.result["variants"]["fp32"]["accuracy"] == first.result["variants"]["fp32"]["accuracy"]


def test_training_rows_do_where_there_is_no_validation(trained: Callable[..., Run]) -> None:
    run = trained(0.0)
    _, job = run.export(proof_rows=4)
    assert [event.text for event in events(job) if isinstance(event, Note)] == [
        "there are no labelled validation rows: the proof runs on training rows"
    ]
    assert msgspec.json.decode((job.path / "report.json").read_bytes(), type=BundleReport).split == "train"


def test_a_failed_proof_leaves_its_report_in_the_job_alone(
    trained: Callable[..., Run], exported: Exported, monkeypatch: pytest.MonkeyPatch
) -> None:
    def corrupt(*_: object) -> onnx_ir.Model:
        graph = exported.graph()
        value = graph.graph.initializers["classifier.bias"]
        assert value.const_value is not None
        value.const_value = onnx_ir.tensor(value.const_value.numpy() * 2, name=value.name)
        return graph

    run = trained()
    monkeypatch.setattr(onnx_graph, "trace", corrupt)
    with pytest.raises(UserError, match="not put in place: logits differ by up to"):
        run.export()
    job = run.workspace.jobs_dir / "0003-export-0002"
    report = msgspec.json.decode((job / "report.json").read_bytes(), type=BundleReport)
    assert report.verdict == "failed" and "logits differ" in report.why
    assert not run.job.bundle_dir.exists()


def test_a_stop_is_heard(trained: Callable[..., Run]) -> None:
    run = trained()
    finished, _ = run.export(stop=True)
    assert finished.status == "stopped" and not run.job.bundle_dir.exists()


def test_a_run_without_a_model_is_refused(trained: Callable[..., Run]) -> None:
    run = trained()
    shutil.rmtree(run.job.model_dir)
    with pytest.raises(UserError, match="has no model yet"):
        run.export()


def test_rows_that_carry_none_of_its_labels_are_refused(trained: Callable[..., Run]) -> None:
    run = trained()
    journal = run.workspace.journal()
    journal.map_labels({name: f"other {name}" for name in LABELS}, "command")
    names = journal.label_set().names
    write_examples(run.job.path, RunExamples(names, journal.version, train=NOTHING, validation=NOTHING))
    with pytest.raises(UserError, match=r"carries a label that run 0002 knows \(bad, so so, good\)"):
        run.export()


def test_two_exports_of_a_run_do_not_meet(trained: Callable[..., Run]) -> None:
    run = trained()
    with draft(run.job.bundle_dir), pytest.raises(UserError, match="another export of this run"):
        run.export()


def test_what_a_killed_export_left_is_cleared(tmp_path: Path) -> None:
    (tmp_path / ".bundle.k3j2").mkdir()
    (tmp_path / ".bundle.old").mkdir()
    (tmp_path / ".bundle.old" / "report.json").write_text("the earlier one")
    with draft(tmp_path / "bundle"):
        assert (tmp_path / "bundle" / "report.json").read_text() == "the earlier one"
        assert len(list(tmp_path.iterdir())) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"]
