"""From a torch model to an .onnx file. The one module that knows `transformers.exporters`: it is young, so its minor
version is pinned and nothing of it is seen outside."""

import logging
import re
from collections.abc import Mapping
from pathlib import Path

import onnx_ir
import torch
from onnx_ir.passes.common import ClearMetadataAndDocStringPass
from torch.export import Dim
from transformers import PreTrainedModel
from transformers.exporters import OnnxConfig, OnnxExporter

from tlworkbench.errors import UserError

LARGEST_FILE = 1_900_000_000
"""Bytes of weights up to which graph and weights go into one file; protobuf's limit is 2 GiB in all."""
_AXES = ("batch", "sequence")

_log = logging.getLogger(__name__)


def trace(model: PreTrainedModel, inputs: Mapping[str, torch.Tensor]) -> onnx_ir.Model:
    """One graph of `model`, fp32, valid for any batch size and length.

    inputs: a batch of at least two rows and two tokens, each int64 (batch, sequence). The model must be in eval mode.
    Raises UserError that names the operator, or the first line of the cause, when the model can't be traced.
    """
    # A decoder would give its cache as further outputs, which no classification needs.
    model.config.use_cache = False
    config = OnnxConfig(
        dynamic=True,
        # Named axes, instead of every axis of every input, halve the time a trace takes.
        dynamic_shapes={name: {0: Dim.AUTO, 1: Dim.AUTO} for name in inputs},
    )
    try:
        graph: onnx_ir.Model = OnnxExporter().export(model, dict(inputs), config=config).program
    # A tracer meets arbitrary model code, so its errors have no common base but these.
    except (RuntimeError, ValueError, TypeError, LookupError, AttributeError, AssertionError, ArithmeticError) as error:
        _log.exception("the trace failed")
        raise _explained(model, error) from error
    _name_axes(model, graph, inputs)
    return graph


def save(graph: onnx_ir.Model, path: Path, properties: Mapping[str, str]) -> None:
    """Write `graph` with `properties` as its metadata; weights too large for one file go into `path` + "_data"."""
    # The tracer notes stack traces at every node, with the folders of this machine in them.
    ClearMetadataAndDocStringPass()(graph)
    graph.metadata_props.update(properties)
    weights = sum(
        value.const_value.nbytes for value in graph.graph.initializers.values() if value.const_value is not None
    )
    external = f"{path.name}_data" if weights > LARGEST_FILE else None
    onnx_ir.save(graph, path, external_data=external)


def _name_axes(model: PreTrainedModel, graph: onnx_ir.Model, inputs: Mapping[str, torch.Tensor]) -> None:
    names: dict[str, str] = {}
    for value in graph.graph.inputs:
        for axis, dim in zip(_AXES, value.shape or (), strict=True):
            if isinstance(dim, int):
                raise UserError(
                    f"{type(model).__name__} could only be traced for one {axis} size ({dim})", "Try another model."
                )
            names[str(dim.value)] = axis
    values = [*graph.graph.inputs, *graph.graph.outputs, *(out for node in graph.graph for out in node.outputs)]
    for value in values:
        if value.shape is None or value.shape.frozen:
            continue
        for position, dim in enumerate(value.shape):
            if not isinstance(dim, int) and str(dim.value) in names:
                value.shape[position] = names[str(dim.value)]


def _explained(model: PreTrainedModel, error: BaseException) -> UserError:
    chain = [error]
    while (cause := chain[-1].__cause__ or chain[-1].__context__) is not None:
        chain.append(cause)
    operators = [found[1] for link in chain if (found := re.search(r"OpOverload\(op='([\w.:]+)'", str(link)))]
    first_line = next((line.strip() for line in str(chain[-1]).splitlines() if line.strip()), type(chain[-1]).__name__)
    reason = f"ONNX has no operator for {operators[-1]}" if operators else first_line[:300]
    return UserError(
        f"{type(model).__name__} can't be exported to ONNX: {reason}",
        "BERT, DistilBERT, RoBERTa, XLM-R, ALBERT, ELECTRA, DeBERTa-v2 and ModernBERT can: train one of those. "
        "The whole story is in engine.log.",
    )
