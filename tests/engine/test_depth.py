"""Which weights lie how deep in a model, whatever its family calls them."""

from pathlib import Path
from typing import Any

import pytest
from transformers import (
    AlbertConfig,
    AutoModelForSequenceClassification,
    BertConfig,
    DebertaV2Config,
    DistilBertConfig,
    ElectraConfig,
    GPT2Config,
    ModernBertConfig,
    RobertaConfig,
)

from tlworkbench.engine.depth import depths, freeze, learning_groups
from tlworkbench.errors import UserError

SMALL: dict[str, Any] = {
    "vocab_size": 30, "hidden_size": 8, "num_hidden_layers": 3, "num_attention_heads": 2, "intermediate_size": 8,
    "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2, "cls_token_id": 1, "sep_token_id": 2,
}  # fmt: skip
# By family: how its lowest layer, something of its embeddings, and what lies right above the layers are called.
FAMILIES: dict[str, tuple[Any, str, str, str]] = {
    "bert": (BertConfig(**SMALL), "bert.encoder.layer.0.", "bert.embeddings.LayerNorm.bias", "bert.pooler."),
    "distilbert": (
        DistilBertConfig(vocab_size=30, dim=8, n_layers=3, n_heads=2, hidden_dim=8),
        "distilbert.transformer.layer.0.",
        "distilbert.embeddings.word_embeddings.weight",
        "pre_classifier.",
    ),
    "roberta": (
        RobertaConfig(**SMALL),
        "roberta.encoder.layer.0.",
        "roberta.embeddings.position_embeddings.weight",
        "classifier.dense.",
    ),
    "electra": (
        ElectraConfig(embedding_size=4, **SMALL),
        "electra.encoder.layer.0.",
        "electra.embeddings_project.weight",
        "classifier.dense.",
    ),
    "deberta-v2": (
        DebertaV2Config(**{"relative_attention": True, "pos_att_type": ["c2p"], "norm_rel_ebd": "layer_norm", **SMALL}),
        "deberta.encoder.layer.0.",
        "deberta.encoder.LayerNorm.weight",
        "pooler.dense.",
    ),
    "modernbert": (ModernBertConfig(**SMALL), "model.layers.0.", "model.embeddings.norm.weight", "model.final_norm."),
    "gpt2": (
        GPT2Config(vocab_size=30, n_embd=8, n_layer=3, n_head=2, bos_token_id=1, eos_token_id=2),
        "transformer.h.0.",
        "transformer.wpe.weight",
        "transformer.ln_f.",
    ),
}


def built(config: Any) -> Any:
    return AutoModelForSequenceClassification.from_config(config)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_layers_of_each_family(family: str) -> None:
    config, lowest, embedding, above = FAMILIES[family]
    model = built(config)
    found = depths(model)
    names = [name for name, _ in model.named_parameters()]
    assert found.layers == 3 and set(found.of) == set(names)
    assert set(found.of.values()) == {0, 1, 2, 3, 4}
    assert {name for name in names if found.of[name] == 1} == {name for name in names if name.startswith(lowest)}
    assert found.of[embedding] == 0
    assert {found.of[name] for name in names if name.startswith((above, "classifier.", "score."))} == {4}


def test_layers_that_share_their_weights_are_one() -> None:
    model = built(AlbertConfig(embedding_size=4, **SMALL))
    assert depths(model).layers == 1
    with pytest.raises(UserError, match="3 layers that share the weights of 1"):
        freeze(model, 2, "albert")


def test_freezing_from_the_bottom() -> None:
    model = built(FAMILIES["bert"][0])
    assert freeze(model, "none", "bert") is None
    said = freeze(model, 2, "bert")
    learning = {name for name, weight in model.named_parameters() if weight.requires_grad}
    parts = ("bert.encoder.layer.2.", "bert.pooler.", "classifier.")
    assert learning == {name for name, _ in model.named_parameters() if name.startswith(parts)}
    assert said is not None and said.startswith("the embeddings and 2 of 3 layers keep their weights")
    with pytest.raises(UserError) as caught:
        freeze(model, 4, "bert")
    assert caught.value.what == "freeze = 4, but bert has 3 layers" and "3 at most" in caught.value.hint


def test_each_layer_learns_more_slowly_than_the_one_above(tiny_bert: Path) -> None:
    model = AutoModelForSequenceClassification.from_pretrained(tiny_bert)
    freeze(model, "embeddings", "tiny")
    decaying = [name for name, _ in model.named_parameters() if name.endswith("weight") and "LayerNorm" not in name]
    groups = list(learning_groups(model, decaying, 1e-3, 0.1, 0.5))
    assert [(group["lr"], group["weight_decay"]) for group in groups] == [
        (rate, decay) for rate in (1e-3, 5e-4, 2.5e-4) for decay in (0.1, 0.0)
    ]
    grouped = sum(weight.numel() for group in groups for weight in group["params"])
    assert grouped == sum(weight.numel() for weight in model.parameters() if weight.requires_grad)
