"""One real export, shared: a trace takes long, and the graph it gives serves all other tests."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import onnx_ir
import pytest

from tests.engine.conftest import WORDS
from tlworkbench.engine import onnx_graph
from tlworkbench.engine.onnx_export import ExportOrder, export_bundle
from tlworkbench.engine.onnx_measure import LabelledTexts
from tlworkbench.engine.onnx_reference import TorchReference
from tlworkbench.inference.report import BundleReport

LABELS = ("bad", "so so", "good")
MAX_LENGTH = 40


@dataclass(frozen=True)
class Exported:
    """What was exported and what came of it. Read-only."""

    order: ExportOrder
    rows: LabelledTexts
    report: BundleReport
    told: list[tuple[str, int, int]]

    @property
    def bundle(self) -> Path:
        return self.order.place

    def graph(self) -> onnx_ir.Model:
        """The traced graph, as if it were traced again."""
        return onnx_ir.load(self.bundle / "onnx" / "model.onnx")


def texts() -> list[str]:
    """60 texts of 1 to 30 words."""
    rng = np.random.default_rng(11)
    return [" ".join(rng.choice(WORDS, rng.integers(1, 31))) for _ in range(60)]


@pytest.fixture(scope="session")
def model_dir(tiny_bert: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a run leaves: the tiny BERT with a head of random weights, three labels, texts cut at MAX_LENGTH tokens."""
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    folder = tmp_path_factory.mktemp("run") / "model"
    with torch.random.fork_rng():
        torch.manual_seed(5)
        model = AutoModelForSequenceClassification.from_pretrained(
            tiny_bert, id2label=dict(enumerate(LABELS)), label2id={name: i for i, name in enumerate(LABELS)}
        )
        torch.nn.init.normal_(model.classifier.weight, std=1.0)
    tokenizer = AutoTokenizer.from_pretrained(tiny_bert)
    with torch.no_grad():
        # So that every label is the answer to some text.
        logits = model.eval()(**tokenizer(texts(), padding=True, return_tensors="pt")).logits
        model.classifier.bias.copy_(-logits.mean(dim=0))
    model.config.tlworkbench_max_length = MAX_LENGTH
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def rows(model_dir: Path) -> LabelledTexts:
    """60 texts, labelled as the model answers but for every tenth."""
    classes = TorchReference(model_dir, "the model").logits(texts()).argmax(axis=1).astype(np.int64)
    classes[::10] = (classes[::10] + 1) % len(LABELS)
    return LabelledTexts(texts(), classes, "validation")


@pytest.fixture(scope="session")
def exported(model_dir: Path, rows: LabelledTexts) -> Exported:
    """A whole export with a real trace."""
    told: list[tuple[str, int, int]] = []
    order = ExportOrder(
        run="0007",
        model="tiny-bert",
        model_dir=model_dir,
        place=model_dir.parent / "bundle",
        proof_rows=50,
        versions={"onnx": "1"},
    )
    report = export_bundle(order, rows, lambda *what: told.append(what))
    return Exported(order, rows, report, told)


@pytest.fixture
def again(exported: Exported, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., ExportOrder]:
    """Prepares another export without a trace: `change` is done to the graph; an earlier bundle stands in its place."""

    def prepare(change: Callable[[onnx_ir.Model], None] = lambda graph: None) -> ExportOrder:
        def traced(*_: object) -> onnx_ir.Model:
            graph = exported.graph()
            change(graph)
            return graph

        monkeypatch.setattr(onnx_graph, "trace", traced)
        shutil.copytree(exported.bundle, tmp_path / "run" / "bundle")
        (tmp_path / "run" / "bundle" / "README.md").write_text("the earlier one")
        return replace(exported.order, place=tmp_path / "run" / "bundle")

    return prepare
