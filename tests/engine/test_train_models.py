"""Checkpoints of several kinds opened for training, and those that can't be."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    BertConfig,
    BertForSequenceClassification,
    GPT2Config,
    GPT2Model,
    RobertaConfig,
    RobertaModel,
)

from tlworkbench.engine.label_matching import label_names
from tlworkbench.engine.model_folder import load_for_training, load_trained
from tlworkbench.errors import UserError
from tlworkbench.inference.text_limit import effective_length, folder_limit

CLASSES = ("angry", "asking", "happy")


@pytest.fixture
def folder(tiny_bert: Path, tmp_path: Path) -> Path:
    """A copy of the tiny model that a test may change."""
    return shutil.copytree(tiny_bert, tmp_path / "model")


def with_head(folder: Path, names: tuple[str, ...], **config: Any) -> Path:
    model = BertForSequenceClassification.from_pretrained(
        folder, num_labels=len(names), id2label=dict(enumerate(names)), **config
    )
    model.save_pretrained(folder)
    return folder


def small(folder: Path, kind: str, **settings: Any) -> Path:
    """A tiny model of another architecture with the tiny model's tokenizer."""
    vocabulary = len(AutoTokenizer.from_pretrained(folder))
    for file in ("config.json", "model.safetensors"):
        (folder / file).unlink()
    if kind == "gpt2":
        gpt2 = GPT2Config(vocab_size=vocabulary, n_embd=32, n_layer=1, n_head=2, n_positions=64)
        GPT2Model(gpt2).save_pretrained(folder)
    else:
        config = RobertaConfig(
            vocab_size=vocabulary,
            hidden_size=32,
            num_hidden_layers=1,
            num_attention_heads=2,
            intermediate_size=64,
            max_position_embeddings=66,
            pad_token_id=1,
        )
        RobertaModel(config).save_pretrained(folder)
    settings_file = folder / "tokenizer_config.json"
    settings_file.write_text(json.dumps({**json.loads(settings_file.read_text()), **settings}))
    return folder


def test_a_new_head_has_the_label_set(tiny_bert: Path) -> None:
    opened = load_for_training(tiny_bert, CLASSES, "tiny")
    assert opened.model.classifier.out_features == 3
    assert opened.model.config.label2id == {"angry": 0, "asking": 1, "happy": 2}
    assert (opened.limit, opened.notes) == (128, ())
    assert folder_limit(tiny_bert) == opened.limit


def test_a_head_of_another_size_is_replaced_and_told(folder: Path) -> None:
    opened = load_for_training(with_head(folder, ("joy", "anger", "fear", "love")), CLASSES, "emotions")
    assert opened.model.classifier.out_features == 3
    assert "4 classes (joy, anger, fear, love): its head is replaced by one for 3" in opened.notes[0]


def test_a_head_that_fits_is_kept(folder: Path) -> None:
    trained = BertForSequenceClassification.from_pretrained(with_head(folder, ("x", "y", "z")))
    opened = load_for_training(folder, CLASSES, "letters")
    assert torch.equal(opened.model.classifier.weight, trained.classifier.weight)
    assert "keeps its head of 3 classes" in opened.notes[0] and "x, y, z" in opened.notes[0]
    assert load_for_training(with_head(folder, CLASSES), CLASSES, "same").notes == ()


def test_a_head_for_several_labels_at_once_learns_one(folder: Path) -> None:
    opened = load_for_training(
        with_head(folder, ("x", "y", "z"), problem_type="multi_label_classification"), CLASSES, "multi"
    )
    assert opened.model.config.problem_type == "single_label_classification"


def test_half_precision_weights_learn_in_full(folder: Path) -> None:
    AutoModelForSequenceClassification.from_pretrained(folder, dtype=torch.bfloat16).save_pretrained(folder)
    assert load_for_training(folder, CLASSES, "half").model.dtype == torch.float32


def test_layers_without_weights_are_told(folder: Path) -> None:
    from safetensors.torch import load_file, save_file

    weights = load_file(folder / "model.safetensors")
    save_file({name: w for name, w in weights.items() if "pooler" not in name}, folder / "model.safetensors")
    (note,) = load_for_training(folder, CLASSES, "no pooler").notes
    assert "bert.pooler.dense.bias" in note and "random" in note


def test_gpt2_trains_though_it_has_no_padding(trials: Any, folder: Path) -> None:
    small(folder, "gpt2", pad_token=None, eos_token="[SEP]")
    trials.model = folder
    result = trials.train(trials.job(trials.spec(epochs=4))).result
    assert result["best"]["macro_f1"] > 0.8


def test_roberta_counts_its_positions_from_the_padding(trials: Any, folder: Path) -> None:
    small(folder, "roberta", model_max_length=512)
    opened = load_for_training(folder, CLASSES, "roberta")
    # 66 positions, of which padding (token 0 here) takes the first.
    assert opened.limit == 65
    opened.model(input_ids=torch.full((1, 65), 5))
    trials.model = folder
    trials.train(trials.job(trials.spec(epochs=0.2)))


def test_length_is_what_was_asked_for_within_the_limit() -> None:
    assert effective_length(0, 512) == 256
    assert effective_length(0, 128) == 128
    assert effective_length(400, 512) == 400
    assert effective_length(400, 128) == 128


def test_pickled_weights_alone_are_not_loaded(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(UserError, match="no safetensors weights"):
        load_for_training(folder, CLASSES, "old")


@pytest.mark.parametrize("damage", ["missing", "cut short"])
def test_a_tokenizer_that_is_no_good(folder: Path, damage: str) -> None:
    file = folder / "tokenizer.json"
    if damage == "missing":
        file.unlink()
    else:
        file.write_bytes(file.read_bytes()[:500])
    with pytest.raises(UserError, match="tokenizer of tiny") as caught:
        load_for_training(folder, CLASSES, "tiny")
    assert "tokenizer.json" in caught.value.hint


def test_damaged_weights(folder: Path) -> None:
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(UserError, match="could not be loaded"):
        load_for_training(folder, CLASSES, "tiny")


def test_a_model_nobody_knows(folder: Path) -> None:
    config = folder / "config.json"
    config.write_text(config.read_text().replace('"bert"', '"nosuch"'))
    with pytest.raises(UserError, match="model type 'nosuch'"):
        load_for_training(folder, CLASSES, "tiny")


def test_a_model_that_can_not_classify(folder: Path) -> None:
    config = folder / "config.json"
    config.write_text(json.dumps({"model_type": "vit", "hidden_size": 32}))
    with pytest.raises(UserError, match=r"model type 'vit'\) can't classify"):
        load_for_training(folder, CLASSES, "tiny")


def test_code_in_the_folder_is_never_run(folder: Path) -> None:
    (folder / "evil.py").write_text("raise SystemExit('ran')")
    config = json.loads((folder / "config.json").read_text())
    config.update(model_type="evil", auto_map={"AutoConfig": "evil.Config", "AutoModel": "evil.Model"})
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(UserError, match="can't read the configuration"):
        load_for_training(folder, CLASSES, "evil")


def test_only_a_trained_head_can_be_measured(tiny_bert: Path, folder: Path) -> None:
    with pytest.raises(UserError, match="no trained classification head"):
        load_trained(tiny_bert, "tiny")
    with_head(folder, CLASSES)
    assert load_trained(folder, "tiny").model.config.num_labels == 3
    assert label_names(folder) == CLASSES
    assert label_names(folder / "nowhere") == ()


def test_bert_takes_what_its_configuration_says(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    assert config["max_position_embeddings"] == BertConfig.from_pretrained(folder).max_position_embeddings == 128
