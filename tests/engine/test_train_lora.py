"""The `lora` strategy: adapters learn, are resumed bit for bit, and end merged in a checkpoint like any other."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from transformers import (
    AutoModel,
    AutoModelForSequenceClassification,
    AutoTokenizer,
    DebertaV2Config,
    DistilBertConfig,
    GPT2Config,
    ModernBertConfig,
    RobertaConfig,
)

from tlworkbench.engine.context import JobContext
from tlworkbench.engine.depth import learning_groups
from tlworkbench.engine.lora import learning_weights, merged, plain, with_adapters
from tlworkbench.engine.model_folder import load_for_training
from tlworkbench.engine.run_record import WINDOWS_KEY
from tlworkbench.errors import UserError
from tlworkbench.jobs.events import Evaluated, Event, Note, Step
from tlworkbench.jobs.folder import JobFolder
from tlworkbench.jobs.follow import EventTail
from tlworkbench.jobs.spec import EvaluateSpec, LrFindSpec, TrainSpec

SMALL: dict[str, Any] = {
    "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64, "pad_token_id": 0,
    "bos_token_id": 1, "eos_token_id": 2, "cls_token_id": 1, "sep_token_id": 2, "initializer_range": 0.1,
}  # fmt: skip
RELATIVE: dict[str, Any] = {"relative_attention": True, "pos_att_type": ["c2p"], "norm_rel_ebd": "layer_norm"}
INIT: dict[str, Any] = {"initializer_range": 0.1}
# By family: its configuration for a vocabulary, and what its layers' linear layers are called.
FAMILIES: dict[str, tuple[Any, str]] = {
    "bert": (None, "query, key, value, dense"),
    "distilbert": (
        lambda size: DistilBertConfig(vocab_size=size, dim=32, n_layers=2, n_heads=2, hidden_dim=64, **INIT),
        "q_lin, k_lin, v_lin, out_lin, lin1, lin2",
    ),
    "roberta": (lambda size: RobertaConfig(vocab_size=size, **SMALL), "query, key, value, dense"),
    "deberta-v2": (
        lambda size: DebertaV2Config(vocab_size=size, **RELATIVE, **SMALL),
        "query_proj, key_proj, value_proj, pos_key_proj, dense",
    ),
    "modernbert": (lambda size: ModernBertConfig(vocab_size=size, **SMALL), "Wqkv, Wo, Wi"),
    "gpt2": (
        lambda size: GPT2Config(vocab_size=size, n_embd=32, n_layer=2, n_head=2, n_positions=64, **INIT),
        "c_attn, c_proj, c_fc",
    ),
}


@pytest.fixture
def folder(tiny_bert: Path, tmp_path: Path) -> Path:
    return shutil.copytree(tiny_bert, tmp_path / "model")


def of_family(folder: Path, family: str) -> Path:
    """A tiny model of a family with the tiny model's tokenizer; a decoder without padding token."""
    make, _ = FAMILIES[family]
    if make is None:
        return folder
    size = len(AutoTokenizer.from_pretrained(folder))
    for file in ("config.json", "model.safetensors"):
        (folder / file).unlink()
    with torch.random.fork_rng():
        torch.manual_seed(3)
        AutoModel.from_config(make(size)).save_pretrained(folder)
    if family == "gpt2":
        options = folder / "tokenizer_config.json"
        options.write_text(json.dumps({**json.loads(options.read_text()), "pad_token": None, "eos_token": "[SEP]"}))
    return folder


def lora(trials: Any, **changes: Any) -> TrainSpec:
    spec: TrainSpec = trials.spec(**{"strategy": "lora", "learning_rate": 2e-2, **changes})
    return spec


def events(job: JobFolder) -> list[Event]:
    return EventTail(job.events_file).read()


def notes(job: JobFolder) -> list[str]:
    return [event.text for event in events(job) if isinstance(event, Note)]


def loss_of(trials: Any, folder: Path) -> float:
    """Validation loss as transformers alone has it, a text at a time."""
    model = AutoModelForSequenceClassification.from_pretrained(folder).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    rows = trials.workspace.rows()
    which = [int(at) for at in (rows.splits == rows.meta.splits.index("validation")).nonzero()[0]]
    classes = torch.tensor([model.config.label2id[rows.record(at)["label"]] for at in which])
    with torch.no_grad():
        logits = torch.cat([model(**tokenizer(text, return_tensors="pt")).logits for text in rows.texts(which)])
    return float(torch.nn.functional.cross_entropy(logits, classes))


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_learns_and_ends_as_a_checkpoint_that_answers_as_its_adapters_did(
    trials: Any, folder: Path, family: str
) -> None:
    trials.model = of_family(folder, family)
    job = trials.job(lora(trials))
    result = trials.train(job).result
    assert result["status"] == "done" and result["best"]["macro_f1"] > result["majority"]["macro_f1"] + 0.2
    said = notes(job)
    assert any(f"({FAMILIES[family][1]})" in text for text in said)
    assert not any("the saved model's" in text for text in said)
    assert {file.name for file in job.model_dir.iterdir()} == {
        "config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json",
    }  # fmt: skip
    _, again = trials.evaluate(EvaluateSpec(model="0001"))
    assert again.result["loss"] == pytest.approx(result["best"]["loss"], abs=1e-9)
    assert loss_of(trials, job.model_dir) == pytest.approx(result["best"]["loss"], abs=1e-4)
    assert json.loads((job.model_dir / "config.json").read_text())["tlworkbench_run"] == "0001"
    before = AutoModel.from_pretrained(folder).state_dict()
    after = AutoModelForSequenceClassification.from_pretrained(job.model_dir).base_model.state_dict()
    changed = {name for name, weight in before.items() if name in after and not torch.equal(weight, after[name])}
    words = FAMILIES[family][1].split(", ")
    assert changed and all(name.endswith(".weight") for name in changed if ".layer" in name or ".h." in name)
    assert not any("embeddings.word" in name or "wte" in name for name in changed)
    assert {word for word in words if any(f".{word}.weight" in name for name in changed)} == set(words)


def test_stopped_and_resumed_it_ends_in_the_same_weights(trials: Any, every_step_told: None) -> None:
    whole, parts = trials.job(lora(trials)), trials.job(lora(trials))
    first = trials.train(whole).result
    stopped = trials.train(parts, lambda event: isinstance(event, Step) and event.step == 20)
    assert stopped.status == "stopped" and (parts.model_dir / "model.safetensors").is_file()
    checkpoint = parts.checkpoints_dir / "checkpoint-21"
    assert {file.name for file in checkpoint.glob("*.safetensors")} == {"adapter_model.safetensors"}
    assert str(trials.model) not in (checkpoint / "adapter_config.json").read_text()
    resumed = trials.train(parts)
    assert resumed.status == "done"
    one, other = (load_file(job.model_dir / "model.safetensors") for job in (whole, parts))
    assert one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)
    assert resumed.result["best"] == first["best"]
    told = [[event for event in events(job) if isinstance(event, Evaluated)][-1].loss for job in (whole, parts)]
    assert told[0] == told[1]


def test_measured_with_its_adapters_in_the_weights_a_model_is_as_before(trials: Any, folder: Path) -> None:
    model = with_adapters(load_for_training(folder, ("a", "b", "c"), "tiny"), lora(trials)).model.eval()
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if "lora_B" in name:
                weight.normal_()
    ids = torch.arange(5, 25).reshape(2, 10)
    before = {name: weight.clone() for name, weight in model.state_dict().items()}
    with torch.no_grad():
        apart = model(input_ids=ids).logits
        with pytest.raises(RuntimeError, match="memory"), merged(model):
            assert (model(input_ids=ids).logits - apart).abs().max() < 1e-4
            query = model.get_base_model().bert.encoder.layer[0].attention.self.query
            assert not torch.equal(query.base_layer.weight, next(w for n, w in before.items() if "query.base" in n))
            raise RuntimeError("out of memory")
        assert torch.equal(model(input_ids=ids).logits, apart)
    assert all(torch.equal(weight, before[name]) for name, weight in model.state_dict().items())


def test_named_layers_alone_get_adapters(trials: Any, folder: Path) -> None:
    classifier = load_for_training(folder, ("a", "b", "c"), "tiny")
    adapted = with_adapters(classifier, lora(trials, lora_targets="query, value", lora_rank=4))
    learning = [name for name, weight in plain(adapted.model).named_parameters() if weight.requires_grad]
    assert {name.split(".")[6] for name in learning if "lora" in name} == {"query", "value"}
    assert {name.split(".")[0] for name in learning} == {"bert", "classifier"}
    # Two layers with two adapters each, the pooler and the head.
    assert learning_weights(adapted.model) == 2 * 2 * 4 * (32 + 32) + 33 * 32 + 33 * 3


def test_a_layer_that_is_not_there_is_named_with_those_that_are(trials: Any) -> None:
    with pytest.raises(UserError, match="lora_targets names 'q_proj'") as raised:
        trials.train(trials.job(lora(trials, lora_targets="query, q_proj")))
    assert "There are: query, key, value, dense." in raised.value.hint


def test_frozen_layers_get_no_adapters_and_each_layer_may_have_its_rate(trials: Any, folder: Path) -> None:
    classifier = load_for_training(folder, ("a", "b", "c"), "tiny")
    adapted = plain(with_adapters(classifier, lora(trials, freeze=1)).model)
    names = [name for name, weight in adapted.named_parameters() if weight.requires_grad and "lora" in name]
    assert names and all(".layer.1." in name for name in names)
    groups = list(learning_groups(adapted, [], 1.0, 0.0, 0.5))
    assert [group["lr"] for group in groups] == [1.0, 0.5]
    with pytest.raises(UserError, match="freeze = 9"):
        trials.train(trials.job(lora(trials, freeze=9)))


def test_it_runs_with_class_weights_a_rate_for_each_layer_and_little_memory(
    trials: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tlworkbench.engine.run_record import Probe

    probe = Probe(rows=3, tokens=24, seconds=0.1, step_seconds=0.1, peak_bytes=10)
    monkeypatch.setattr("tlworkbench.engine.fitting.probe", lambda *given: probe)
    job = trials.job(lora(trials, class_weights="auto", layer_decay=0.8))
    result = trials.train(job).result
    assert result["rows_at_once"] == 3 and result["best"]["macro_f1"] > 0.6


def test_the_kept_model_reads_long_texts_as_its_run_did(trials: Any) -> None:
    job = trials.job(lora(trials, epochs=1.0, max_length=8, long_texts="windows"))
    result = trials.train(job).result
    config = json.loads((job.model_dir / "config.json").read_text())
    assert config["tlworkbench_max_length"] == 8 and WINDOWS_KEY in config
    _, again = trials.evaluate(EvaluateSpec(model="0001"))
    assert again.result["loss"] == pytest.approx(result["best"]["loss"], abs=1e-9)


def test_a_rate_for_all_weights_is_told(trials: Any, folder: Path) -> None:
    classifier = load_for_training(folder, ("a", "b", "c"), "tiny")
    low = with_adapters(classifier, lora(trials, learning_rate=1e-4)).notes
    assert any("learning_rate = 0.0001 is one for all weights" in text for text in low)
    classifier = load_for_training(folder, ("a", "b", "c"), "tiny")
    assert not any(
        "learning_rate" in text for text in with_adapters(classifier, lora(trials, learning_rate=1e-3)).notes
    )


def test_a_rate_is_found_for_adapters(trials: Any) -> None:
    from tlworkbench.engine import lr_find

    job = trials.job(LrFindSpec(run=lora(trials), steps=12))
    assert lr_find.run(JobContext(job), job.spec()).result["curve"]
