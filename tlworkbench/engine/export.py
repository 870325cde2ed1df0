"""`export`: a training run as a proved ONNX bundle in the run's folder."""

import logging
import time
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from tlworkbench.data.run_examples import read_examples
from tlworkbench.data.trainable import split_examples
from tlworkbench.engine.choice import labelling_at, listed
from tlworkbench.engine.context import JobContext
from tlworkbench.engine.onnx_measure import LabelledTexts
from tlworkbench.engine.run_record import library_versions
from tlworkbench.engine.stopping import Stopped
from tlworkbench.errors import UserError
from tlworkbench.inference.report import BundleReport
from tlworkbench.jobs.choose import trained_run
from tlworkbench.jobs.events import Finished
from tlworkbench.jobs.folder import JobFolder
from tlworkbench.jobs.spec import ExportSpec, TrainSpec
from tlworkbench.workspace import open_workspace

MEASURED_ROWS = 2000
"""Rows, at most, that variants are measured on: enough for half a point of accuracy."""
_TOLD_EVERY = 0.5
_TALKATIVE = ("onnx_ir", "onnxscript")
"""They log every node they pass by."""


def run(context: JobContext, spec: ExportSpec) -> Finished:
    """Run the job; see `ExportSpec`. The bundle appears in the run's folder only when it is proved.

    Leaves report.json in the job's folder too, also when the proof fails. Raises UserError for a run without a model,
    for a model that can't be traced, and for a graph that doesn't answer as torch does.
    """
    trained = trained_run(context.job.path.parent, spec.run)
    context.progress("loading the model", 0)
    # Only now torch, which takes seconds.
    from tlworkbench.engine.onnx_export import ExportOrder, NotProvedError, export_bundle

    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    order = ExportOrder(
        run=trained.run,
        model=_started_from(trained),
        model_dir=trained.model_dir,
        place=trained.bundle_dir,
        variants=spec.variants,
        proof_rows=spec.proof_rows,
        versions={**library_versions(), **_more_versions()},
    )
    try:
        report = export_bundle(order, labelled_texts(context, trained, spec.proof_rows), _telling(context))
    except NotProvedError as error:
        error.report.write(context.job.path)
        raise
    except Stopped:
        return Finished(status="stopped", what="stopped; an earlier bundle stays as it was")
    report.write(context.job.path)
    return context.done(_sentence(report), **_result(report, trained.bundle_dir))


def labelled_texts(context: JobContext, trained: JobFolder, at_least: int) -> LabelledTexts:
    """Validation rows with the labels the run learned by, training rows where there are none; drawn by seed."""
    from tlworkbench.engine.label_matching import label_names

    workspace = open_workspace(str(context.workspace))
    rows = workspace.rows()
    chosen = read_examples(trained.path)
    labelling = labelling_at(workspace, rows, chosen.journal_version if chosen else None)
    outputs = label_names(trained.model_dir)
    for split in ("validation", "train"):
        drawn = split_examples(rows, labelling, split, max(MEASURED_ROWS, at_least), seed=7)
        known = np.array([outputs.index(name) if name in outputs else -1 for name in drawn.class_names], np.int64)
        classes = known[drawn.classes] if len(drawn.classes) else drawn.classes
        if (classes >= 0).any():
            if split == "train":
                context.note("there are no labelled validation rows: the proof runs on training rows", warning=True)
            return LabelledTexts(rows.texts(drawn.indices[classes >= 0].tolist()), classes[classes >= 0], split)
    raise UserError(
        f"no row of this dataset carries a label that run {trained.run} knows ({listed(outputs)})",
        "Open the source the run was trained on.",
    )


def _started_from(trained: JobFolder) -> str:
    training = trained.spec()
    model = training.model if isinstance(training, TrainSpec) else ""
    # The bundle goes to other people: a folder's name, not where it lies on this machine.
    return Path(model).name if Path(model).is_absolute() else model


def _telling(context: JobContext) -> Callable[[str, int, int], None]:
    said, said_at = "", 0.0

    def told(what: str, done: int, total: int) -> None:
        nonlocal said, said_at
        if context.stop_requested:
            raise Stopped
        now = time.monotonic()
        if what != said or now - said_at >= _TOLD_EVERY:
            said, said_at = what, now
            context.progress(what, done, total)

    return told


def _sentence(report: BundleReport) -> str:
    made = report.variants[report.default]
    return (
        f"ONNX answers as torch on {report.parity.rows} rows (largest difference {report.parity.max_abs_diff:.1e}); "
        f"default {report.default}: {made.bytes / 1e6:.0f} MB, {made.p50_ms:.1f} ms a text"
    )


def _result(report: BundleReport, place: Path) -> dict[str, Any]:
    figures = ("bytes", "max_abs_diff", "agreement", "accuracy", "macro_f1", "p50_ms")
    return {
        "run": report.run,
        "variants": {
            name: {figure: getattr(made, figure) for figure in figures} for name, made in report.variants.items()
        },
        "verdict": report.verdict,
        "parity": {
            "max_abs_diff": report.parity.max_abs_diff,
            "agreement": report.parity.agreement,
            "rows": report.parity.rows,
        },
        "default": report.default,
        "bundle": str(place),
    }


def _more_versions() -> dict[str, str]:
    return {name: metadata.version(name) for name in ("onnx", "onnxscript", "onnxruntime")}
