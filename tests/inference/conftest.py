"""Bundles of the hand-made model."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import onnx
import pytest

from tests.inference.word_graph import LABELS, graph, metadata, write_model
from tlworkbench.inference.bundle import VARIANT_FILES, Bundle
from tlworkbench.inference.classifier import Classifier


@pytest.fixture
def bundle_dir(tmp_path: Path) -> Path:
    """A bundle's folder with an fp32 file and an int8 one that is twice as sure of itself."""
    folder = tmp_path / "bundle"
    write_model(folder / VARIANT_FILES["fp32"], graph(), metadata().properties())
    write_model(folder / VARIANT_FILES["int8"], graph(scale=2), metadata(variant="int8").properties())
    (folder / "config.json").write_text(json.dumps({"id2label": dict(enumerate(LABELS))}))
    return folder


@pytest.fixture
def classifier(bundle_dir: Path) -> Classifier:
    """The fp32 file of that bundle, loaded."""
    return Classifier(Bundle.load(bundle_dir), "fp32")


@pytest.fixture
def onnx_file(tmp_path: Path) -> Callable[..., Path]:
    """Writes an .onnx file with changes to the graph (`graph=`) or to its metadata (any other name)."""

    def write(graph: onnx.ModelProto = graph(), **changes: Any) -> Path:  # noqa: B008
        return write_model(tmp_path / "alone" / "some name.onnx", graph, metadata(**changes).properties())

    return write
