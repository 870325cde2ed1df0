"""From a trained model's folder to a proved bundle. Knows no job and no dataset: texts and classes are given."""

import gc
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import numpy as np
import onnx

from tlworkbench.engine import onnx_graph
from tlworkbench.engine.bundle_card import model_card
from tlworkbench.engine.bundle_writer import draft, put_in_place, stamp, write_model_files
from tlworkbench.engine.onnx_measure import LabelledTexts, measure
from tlworkbench.engine.onnx_proof import objection, prove
from tlworkbench.engine.onnx_reference import TorchReference
from tlworkbench.engine.onnx_variants import MAKERS, choose_default
from tlworkbench.errors import UserError
from tlworkbench.inference.bundle import VARIANT_FILES, Bundle
from tlworkbench.inference.classifier import Classifier
from tlworkbench.inference.onnx_metadata import OnnxMetadata
from tlworkbench.inference.report import BundleReport, ParityReport

_TRACED = ("a text to trace with", "another one, which is somewhat longer than that", "short")
"""Of different lengths, so that the trace sees padding; no matter what they say."""

Told = Callable[[str, int, int], None]
"""Hears what is being done, how much of it is done and how much there is; may raise to leave."""


@dataclass(frozen=True)
class ExportOrder:
    """What to export and where to."""

    run: str
    model: str
    """What the run started from, for the report."""
    model_dir: Path
    place: Path
    """The bundle's folder."""
    variants: tuple[str, ...] = ("fp32", "int8")
    proof_rows: int = 256
    seed: int = 7
    versions: dict[str, str] = field(default_factory=dict)


class NotProvedError(UserError):
    """The exported graph does not answer as the trained model does; `report` says where."""

    def __init__(self, report: BundleReport) -> None:
        super().__init__(
            f"the export of run {report.run} is not put in place: {report.why}",
            "The worst rows are in report.json of the export's job folder; an earlier bundle stays as it was.",
        )
        self.report = report


def export_bundle(order: ExportOrder, rows: LabelledTexts, told: Told) -> BundleReport:
    """Trace, check, prove, derive the variants, measure them, and put the bundle in place.

    Raises NotProvedError where torch and ONNX differ, and UserError where the model can't be exported; what was at
    `order.place` before then stays.
    """
    with draft(order.place) as folder:
        try:
            report = _build(order, rows, folder, told)
            told("putting it in place", 0, 0)
            put_in_place(folder, order.place)
        except OSError as error:
            raise UserError(
                f"the bundle could not be written to {folder.parent}: {error.strerror or error}",
                "Free some space or check the folder's rights.",
            ) from error
    return report


def _build(order: ExportOrder, rows: LabelledTexts, folder: Path, told: Told) -> BundleReport:
    metadata = _trace(order, folder, told)
    file = folder / VARIANT_FILES["fp32"]
    told("checking", 0, 0)
    _check(file)
    exact = Classifier(Bundle.load(file))
    report = BundleReport(
        run=order.run,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        model=order.model,
        labels=metadata.labels,
        max_length=metadata.max_length,
        windows=metadata.windows,
        rows=len(rows.texts),
        split=rows.split,
        verdict="ready",
        parity=_compare(order, rows, exact, told),
        versions=order.versions,
    )
    if why := objection(report.parity):
        raise NotProvedError(msgspec.structs.replace(report, verdict="failed", why=why))
    inputs = exact.inputs
    del exact
    report = _with_variants(order, report, rows, metadata, folder, told)
    (folder / "README.md").write_text(model_card(report, inputs), encoding="utf-8")
    report.write(folder)
    return report


def _trace(order: ExportOrder, folder: Path, told: Told) -> OnnxMetadata:
    told("loading the model", 0, 0)
    source = TorchReference(order.model_dir, f"run {order.run}")
    metadata = OnnxMetadata(
        labels=source.labels,
        max_length=source.max_length,
        windows=source.windows,
        tokenizer=write_model_files(order.model_dir, source.tokenizer, source.max_length, source.windows, folder),
        run=order.run,
        model=order.model,
    )
    told("tracing", 0, 0)
    graph = onnx_graph.trace(source.model, source.inputs(_TRACED))
    onnx_graph.save(graph, folder / VARIANT_FILES["fp32"], metadata.properties())
    return metadata


def _check(file: Path) -> None:
    try:
        onnx.checker.check_model(str(file), full_check=True)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
        first_line = str(error).strip().split("\n")[0][:300]
        raise UserError(f"the traced graph is not valid ONNX: {first_line}", "Try another model.") from error


def _compare(order: ExportOrder, rows: LabelledTexts, exact: Classifier, told: Told) -> ParityReport:
    gc.collect()  # A traced model and its graph hold on to each other.
    # Loaded anew: what the tracer did to the model must not be in what it is compared with.
    reference = TorchReference(order.model_dir, f"run {order.run}")
    what = f"comparing with torch on {min(order.proof_rows, len(rows.texts))} rows"
    return prove(
        reference,
        exact,
        rows.texts,
        order.proof_rows,
        split=rows.split,
        traced_batch=len(_TRACED),
        seed=order.seed,
        done=lambda done, total: told(what, done, total),
    )


def _with_variants(
    order: ExportOrder,
    report: BundleReport,
    rows: LabelledTexts,
    metadata: OnnxMetadata,
    folder: Path,
    told: Told,
) -> BundleReport:
    source = folder / VARIANT_FILES["fp32"]
    for name in order.variants:
        if name in MAKERS:
            told(MAKERS[name].doing, 0, 0)
            made = folder / VARIANT_FILES[name]
            MAKERS[name].make(source, made)
            stamp(made, msgspec.structs.replace(metadata, variant=name))
    bundle = Bundle.load(folder)
    exact, logits = measure(Classifier(bundle, "fp32"), rows, report.parity, _measuring("fp32", told))
    variants = {"fp32": exact}
    for name in bundle.variants:
        if name != "fp32":
            variants[name], _ = measure(Classifier(bundle, name), rows, logits, _measuring(name, told))
    default, why = choose_default(variants)
    return msgspec.structs.replace(
        report,
        variants=variants,
        default=default,
        default_why=why,
        metrics={
            "accuracy": variants[default].accuracy,
            "macro_f1": variants[default].macro_f1,
            "majority": float(np.bincount(rows.classes).max() / len(rows.classes)),
        },
    )


def _measuring(name: str, told: Told) -> Callable[[int, int], None]:
    return lambda done, total: told(f"measuring {name}", done, total)
