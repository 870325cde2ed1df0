"""A model made by hand: a graph of five nodes that adds up what each word says for each label. No torch, no trace."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from tlworkbench.inference.onnx_metadata import OnnxMetadata

LABELS = ("bad", "so so", "good")
MARKS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]")
WORDS: dict[str, tuple[float, float, float]] = {
    "lovely": (0, 0, 2),
    "great": (0, 0, 1),
    "plain": (0, 2, 0),
    "awful": (2, 0, 0),
    "broken": (1, 0, 0),
    "the": (0, 0.25, 0),
}
"""What each word adds to the logits of LABELS."""
MAX_LENGTH = 16


def tokenizer_json(left: bool = False) -> str:
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    vocabulary = {word: index for index, word in enumerate([*MARKS, *WORDS])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer.enable_truncation(MAX_LENGTH)
    tokenizer.enable_padding(direction="left" if left else "right", pad_id=0, pad_token="[PAD]")
    return str(tokenizer.to_str())


def graph(scale: float = 1.0, width: int = len(LABELS), opset: int = 18, segments: bool = False) -> onnx.ModelProto:
    """logits = sum over the tokens that the mask shows of what each says; padding that leaks in says 100."""
    table = np.zeros((len(MARKS) + len(WORDS), width), np.float32)
    table[0] = 100
    for row, values in enumerate(WORDS.values(), len(MARKS)):
        table[row, : len(LABELS)] = np.array(values[:width]) * scale
    names = ["input_ids", "attention_mask", *(["token_type_ids"] if segments else [])]
    nodes = [
        helper.make_node("Gather", ["table", "input_ids"], ["said"]),
        helper.make_node("Cast", ["attention_mask"], ["seen"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["seen", "last"], ["weight"]),
        helper.make_node("Mul", ["said", "weight"], ["counted"]),
        helper.make_node("ReduceSum", ["counted", "tokens"], ["logits"], keepdims=0),
    ]
    made = helper.make_graph(
        nodes,
        "words",
        [helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "sequence"]) for name in names],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", width])],
        [
            numpy_helper.from_array(table, "table"),
            numpy_helper.from_array(np.array([2], np.int64), "last"),
            numpy_helper.from_array(np.array([1], np.int64), "tokens"),
        ],
    )
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", opset)], ir_version=10)


def metadata(**changes: Any) -> OnnxMetadata:
    fields: dict[str, Any] = {"labels": LABELS, "max_length": MAX_LENGTH, "tokenizer": tokenizer_json(), "run": "0007"}
    return OnnxMetadata(**{**fields, **changes})


def write_model(path: Path, model: onnx.ModelProto, properties: dict[str, str]) -> Path:
    helper.set_model_props(model, properties)
    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(model, path)
    return path
