"""What a variant is measured at, and which one Predict takes."""

from pathlib import Path

import numpy as np
import pytest

from tests.inference.word_graph import graph, metadata, write_model
from tlworkbench.engine.onnx_measure import LabelledTexts, measure
from tlworkbench.engine.onnx_variants import choose_default
from tlworkbench.inference.bundle import VARIANT_FILES, Bundle
from tlworkbench.inference.classifier import Classifier
from tlworkbench.inference.report import VariantReport

TEXTS = ["lovely", "great", "awful", "broken plain plain", "plain", "the lovely lovely"]
CLASSES = np.array([2, 2, 0, 0, 1, 2], np.int64)


def variant(accuracy: float, macro_f1: float, size: int) -> VariantReport:
    return VariantReport(
        file="x",
        bytes=size,
        max_abs_diff=0.1,
        mean_abs_diff=0.01,
        agreement=0.99,
        accuracy=accuracy,
        macro_f1=macro_f1,
        p50_ms=1.0,
    )


def test_a_variant_is_measured_against_fp32(tmp_path: Path) -> None:
    write_model(tmp_path / VARIANT_FILES["fp32"], graph(), metadata().properties())
    # An int8 of sorts: its second label says nothing.
    other = graph()
    table = np.frombuffer(other.graph.initializer[0].raw_data, np.float32).reshape(-1, 3).copy()
    table[:, 1] = 0
    other.graph.initializer[0].raw_data = table.tobytes()
    write_model(tmp_path / VARIANT_FILES["int8"], other, metadata(variant="int8").properties())
    rows = LabelledTexts(TEXTS, CLASSES, "validation")
    bundle = Bundle.load(tmp_path)
    told: list[tuple[int, int]] = []
    exact = Classifier(bundle, "fp32").logits(TEXTS)
    report, logits = measure(Classifier(bundle, "int8"), rows, exact, lambda *rows: told.append(rows))
    assert logits.shape == (6, 3) and told[-1] == (6, 6)
    assert report.file == VARIANT_FILES["int8"] and report.bytes == (tmp_path / report.file).stat().st_size
    # "broken plain plain" and "plain" are answered otherwise than by fp32: the first rightly now.
    assert report.agreement == pytest.approx(4 / 6) and report.max_abs_diff == pytest.approx(4)
    assert report.mean_abs_diff == pytest.approx((4 + 2 + 0.25) / 18)
    assert report.accuracy == pytest.approx(5 / 6)
    assert report.macro_f1 == pytest.approx((2 * 2 / 5 + 0 + 1) / 3)
    assert 0 < report.p50_ms < 1000


@pytest.mark.parametrize(
    ("int8", "default", "why"),
    [
        ((0.80, 0.75), "int8", "int8 answers 99.0 % of the rows as fp32 does"),
        ((0.90, 0.90), "int8", "int8 answers"),
        ((0.791, 0.741), "int8", "int8 answers"),
        ((0.78, 0.75), "fp32", "int8 loses 2.0 points of accuracy"),
        ((0.80, 0.70), "fp32", "int8 loses 5.0 points of macro-F1"),
    ],
)
def test_the_smaller_variant_is_taken_where_it_loses_little(int8: tuple[float, float], default: str, why: str) -> None:
    chosen, reason = choose_default({"fp32": variant(0.80, 0.75, 90), "int8": variant(*int8, size=20)})
    assert chosen == default and reason.startswith(why)


def test_fp32_alone_needs_no_reason() -> None:
    assert choose_default({"fp32": variant(0.8, 0.7, 90)}) == ("fp32", "")


def test_the_smallest_of_those_that_lose_little_is_taken() -> None:
    variants = {
        "fp32": variant(0.8, 0.8, 90),
        "fp16": variant(0.8, 0.8, 45),
        "int8": variant(0.5, 0.5, 20),
    }
    chosen, reason = choose_default(variants)
    assert chosen == "fp16" and "int8 loses 30.0 points of accuracy" in reason
