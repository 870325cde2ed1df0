"""A run whose long texts are read in windows, exported: the bundle windows and pools as torch does."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from tests.engine.exporting.conftest import MAX_LENGTH, Exported
from tlworkbench.engine import onnx_export
from tlworkbench.engine.onnx_export import ExportOrder, NotProvedError, export_bundle
from tlworkbench.engine.onnx_measure import LabelledTexts
from tlworkbench.engine.run_record import WINDOWS_KEY
from tlworkbench.inference.bundle import Bundle
from tlworkbench.inference.classifier import Classifier
from tlworkbench.inference.report import BundleReport, read_report
from tlworkbench.inference.windows import Windows

WINDOWS = Windows(stride=10, most=4)
LONG = ["thanks for the lovely order " * 30, "my ticket is late and broken " * 9, "when"]


def silent(what: str, done: int, total: int) -> None:
    pass


@pytest.fixture
def order(again: Callable[[], ExportOrder], tmp_path: Path) -> ExportOrder:
    order = again()
    folder = shutil.copytree(order.model_dir, tmp_path / "run" / "model")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, WINDOWS_KEY: {"stride": 10, "most": 4}}))
    return replace(order, model_dir=folder, variants=("fp32",), proof_rows=8)


@pytest.fixture
def long_rows(exported: Exported) -> LabelledTexts:
    texts = [*LONG, *exported.rows.texts[:5]]
    return LabelledTexts(texts, np.arange(8) % 3, "validation")


def export(order: ExportOrder, rows: LabelledTexts) -> BundleReport:
    return export_bundle(order, rows, silent)


def by_torch(folder: Path, texts: list[str]) -> np.ndarray:
    """Windows and their mean by transformers alone."""
    model = AutoModelForSequenceClassification.from_pretrained(folder).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    pooled = []
    for text in texts:
        encoded = tokenizer(
            [text],
            truncation=True,
            max_length=MAX_LENGTH,
            stride=WINDOWS.stride,
            return_overflowing_tokens=True,
            padding=True,
            return_tensors="pt",
        )
        encoded.pop("overflow_to_sample_mapping")
        with torch.no_grad():
            pooled.append(model(**{name: rows[: WINDOWS.most] for name, rows in encoded.items()}).logits.mean(dim=0))
    return torch.stack(pooled).numpy()


def test_the_bundle_answers_as_torch_over_all_windows(
    order: ExportOrder, long_rows: LabelledTexts, tmp_path: Path
) -> None:
    report = export(order, long_rows)
    assert report.verdict == "ready" and report.parity.other_tokens == 0 and report.parity.max_abs_diff <= 1e-4
    assert report.windows == WINDOWS == read_report(order.place).windows  # type: ignore[union-attr]
    # The longest row has more windows than are read.
    assert report.parity.longest == 4 * MAX_LENGTH
    alone = tmp_path / "alone.onnx"
    shutil.copy(order.place / "onnx" / "model.onnx", alone)
    for place in (order.place, alone):
        bundle = Bundle.load(place)
        assert bundle.windows == WINDOWS
        wanted = by_torch(order.model_dir, LONG)
        np.testing.assert_allclose(Classifier(bundle).logits(LONG), wanted, atol=1e-4)
    # What is cut answers otherwise.
    assert (
        np.abs(Classifier(Bundle.load(order.place)).logits([text[:100] for text in LONG[:2]]) - wanted[:2]).max() > 0.01
    )


def test_the_card_says_so_and_its_example_pools(order: ExportOrder, long_rows: LabelledTexts, tmp_path: Path) -> None:
    export(order, long_rows)
    card = (order.place / "README.md").read_text()
    assert "longer than 40 tokens are read in windows of so many, 10 of them shared with the next, 4 windows" in card
    example = re.search(r"```python\n(.*?)```", card, re.DOTALL)
    assert example is not None
    code = example[1].replace('"a first text"', repr(LONG[0])).replace('"another, somewhat longer text"', repr(LONG[1]))
    done = subprocess.run(
        [sys.executable, "-c", code + "\nprint(logits.tolist())"],
        cwd=order.place,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    np.testing.assert_allclose(json.loads(done.stdout.splitlines()[-1]), by_torch(order.model_dir, LONG[:2]), atol=1e-4)


def test_a_bundle_that_windows_otherwise_is_not_proved(
    order: ExportOrder, long_rows: LabelledTexts, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Cuts(Classifier):
        def __init__(self, bundle: Bundle, variant: str | None = None) -> None:
            super().__init__(replace(bundle, windows=Windows(stride=9, most=4)), variant)

    monkeypatch.setattr(onnx_export, "Classifier", Cuts)
    with pytest.raises(NotProvedError, match="tokenized differently"):
        export(order, long_rows)
