"""An export from a model's folder to a bundle: what it leaves, what it proves, and what it refuses."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import onnx_ir
import pytest
import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from tests.engine.exporting.conftest import LABELS, MAX_LENGTH, Exported
from tlworkbench.engine import bundle_writer, onnx_export, onnx_graph
from tlworkbench.engine.onnx_export import ExportOrder, NotProvedError, export_bundle
from tlworkbench.engine.stopping import Stopped
from tlworkbench.errors import UserError
from tlworkbench.inference.bundle import Bundle
from tlworkbench.inference.classifier import Classifier
from tlworkbench.inference.report import read_report

CHANGE = np.array([0, 0.003, 0], np.float32)
Again = Callable[..., ExportOrder]


def silent(what: str, done: int, total: int) -> None:
    pass


def earlier_bundle_stands(order: ExportOrder) -> bool:
    """The bundle that was there is untouched, and no draft is left beside it."""
    return (order.place / "README.md").read_text() == "the earlier one" and list(order.place.parent.iterdir()) == [
        order.place
    ]


def test_a_bundle_has_all_its_files(exported: Exported) -> None:
    files = {str(path.relative_to(exported.bundle)) for path in exported.bundle.rglob("*") if path.is_file()}
    assert files == {
        "README.md",
        "config.json",
        "onnx/model.onnx",
        "onnx/model_quantized.onnx",
        "report.json",
        "tokenizer.json",
        "tokenizer_config.json",
    }
    assert [path.name for path in exported.bundle.parent.iterdir() if path.name.startswith(".")] == []


def test_the_proof_covers_sizes_and_lengths(exported: Exported) -> None:
    parity = exported.report.parity
    assert exported.report.verdict == "ready" and exported.report.why == ""
    assert parity.max_abs_diff <= 1e-4 and parity.agreement == 1.0 and parity.other_tokens == 0
    assert 50 <= parity.rows <= 53
    assert set(parity.batch_sizes) >= {1, 2, 7, 32} and max(parity.batch_sizes) > parity.traced_batch
    assert parity.shortest < parity.median < parity.longest == MAX_LENGTH
    assert len(parity.worst) == 10


def test_the_report_prices_each_variant(exported: Exported) -> None:
    report = exported.report
    assert report == read_report(exported.bundle)
    fp32, int8 = report.variants["fp32"], report.variants["int8"]
    assert fp32.accuracy == pytest.approx(0.9), "every tenth row was labelled otherwise"
    assert fp32.bytes == (exported.bundle / fp32.file).stat().st_size
    assert 0 < int8.max_abs_diff < 1 and int8.agreement > 0.9
    assert fp32.p50_ms > 0 and int8.p50_ms > 0
    assert report.metrics["accuracy"] == report.variants[report.default].accuracy
    assert (report.labels, report.max_length, report.rows) == (LABELS, MAX_LENGTH, 60)


def test_phases_are_told_in_their_order(exported: Exported) -> None:
    phases = list(dict.fromkeys(what for what, _, _ in exported.told))
    assert phases == [
        "loading the model",
        "tracing",
        "checking",
        "comparing with torch on 50 rows",
        "quantising",
        "measuring fp32",
        "measuring int8",
        "putting it in place",
    ]
    measured = [(done, total) for what, done, total in exported.told if what == "measuring fp32"]
    assert measured[-1] == (60, 60)


def test_the_file_alone_answers_as_transformers(exported: Exported, tmp_path: Path) -> None:
    """Not through the export's own comparison: other texts, other sizes, the file in an empty folder."""
    alone = tmp_path / "alone.onnx"
    shutil.copy(exported.bundle / "onnx" / "model.onnx", alone)
    classifier = Classifier(Bundle.load(alone))
    model = AutoModelForSequenceClassification.from_pretrained(exported.order.model_dir).eval()
    tokenizer = AutoTokenizer.from_pretrained(exported.order.model_dir)
    for size, words in ((1, 1), (5, 3), (40, 9), (3, 200)):
        texts = [f"thanks my {'lovely broken order ' * words} {number}" for number in range(size)]
        encoded = tokenizer(texts, padding=True, truncation=True, max_length=MAX_LENGTH, return_tensors="pt")
        with torch.no_grad():
            expected = model(**encoded).logits.numpy()
        np.testing.assert_allclose(classifier.logits(texts), expected, atol=1e-4)
        labels = [LABELS[row] for row in expected.argmax(axis=1)]
        assert [prediction.label for prediction in classifier.predict(texts)] == labels


def test_the_files_are_portable_onnx(exported: Exported) -> None:
    for file, quantized in (("model.onnx", False), ("model_quantized.onnx", True)):
        path = exported.bundle / "onnx" / file
        onnx.checker.check_model(str(path), full_check=True)
        model = onnx.load(path)
        assert {opset.domain for opset in model.opset_import} <= {"", "ai.onnx.ml"} | (
            {"com.microsoft"} if quantized else set()
        )
        assert any(node.op_type == "DynamicQuantizeLinear" for node in model.graph.node) == quantized
        assert b"site-packages" not in path.read_bytes(), "no folder of this machine goes along"
        for value in model.graph.input:
            assert [dim.dim_param for dim in value.type.tensor_type.shape.dim] == ["batch", "sequence"]


def test_transformers_reads_the_bundles_tokenizer(exported: Exported) -> None:
    texts = [*exported.rows.texts[:5], "thanks " * 100]
    tokenizer = AutoTokenizer.from_pretrained(exported.bundle)
    expected = AutoTokenizer.from_pretrained(exported.order.model_dir)
    assert tokenizer.model_max_length == MAX_LENGTH
    assert (
        tokenizer(texts, truncation=True)["input_ids"]
        == expected(texts, truncation=True, max_length=MAX_LENGTH)["input_ids"]
    )
    assert list(json.loads((exported.bundle / "config.json").read_text())["id2label"].values()) == list(LABELS)


def test_the_lines_of_the_model_card_run(exported: Exported) -> None:
    card = (exported.bundle / "README.md").read_text()
    found = re.search(r"```python\n(.*?)```", card, re.DOTALL)
    assert found and "tokenizer.json" in card and "| int8 |" in card
    child = subprocess.run(
        [sys.executable, "-c", found[1]], cwd=exported.bundle, capture_output=True, text=True, timeout=60
    )
    assert child.returncode == 0, child.stderr
    classifier = Classifier(Bundle.load(exported.bundle))
    answers = classifier.predict(["a first text", "another, somewhat longer text"])
    assert child.stdout.strip() == str([answer.label for answer in answers])


def test_a_graph_with_other_weights_is_not_put_in_place(again: Again, exported: Exported) -> None:
    def corrupt(graph: onnx_ir.Model) -> None:
        value = graph.graph.initializers["classifier.bias"]
        assert value.const_value is not None
        value.const_value = onnx_ir.tensor(value.const_value.numpy() + CHANGE, name=value.name)

    order = again(corrupt)
    with pytest.raises(NotProvedError, match=r"logits differ by up to 0\.003 \(allowed: 1e-04\)") as caught:
        export_bundle(order, exported.rows, silent)
    report = caught.value.report
    assert report.verdict == "failed" and report.why in str(caught.value)
    assert report.parity.max_abs_diff == pytest.approx(0.003, abs=1e-5)
    assert len(report.parity.worst) == 10 and report.variants == {}
    assert earlier_bundle_stands(order)


def test_another_tokenizer_is_not_put_in_place(
    again: Again, exported: Exported, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = bundle_writer.write_model_files

    def forgetful(*arguments: object) -> str:
        tokenizer = json.loads(write(*arguments))  # type: ignore[arg-type]
        tokenizer["model"]["vocab"]["lovely"], tokenizer["model"]["vocab"]["awful"] = 90, 91
        return json.dumps(tokenizer)

    monkeypatch.setattr(onnx_export, "write_model_files", forgetful)
    order = again()
    with pytest.raises(NotProvedError, match="texts are tokenized differently"):
        export_bundle(order, exported.rows, silent)
    assert earlier_bundle_stands(order)


@pytest.mark.parametrize("phase", ["tracing", "checking", "comparing", "quantising", "measuring", "putting"])
def test_a_stop_between_phases_leaves_the_earlier_bundle(again: Again, exported: Exported, phase: str) -> None:
    def stop(what: str, done: int, total: int) -> None:
        if what.startswith(phase):
            raise Stopped

    order = again()
    with pytest.raises(Stopped):
        export_bundle(order, exported.rows, stop)
    assert earlier_bundle_stands(order)


def test_a_proved_bundle_replaces_the_earlier_one(again: Again, exported: Exported) -> None:
    order = again()
    report = export_bundle(order, exported.rows, silent)
    assert report.parity == exported.report.parity
    assert (order.place / "README.md").read_text().startswith("---\nlibrary_name: onnx")
    assert list(order.place.parent.iterdir()) == [order.place]


def test_only_the_variants_asked_for_are_made(again: Again, exported: Exported) -> None:
    order = again()
    report = export_bundle(replace(order, variants=("fp32",)), exported.rows, silent)
    assert list(report.variants) == ["fp32"] and report.default == "fp32"
    assert not (order.place / "onnx" / "model_quantized.onnx").exists()


def test_weights_too_large_for_one_file_lie_beside_it(
    again: Again, exported: Exported, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(onnx_graph, "LARGEST_FILE", 1000)
    order = again()
    report = export_bundle(order, exported.rows, silent)
    folder = order.place / "onnx"
    assert (folder / "model.onnx_data").stat().st_size > 100_000
    assert report.variants["fp32"].bytes == sum(
        (folder / name).stat().st_size for name in ("model.onnx", "model.onnx_data")
    )
    texts = list(exported.rows.texts)
    for variant in ("fp32", "int8"):
        expected = Classifier(Bundle.load(exported.bundle), variant).logits(texts)
        np.testing.assert_allclose(Classifier(Bundle.load(order.place), variant).logits(texts), expected, atol=1e-6)
    (folder / "model.onnx_data").unlink()
    with pytest.raises(UserError, match="lie in a file beside it, and it is missing"):
        Classifier(Bundle.load(order.place), "fp32")


def test_a_model_without_a_head_is_refused(exported: Exported, tiny_bert: Path, tmp_path: Path) -> None:
    order = ExportOrder(run="0007", model="x", model_dir=tiny_bert, place=tmp_path / "bundle")
    with pytest.raises(UserError, match="no trained classification head"):
        export_bundle(order, exported.rows, silent)
    assert list(tmp_path.iterdir()) == []
