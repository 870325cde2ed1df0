"""Settings of a run that change what it learns from and how; each is the same after a stop and a resume."""

from collections import Counter
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file

from tests.engine.test_train_resume import at_step, outcome
from tlworkbench.engine.sampler import BalancedSampler
from tlworkbench.errors import UserError
from tlworkbench.jobs.events import Event, Note, Step, TrainingBegan
from tlworkbench.jobs.folder import JobFolder
from tlworkbench.jobs.follow import EventTail


def notes(job: JobFolder) -> list[str]:
    return [event.text for event in EventTail(job.events_file).read() if isinstance(event, Note)]


@pytest.mark.usefixtures("every_step_told")
def test_all_of_them_at_once_stopped_and_resumed(noisy: Any) -> None:
    settings = {
        "steps": 20, "batch_size": 4, "gradient_accumulation": 3, "class_weights": "auto", "balanced_sampler": True,
        "layer_decay": 0.7, "freeze": "embeddings", "label_smoothing": 0.1, "early_stopping": 0, "learning_rate": 1e-3,
        "max_train_rows": 100,
    }  # fmt: skip
    whole, parts = (noisy.job(noisy.spec(**settings)) for _ in range(2))
    assert noisy.train(whole).result["steps"] == 20
    for step in (4, 8, 13):
        assert noisy.train(parts, at_step(step)).status == "stopped"
    noisy.train(parts)
    assert outcome(parts) == outcome(whole)
    began = next(event for event in EventTail(whole.events_file).read() if isinstance(event, TrainingBegan))
    assert (began.batch_size, began.total_steps) == (12, 20) and began.epochs == pytest.approx(20 / 9)
    assert any("together they overdo it" in note for note in notes(whole))
    assert any("a row counts by its class: angry × " in note for note in notes(whole))


@pytest.mark.usefixtures("every_step_told")
@pytest.mark.parametrize("weighing", [{}, {"class_weights": {"angry": 3.0}, "label_smoothing": 0.2}])
def test_a_batch_in_parts_learns_the_same(trials: Any, sure: str, weighing: dict[str, Any]) -> None:
    told: list[list[tuple[float, float]]] = []
    # 118 rows: the last batch has 6, the last of its parts 2.
    for batch, parts in ((16, 1), (4, 4)):
        steps: list[tuple[float, float]] = []

        def seen(event: Event, steps: list[tuple[float, float]] = steps) -> bool:
            steps.extend([(event.loss, event.grad_norm)] if isinstance(event, Step) else [])
            return False

        settings = {"epochs": 1, "batch_size": batch, "gradient_accumulation": parts, "max_train_rows": 118}
        trials.train(trials.job(trials.spec(model=sure, **settings, **weighing)), seen)
        told.append(steps)
    whole, cut = told
    assert len(whole) == len(cut) == 8
    assert np.allclose(whole, cut, rtol=1e-3)


def test_class_weights_pull_the_answers(noisy: Any) -> None:
    job = noisy.job(noisy.spec(epochs=1, learning_rate=1e-3, class_weights={"happy": 500.0}))
    figures = noisy.train(job).result["best"]
    assert figures["accuracy"] == pytest.approx(10 / 30, abs=0.2)
    import pyarrow as pa

    table = pa.ipc.open_file(job.path / "predictions.arrow").read_all()
    assert set(table.column("answer").to_pylist()) == {"happy"}


@pytest.mark.usefixtures("every_step_told")
def test_frozen_layers_keep_their_weights(trials: Any) -> None:
    from transformers import AutoModel

    job = trials.job(trials.spec(epochs=0.3, freeze=1))
    trials.train(job)
    before = AutoModel.from_pretrained(trials.model).state_dict()
    after = load_file(job.model_dir / "model.safetensors")
    same = {name for name, values in before.items() if np.array_equal(values.numpy(), after[f"bert.{name}"])}
    kept = {name for name in before if name.startswith(("embeddings.", "encoder.layer.0."))}
    assert kept <= same and not any(name.startswith("encoder.layer.1.output") for name in same)
    assert any("the embeddings and 1 of 2 layers keep their weights" in note for note in notes(job))


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"class_weights": {"hapy": 2.0}}, "class_weights names 'hapy'"),
        ({"freeze": 7}, "freeze = 7, but .* has 2 layers"),
        ({"precision": "fp16"}, "fp16 needs a GPU"),
    ],
)
def test_what_cannot_be_had_is_refused(
    trials: Any, changes: dict[str, Any], what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(UserError, match=what) as caught:
        trials.train(trials.job(trials.spec(**changes)))
    assert caught.value.hint


def test_each_class_is_drawn_equally_often() -> None:
    classes = np.array([0] * 80 + [2] * 17 + [3] * 3)
    sampler = BalancedSampler(np.random.default_rng(1).integers(4, 60, 100), 8, seed=7, classes=classes)
    first = sampler.order()
    counts = Counter(classes[first].tolist())
    assert len(first) == len(sampler) == 100 and sorted(counts.values()) == [33, 33, 34]
    # Rare rows come round evenly, frequent ones once at most.
    assert set(Counter(first[classes[first] == 3].tolist()).values()) <= {11, 12}
    assert max(Counter(first[classes[first] == 0].tolist()).values()) == 1
    assert sampler.order().tolist() == first.tolist()
    sampler.epoch = 1
    assert set(sampler.order()[classes[sampler.order()] == 0]) != set(first[classes[first] == 0])
