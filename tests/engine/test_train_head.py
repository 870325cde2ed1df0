"""The `head` strategy: features of a frozen body, a last layer fitted to them, a checkpoint like any other."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch
from safetensors.numpy import load_file, save_file
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    BertForSequenceClassification,
    DistilBertConfig,
    DistilBertModel,
    GPT2Config,
    GPT2Model,
    PreTrainedModel,
    RobertaConfig,
    RobertaModel,
)

from tlworkbench.engine.head_features import (
    MODEL_FOLDER,
    features_folder,
    kept_features,
    read_layer,
    split_numbers,
)
from tlworkbench.engine.head_fit import fit_linear
from tlworkbench.engine.head_train import ignored_settings
from tlworkbench.engine.run_record import read_record
from tlworkbench.errors import UserError
from tlworkbench.jobs.events import Evaluated, Event, Note, Progress, TrainingBegan
from tlworkbench.jobs.folder import JobFolder
from tlworkbench.jobs.follow import EventTail, read_run
from tlworkbench.jobs.spec import EvaluateSpec, TrainSpec

KINDS = ("bert", "distilbert", "roberta", "gpt2")


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Features of one test are not found by another."""
    monkeypatch.setenv("TLWORKBENCH_HOME", str(tmp_path / "home"))


@pytest.fixture
def folder(tiny_bert: Path, tmp_path: Path) -> Path:
    return shutil.copytree(tiny_bert, tmp_path / "model")


def of_kind(folder: Path, kind: str) -> Path:
    """A tiny model of another architecture with the tiny model's tokenizer; a decoder without padding token."""
    if kind == "bert":
        return folder
    size = len(AutoTokenizer.from_pretrained(folder))
    for file in ("config.json", "model.safetensors"):
        (folder / file).unlink()
    model: PreTrainedModel
    with torch.random.fork_rng():
        torch.manual_seed(3)
        if kind == "gpt2":
            model = GPT2Model(GPT2Config(vocab_size=size, n_embd=32, n_layer=1, n_head=2, n_positions=64))
        elif kind == "distilbert":
            model = DistilBertModel(DistilBertConfig(vocab_size=size, dim=32, n_layers=1, n_heads=2, hidden_dim=64))
        else:
            few: dict[str, Any] = {
                "hidden_size": 32,
                "num_hidden_layers": 1,
                "num_attention_heads": 2,
                "intermediate_size": 64,
            }
            model = RobertaModel(RobertaConfig(vocab_size=size, max_position_embeddings=66, pad_token_id=1, **few))
        model.save_pretrained(folder)
    if kind == "gpt2":
        options = folder / "tokenizer_config.json"
        settings = {**json.loads(options.read_text()), "pad_token": None, "eos_token": "[SEP]"}
        options.write_text(json.dumps(settings))
    return folder


def head(trials: Any, **changes: Any) -> TrainSpec:
    return TrainSpec(model=str(trials.model), strategy="head", precision="fp32", **changes)


def events(job: JobFolder) -> list[Event]:
    return EventTail(job.events_file).read()


def notes(job: JobFolder) -> list[str]:
    return [event.text for event in events(job) if isinstance(event, Note)]


@pytest.mark.parametrize("kind", KINDS)
def test_the_checkpoint_answers_what_the_head_answers_to_its_features(trials: Any, folder: Path, kind: str) -> None:
    trials.model = of_kind(folder, kind)
    spec = head(trials)
    job = trials.job(spec)
    result = trials.train(job).result
    cache = features_folder(folder, spec)
    layer = read_layer(cache / MODEL_FOLDER)
    assert layer is not None
    model = AutoModelForSequenceClassification.from_pretrained(job.model_dir).eval()
    linear = model.get_submodule(layer.name)
    rows = trials.workspace.rows()
    which = np.flatnonzero(rows.splits == rows.meta.splits.index("validation"))
    kept = torch.from_numpy(kept_features(cache, rows.keys[which]).vectors)
    tokenizer = AutoTokenizer.from_pretrained(job.model_dir)
    with torch.no_grad():
        ours = linear(kept)
        theirs = torch.cat(
            [model(**tokenizer(text, return_tensors="pt")).logits for text in rows.texts(which.tolist())]
        )
    assert float((ours - theirs).abs().max()) < 1e-4 * max(1.0, float(theirs.abs().max()))
    assert model.config.id2label == {0: "angry", 1: "asking", 2: "happy"}
    answers = pa.ipc.open_file(job.path / "predictions.arrow").read_all()
    logged = dict(zip(answers["key"].to_pylist(), answers["answer"].to_pylist(), strict=True))
    names = [model.config.id2label[int(number)] for number in theirs.argmax(dim=1)]
    assert [logged[int(key)] for key in rows.keys[which]] == names
    # Even an untrained body tells such messages apart better than chance.
    assert result["best"]["macro_f1"] > result["majority"]["macro_f1"] + 0.1


def test_the_run_tells_and_leaves_what_any_run_does(trials: Any) -> None:
    job = trials.job(head(trials, max_length=12))
    finished = trials.train(job)
    told = events(job)
    began = next(event for event in told if isinstance(event, TrainingBegan))
    (evaluated,) = [event for event in told if isinstance(event, Evaluated)]
    assert (began.train_rows, began.eval_rows, began.total_steps, began.max_length) == (120, 30, 1, 12)
    assert evaluated.best and evaluated.split == "validation" and np.sum(evaluated.confusion) == 30
    best = finished.result["best"]
    assert (evaluated.step, evaluated.macro_f1, evaluated.loss) == (best["step"], best["macro_f1"], best["loss"])
    record = read_record(job.path)
    assert record is not None and record.result == finished.result and record.spec["strategy"] == "head"
    assert (job.path / "examples.arrow").is_file() and read_run(job).share == 1.0
    config = json.loads((job.model_dir / "config.json").read_text())
    assert (config["tlworkbench_max_length"], config["tlworkbench_run"]) == (12, "0001")
    assert not list(job.path.rglob("*.head")) and not (job.model_dir / "tlworkbench-head.json").exists()
    _, measured = trials.evaluate(EvaluateSpec(model="0001"))
    assert measured.result["macro_f1"] == pytest.approx(best["macro_f1"], abs=1e-9)
    assert measured.result["accuracy"] == pytest.approx(best["accuracy"], abs=1e-9)
    assert trials.train(job).what == "run 0001 was done already"


def test_what_is_trained_further_begins_where_the_head_ended(trials: Any) -> None:
    trials.train(trials.job(head(trials)))
    further = trials.train(trials.job(trials.spec(model="0001", epochs=1.0)))
    assert further.status == "done" and not any("replaced" in text for text in notes(trials.job(trials.spec())))


def test_after_a_relabelling_nothing_is_computed_again(trials: Any) -> None:
    first = trials.train(trials.job(head(trials))).result
    rows = trials.workspace.rows()
    journal = trials.workspace.journal(rows)
    asking = next(label for label in trials.workspace.labelling().label_set.labels if label.name == "asking")
    journal.set_label([int(key) for key in rows.keys[:10]], asking.id, means="bulk")
    job = trials.job(head(trials))
    again = trials.train(job).result
    assert first["features_computed"] == 150 and again["features_computed"] == 0
    assert any("150 of 150 rows were there already" in text for text in notes(job))
    assert again["best"]["loss"] != first["best"]["loss"]


def test_where_all_is_there_torch_is_not_even_loaded(trials: Any) -> None:
    trials.train(trials.job(head(trials)))
    job = trials.job(head(trials))
    program = (
        "import sys; from pathlib import Path\n"
        "from tlworkbench.engine import train\n"
        "from tlworkbench.engine.context import JobContext\n"
        "from tlworkbench.jobs.folder import open_job\n"
        "job = open_job(Path(sys.argv[1]))\n"
        "print(train.run(JobContext(job), job.spec()).status, 'torch' in sys.modules)\n"
    )
    command = [sys.executable, "-c", program, str(job.path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["done", "False"]


def test_a_stop_keeps_the_features_and_a_resume_computes_the_others(
    trials: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tlworkbench.engine.stopping._TOLD_EVERY", 0.0)
    monkeypatch.setattr("tlworkbench.engine.embed_texts._CPU_TOKENS", 256)
    whole = trials.train(trials.job(head(trials, max_length=30))).result
    job = trials.job(head(trials))
    enough = lambda event: isinstance(event, Progress) and event.what == "embedding" and event.done >= 50  # noqa: E731
    stopped = trials.train(job, enough)
    assert stopped.status == "stopped" and "kept" in stopped.what and not job.model_dir.exists()
    resumed = trials.train(job)
    assert resumed.status == "done" and 0 < resumed.result["features_computed"] <= 100
    # No text has 30 tokens, so both lengths give the same features.
    assert resumed.result["best"]["loss"] == pytest.approx(whole["best"]["loss"], abs=1e-4)


def test_a_new_set_of_classes_needs_no_new_features(trials: Any) -> None:
    trials.train(trials.job(head(trials)))
    journal = trials.workspace.journal(trials.workspace.rows())
    journal.map_labels({"asking": "angry"})
    job = trials.job(head(trials))
    result = trials.train(job).result
    assert result["classes"] == ["angry", "happy"] and result["features_computed"] == 0
    model = AutoModelForSequenceClassification.from_pretrained(job.model_dir)
    assert model.config.num_labels == 2 and model.classifier.weight.shape == (2, 32)


def test_settings_that_have_no_say_are_named(trials: Any) -> None:
    spec = head(trials, epochs=9.0, freeze="embeddings", learning_rate=1e-4, metric="loss", seed=3)
    assert ignored_settings(spec) == ["epochs", "freeze"]
    job = trials.job(spec)
    trials.train(job)
    assert any("epochs, freeze have no say" in text for text in notes(job))


def test_class_weights_count_and_unknown_ones_are_refused(trials: Any) -> None:
    plain = trials.train(trials.job(head(trials, metric="loss"))).result
    job = trials.job(head(trials, metric="loss", class_weights={"angry": 20.0}))
    weighed = trials.train(job).result
    assert weighed["best"]["loss"] != plain["best"]["loss"] and any("angry × 20" in text for text in notes(job))
    with pytest.raises(UserError, match="class_weights names 'furious'"):
        trials.train(trials.job(head(trials, class_weights={"furious": 2.0})))


def test_a_layer_that_knows_nothing_hands_the_first_token_on_and_a_trained_one_stays(
    trials: Any, folder: Path, tmp_path: Path
) -> None:
    trials.model = bare = shutil.copytree(folder, tmp_path / "bare")
    weights = load_file(bare / "model.safetensors")
    save_file({name: each for name, each in weights.items() if "pooler" not in name}, bare / "model.safetensors")
    job = trials.job(head(trials))
    assert trials.train(job).result["best"]["macro_f1"] > 0.5
    assert any("bert.pooler.dense hands the first token on" in text for text in notes(job))
    trained = BertForSequenceClassification.from_pretrained(folder, num_labels=3)
    trained.save_pretrained(folder)
    trials.model = folder
    job = trials.job(head(trials))
    trials.train(job)
    kept = BertForSequenceClassification.from_pretrained(job.model_dir)
    assert kept.bert.pooler is not None and trained.bert.pooler is not None
    assert torch.equal(kept.bert.pooler.dense.weight, trained.bert.pooler.dense.weight)
    assert not any("hands the first token on" in text for text in notes(job))


@pytest.fixture
def points() -> Iterator[tuple[Any, Any]]:
    random = np.random.default_rng(0)
    classes = np.arange(300) % 3
    yield (random.normal(size=(300, 8)) + classes[:, None] * 0.7 + 5.0).astype(np.float32) * 40, classes


@pytest.mark.parametrize("weighed", [False, True])
def test_the_layer_is_scikit_learns_in_the_features_own_scale(points: Any, weighed: bool) -> None:
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    vectors, classes = points
    weights = np.array([1.0, 3.0, 0.5])[classes] if weighed else None
    fitted = fit_linear(vectors, classes, 3, 1.0, None if weights is None else weights.astype(np.float32), True)
    scaled = StandardScaler().fit_transform(vectors) / np.sqrt(8)
    theirs = LogisticRegression(C=1.0, tol=1e-8, max_iter=1000).fit(scaled, classes, weights).decision_function(scaled)
    ours = fitted.logits(vectors)
    assert np.abs((ours - ours.mean(axis=1, keepdims=True)) - theirs).max() < 2e-2


def test_without_a_bias_nothing_is_added(points: Any) -> None:
    vectors, classes = points
    # Told apart by where they lie, not by how far away.
    vectors[np.arange(300), classes] += 200
    fitted = fit_linear(vectors, classes, 3, 0.01, None, False)
    assert not fitted.bias.any()
    assert (fitted.logits(vectors).argmax(axis=1) == classes).mean() > 0.95


def test_two_half_numbers_hold_a_whole_one() -> None:
    vectors = np.random.default_rng(0).normal(size=(100, 16)).astype(np.float32) * 30
    numbers = split_numbers(vectors, np.zeros(100, np.bool_)).astype(np.float16).astype(np.float32)
    assert np.abs(numbers[:, :16] + numbers[:, 16:-1] / 2048 - vectors).max() < 1e-5
