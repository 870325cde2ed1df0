"""Other families of models, byte-level tokenizers, padding on the left; and models that can't be traced."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from transformers import BertConfig, BertForSequenceClassification

from tests.engine.conftest import WORDS
from tlworkbench.engine import onnx_graph
from tlworkbench.engine.onnx_export import ExportOrder, export_bundle
from tlworkbench.engine.onnx_measure import LabelledTexts
from tlworkbench.errors import UserError
from tlworkbench.inference.bundle import Bundle
from tlworkbench.inference.classifier import Classifier

SMALL: dict[str, Any] = {"vocab_size": 300, "initializer_range": 0.2, "num_labels": 3}


def distilbert() -> Any:
    from transformers import DistilBertConfig, DistilBertForSequenceClassification

    config = DistilBertConfig(dim=32, n_layers=1, n_heads=2, hidden_dim=64, max_position_embeddings=48, **SMALL)
    return DistilBertForSequenceClassification(config)


def roberta() -> Any:
    from transformers import RobertaConfig, RobertaForSequenceClassification

    config = RobertaConfig(
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=50,
        pad_token_id=1,
        **SMALL,
    )
    return RobertaForSequenceClassification(config)


def gpt2() -> Any:
    from transformers import GPT2Config, GPT2ForSequenceClassification

    config = GPT2Config(
        n_embd=32, n_layer=1, n_head=2, n_positions=48, pad_token_id=1, eos_token_id=1, bos_token_id=1, **SMALL
    )
    return GPT2ForSequenceClassification(config)


def write_tokenizer(folder: Path, marks: bool, side: str, names: list[str]) -> None:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=300,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        special_tokens=["<s>", "<pad>", "</s>", "<unk>"],
        show_progress=False,
    )
    tokenizer.train_from_iterator([" ".join(WORDS)], trainer)
    if marks:
        tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), add_prefix_space=False)
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        model_max_length=48,
        pad_token="<pad>",
        eos_token="</s>",
        unk_token="<unk>",
        padding_side=side,
        model_input_names=names,
    ).save_pretrained(folder)


@pytest.mark.parametrize(
    ("build", "marks", "side"), [(distilbert, True, "right"), (roberta, True, "right"), (gpt2, False, "left")]
)
def test_other_families_are_proved_too(build: Any, marks: bool, side: str, tmp_path: Path) -> None:
    import torch

    with torch.random.fork_rng():
        torch.manual_seed(3)
        model = build()
    folder = tmp_path / "run" / "model"
    model.save_pretrained(folder)
    write_tokenizer(folder, marks, side, ["input_ids", "attention_mask"])
    rng = np.random.default_rng(5)
    texts = [" ".join(rng.choice([*WORDS, "größer", "😀"], rng.integers(1, 12))) for _ in range(40)]
    rows = LabelledTexts(texts, rng.integers(0, 3, 40), "validation")
    order = ExportOrder(run="0001", model="x", model_dir=folder, place=tmp_path / "run" / "bundle")
    report = export_bundle(order, rows, lambda what, done, total: None)
    assert report.verdict == "ready" and report.parity.longest == report.max_length == 48
    assert set(report.variants) == {"fp32", "int8"}
    classifier = Classifier(Bundle.load(order.place))
    assert classifier.inputs == ("input_ids", "attention_mask")
    assert len(classifier.predict(["", "\x00", "lovely"], top=3)) == 3


class Untraceable(BertForSequenceClassification):
    """Asks a value while it is traced."""

    def forward(self, **inputs: Any) -> Any:
        outputs = super().forward(**inputs)
        if outputs.logits.sum() > 0:
            outputs.logits = outputs.logits * 2
        return outputs


def tiny(kind: Any) -> Any:
    config = BertConfig(vocab_size=20, hidden_size=8, num_hidden_layers=1, num_attention_heads=1, intermediate_size=8)
    return kind(config).eval()


def inputs() -> Any:
    import torch

    return {"input_ids": torch.ones(3, 5, dtype=torch.long), "attention_mask": torch.ones(3, 5, dtype=torch.long)}


def test_a_model_that_cannot_be_traced_is_named_with_the_cause() -> None:
    with pytest.raises(UserError, match="Untraceable can't be exported to ONNX: Could not guard on") as caught:
        onnx_graph.trace(tiny(Untraceable), inputs())
    assert "train one of those" in caught.value.hint and "\n" not in caught.value.what


def test_an_operator_that_onnx_lacks_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def export(*_: Any, **__: Any) -> Any:
        try:
            raise RuntimeError("No ONNX function found for <OpOverload(op='aten.linalg_eig', overload='default')>.")
        except RuntimeError as error:
            raise RuntimeError("Failed to convert the exported program to an ONNX model.\n- step 3/3") from error

    monkeypatch.setattr("transformers.exporters.OnnxExporter.export", export)
    with pytest.raises(UserError, match=r"ONNX has no operator for aten\.linalg_eig"):
        onnx_graph.trace(tiny(BertForSequenceClassification), inputs())
