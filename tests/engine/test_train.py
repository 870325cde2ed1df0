"""A training run from its rows to its model: what it tells, what it leaves, when it ends."""

import json
import math
import platform
import sys
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pytest

from tlworkbench.jobs.events import Evaluated, Event, Finished, Note, Step, TrainingBegan
from tlworkbench.jobs.folder import JobFolder
from tlworkbench.jobs.follow import EventTail, read_run
from tlworkbench.jobs.spec import EvaluateSpec


def events(job: JobFolder) -> list[Event]:
    return EventTail(job.events_file).read()


def notes(job: JobFolder) -> list[str]:
    return [event.text for event in events(job) if isinstance(event, Note)]


def test_learns_what_can_be_told_apart(trials: Any) -> None:
    job = trials.job(trials.spec())
    finished = trials.train(job)
    result = finished.result
    assert finished.status == "done"
    assert result["best"]["macro_f1"] > 0.9
    assert result["best"]["macro_f1"] > result["majority"]["macro_f1"] + 0.5
    assert {"run", "status", "best", "majority", "seconds", "examples_per_second", "steps"} <= set(result)
    assert (result["run"], result["status"], result["steps"], result["precision"]) == ("0001", "done", 45, "fp32")
    assert (result["train_rows"], result["eval_rows"]) == (120, 30)
    assert result["classes"] == ["angry", "asking", "happy"]
    json.dumps(result)


def test_events_tell_the_whole_run(trials: Any) -> None:
    job = trials.job(trials.spec(max_train_rows=100))
    result = trials.train(job).result
    told = events(job)
    began = next(event for event in told if isinstance(event, TrainingBegan))
    assert (began.train_rows, began.eval_rows, began.total_steps, began.first_step) == (100, 30, 39, 0)
    assert sum(began.train_counts) == 100 and sum(began.eval_counts) == 30
    assert began.truncated == 0 and began.max_length == 128
    assert began.majority_accuracy == pytest.approx(1 / 3, abs=0.01)
    steps = [event for event in told if isinstance(event, Step)]
    assert [step.step for step in steps] == sorted({step.step for step in steps})
    assert steps[-1].step == 39 and steps[-1].epoch == pytest.approx(3)
    assert all(math.isfinite(step.loss) and step.loss > 0 and step.grad_norm > 0 for step in steps)
    assert all(step.seconds_left >= 0 for step in steps) and steps[-1].examples_per_second > 0
    evaluated = [event for event in told if isinstance(event, Evaluated)]
    assert [(event.step, event.epoch) for event in evaluated] == [(13, 1.0), (26, 2.0), (39, 3.0)]
    for event in evaluated:
        assert event.split == "validation" and np.sum(event.confusion) == 30
        assert [one.name for one in event.per_class] == ["angry", "asking", "happy"]
        assert event.accuracy == pytest.approx(np.trace(event.confusion) / 30)
    best = [event for event in evaluated if event.best][-1]
    assert (best.step, best.macro_f1, best.loss) == tuple(result["best"][key] for key in ("step", "macro_f1", "loss"))
    assert any("100 rows drawn from 120 training rows" in note for note in notes(job))
    state = read_run(job)
    assert state.result is not None and state.best is not None and state.share == 1.0


def test_leaves_a_model_that_knows_its_labels(trials: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    monkeypatch.setattr(sys, "argv", ["/somewhere/bin/tlworkbench", "train", "--set", "class_weights.a b=2"])
    job = trials.job(trials.spec(max_length=12))
    result = trials.train(job).result
    model = AutoModelForSequenceClassification.from_pretrained(job.model_dir)
    assert model.config.id2label == {0: "angry", 1: "asking", 2: "happy"}
    assert (model.config.tlworkbench_max_length, model.config.tlworkbench_run) == (12, "0001")
    assert AutoTokenizer.from_pretrained(job.model_dir).tokenize("the order") == ["the", "order"]
    assert not list(job.path.rglob("*.bin")) and not list(job.path.rglob("*.pt"))
    assert not job.checkpoints_dir.exists()
    record = json.loads((job.path / "run.json").read_bytes())
    assert record["versions"]["python"] == platform.python_version() and record["platform"] == platform.platform()
    assert record["typed"] == "tlworkbench train --set 'class_weights.a b=2'"
    assert record["seed"] == 7 and record["journal_version"] == 0 and record["result"] == result
    assert record["versions"]["transformers"] and "tlworkbench train" in record["command"]
    assert record["spec"]["max_length"] == 12


def test_the_kept_answers_are_those_of_the_best_weights(noisy: Any) -> None:
    # Labels drawn at random: validation loss rises soon, while the rows are learned by heart.
    job = noisy.job(noisy.spec(epochs=10, learning_rate=5e-3, schedule="constant", metric="loss", early_stopping=0))
    result = noisy.train(job).result
    losses = [event.loss for event in events(job) if isinstance(event, Evaluated)]
    assert len(losses) == 10
    assert result["best"]["loss"] == min(losses) < losses[-1]
    with pa.ipc.open_file(job.path / "predictions.arrow") as file:
        table = file.read_all()
    right = np.mean(np.array(table["answer"].to_pylist()) == np.array(table["class"].to_pylist()))
    assert right == pytest.approx(result["best"]["accuracy"])
    _, again = noisy.evaluate(EvaluateSpec(model="1"))
    assert again.result["macro_f1"] == pytest.approx(result["best"]["macro_f1"])


def test_stops_early_when_nothing_gets_better(trials: Any) -> None:
    job = trials.job(trials.spec(epochs=8, learning_rate=1e-12, early_stopping=2))
    result = trials.train(job).result
    assert (result["steps"], result["best"]["epoch"]) == (45, 1.0)
    assert any("stopped early after epoch 3" in note for note in notes(job))


def test_the_same_run_twice_ends_in_the_same_weights(trials: Any) -> None:
    ends = []
    for _ in range(2):
        job = trials.job(trials.spec(epochs=1))
        trials.train(job)
        ends.append((job.model_dir / "model.safetensors").read_bytes()[-4096:])
    job = trials.job(trials.spec(epochs=1, seed=8))
    trials.train(job)
    assert ends[0] == ends[1] != (job.model_dir / "model.safetensors").read_bytes()[-4096:]


def test_bf16_learns_as_well(trials: Any) -> None:
    result = trials.train(trials.job(trials.spec(precision="bf16"))).result
    assert result["precision"] == "bf16" and result["best"]["macro_f1"] > 0.9


@pytest.mark.parametrize("schedule", ["linear", "cosine", "constant"])
def test_the_learning_rate_rises_then_follows_its_schedule(trials: Any, schedule: str) -> None:
    job = trials.job(trials.spec(epochs=1, warmup=0.4, schedule=schedule, learning_rate=1e-3))
    rates: list[float] = []

    def seen(event: Event) -> bool:
        if isinstance(event, Step):
            rates.append(event.learning_rate)
        return False

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tlworkbench.engine.reporter.STEP_EVERY", 0.0)
        trials.train(job, seen)
    assert len(rates) == 15
    assert rates[:6] == sorted(rates[:6]) and rates[6] == pytest.approx(1e-3)
    assert rates[-1] == pytest.approx(1e-3) if schedule == "constant" else rates[-1] < 2e-4


def test_goes_on_from_an_earlier_run_and_replaces_a_head_that_does_not_fit(trials: Any) -> None:
    first = trials.job(trials.spec())
    trials.train(first)
    second = trials.job(trials.spec(model="1", epochs=0.2))
    assert trials.train(second).result["best"]["macro_f1"] > 0.9
    trials.workspace.journal().map_labels({"asking": "happy"}, means="command")
    third = trials.job(trials.spec(model="1", epochs=0.2))
    assert trials.train(third).result["classes"] == ["angry", "happy"]
    assert any("its head is replaced by one for 2" in note for note in notes(third))


def test_takes_the_labels_as_they_stood_at_a_version(trials: Any) -> None:
    journal = trials.workspace.journal()
    journal.map_labels({"asking": "question"}, means="command")
    old, new = (trials.job(trials.spec(epochs=0.2, journal_version=version)) for version in (0, None))
    assert "asking" in trials.train(old).result["classes"]
    assert "question" in trials.train(new).result["classes"]


def test_a_run_that_is_done_stays_done(trials: Any) -> None:
    job = trials.job(trials.spec(epochs=1))
    first = trials.train(job)
    weights = (job.model_dir / "model.safetensors").stat().st_mtime_ns
    assert trials.train(job).result == first.result
    assert (job.model_dir / "model.safetensors").stat().st_mtime_ns == weights


def test_texts_that_are_cut_are_told(trials: Any) -> None:
    job = trials.job(trials.spec(epochs=0.2, max_length=8))
    trials.train(job)
    began = next(event for event in events(job) if isinstance(event, TrainingBegan))
    assert began.max_length == 8 and 0.5 < began.truncated < 1
    assert any("longer than 8 tokens" in note for note in notes(job))


def test_label_smoothing_shows_in_the_loss(trials: Any) -> None:
    losses = []
    for smoothing in (0.0, 0.5):
        job = trials.job(trials.spec(epochs=4, label_smoothing=smoothing))
        trials.train(job)
        losses.append([event.loss for event in events(job) if isinstance(event, Step)][-1])
    assert losses[1] > losses[0] + 0.3


def test_no_pickle_of_the_settings_is_left_in_a_checkpoint(trials: Any) -> None:
    job = trials.job(trials.spec())
    seen: list[Path] = []

    def stop(event: Event) -> bool:
        return isinstance(event, Step) and event.step > 20

    finished = trials.train(job, stop)
    seen = list(job.checkpoints_dir.rglob("*"))
    assert finished.status == "stopped"
    assert any(path.name == "trainer_state.json" for path in seen)
    assert not any(path.name == "training_args.bin" for path in seen)


def test_events_survive_a_round_trip(trials: Any) -> None:
    job = trials.job(trials.spec(epochs=0.2))
    trials.train(job)
    for line in job.events_file.read_bytes().splitlines():
        assert isinstance(msgspec.json.decode(line), dict)
    assert isinstance(events(job)[-1], Finished)
