"""The files of a bundle beside the fp32 one: a table of names, each with the function that makes it; and which of them
Predict takes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import onnx

from tlworkbench.inference.report import VariantReport

LOSS_ALLOWED = 0.01
"""Accuracy and macro-F1 that a smaller variant may lose against fp32 and still be the default."""


def make_int8(source: Path, target: Path) -> None:
    """Weights as int8, activations quantized as they come (onnxruntime's dynamic quantization)."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    # Quantizing turns Gemm into MatMul with transposed weights and infers shapes again: what the tracer noted about
    # the old ones would contradict it.
    plain = source.with_name("plain.onnx")
    model = onnx.load(source, load_external_data=False)
    del model.graph.value_info[:]
    onnx.save(model, plain)
    try:
        quantize_dynamic(
            plain,
            target,
            # A scale of its own for each column keeps most of the accuracy (MiniLM on tweets: 98 % of fp32's answers
            # instead of 94 %). 7 bits can't overflow the 16-bit sums of processors without VNNI: the answers are the
            # same on every machine.
            per_channel=True,
            reduce_range=True,
            weight_type=QuantType.QInt8,
            use_external_data_format=bool(external_files(model)),
        )
    finally:
        plain.unlink()


@dataclass(frozen=True)
class Maker:
    """How a variant comes to be."""

    doing: str
    """What is said meanwhile."""
    make: Callable[[Path, Path], None]
    """Writes the second file from the first, which is the fp32 one: no second trace."""


MAKERS: dict[str, Maker] = {"int8": Maker("quantising", make_int8)}
"""Every variant but fp32, by its name in `VARIANT_FILES`."""


def external_files(model: onnx.ModelProto) -> set[str]:
    """Names of the files beside a model in which its weights lie; empty where they are in the model itself."""
    return {
        entry.value
        for tensor in model.graph.initializer
        if tensor.data_location == onnx.TensorProto.EXTERNAL
        for entry in tensor.external_data
        if entry.key == "location"
    }


def choose_default(variants: Mapping[str, VariantReport]) -> tuple[str, str]:
    """The variant that Predict takes, and why: the smallest that answers about as well as fp32."""
    exact = variants["fp32"]
    refused: list[str] = []
    for name, report in sorted(variants.items(), key=lambda item: item[1].bytes):
        losses = {
            "accuracy": exact.accuracy - report.accuracy,
            "macro-F1": exact.macro_f1 - report.macro_f1,
        }
        figure, loss = max(losses.items(), key=lambda item: item[1])
        if loss <= LOSS_ALLOWED:
            if name != "fp32":
                refused.insert(0, f"{name} answers {100 * report.agreement:.1f} % of the rows as fp32 does")
            return name, "; ".join(refused)
        refused.append(f"{name} loses {100 * loss:.1f} points of {figure}")
    return "fp32", "; ".join(refused)
