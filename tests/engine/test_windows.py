"""Long texts in windows: a row stays one text with one answer, however it is cut into parts."""

import json
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer, BertForSequenceClassification

from tests.engine.conftest import FILLERS, messages
from tests.engine.test_train_resume import at_step, outcome
from tlworkbench.engine.distributed import Team
from tlworkbench.engine.portions import portions
from tlworkbench.engine.processor_pass import training_pass
from tlworkbench.engine.run_record import WINDOWS_KEY
from tlworkbench.engine.scoring import answer
from tlworkbench.engine.shared_batches import WHOLE, SharedBatches
from tlworkbench.engine.texts import TokenisedTexts, TrainingBatches, tokenise
from tlworkbench.engine.windows import COUNTS, WindowedTexts, pooled_logits, tokenised
from tlworkbench.errors import UserError
from tlworkbench.inference.windows import Windows, pool
from tlworkbench.jobs.events import Evaluated, Note, TrainingBegan
from tlworkbench.jobs.folder import JobFolder
from tlworkbench.jobs.follow import EventTail, read_run
from tlworkbench.jobs.spec import EvaluateSpec

LENGTH = 16
WINDOWS = Windows(stride=4, most=5)
TEXTS = ["it is good", "refund " * 40, "", "how " * 15, "late and angry " * 100]
COUNTED = [1, 4, 1, 2, 5]
IN_WINDOWS: dict[str, Any] = {"long_texts": "windows", "max_length": LENGTH, "window_stride": 2}


@pytest.fixture(scope="module")
def tokenizer(tiny_bert: Path) -> Any:
    return AutoTokenizer.from_pretrained(tiny_bert)


@pytest.fixture
def texts(tokenizer: Any) -> WindowedTexts:
    found = tokenised(tokenizer, TEXTS, LENGTH, WINDOWS, lambda done: None)
    assert isinstance(found, WindowedTexts)
    return found


@pytest.fixture
def model(tiny_bert: Path) -> Any:
    """With dropout."""
    torch.manual_seed(3)
    return AutoModelForSequenceClassification.from_pretrained(tiny_bert, num_labels=3)


def test_windows_are_those_of_the_tokenizer(tokenizer: Any, texts: WindowedTexts) -> None:
    wanted = tokenizer(TEXTS, truncation=True, max_length=LENGTH, stride=4, return_overflowing_tokens=True)
    places = np.array(wanted["overflow_to_sample_mapping"])
    assert texts.counts.tolist() == np.minimum(np.bincount(places), 5).tolist() == COUNTED
    assert len(texts) == 5 and texts.truncated == 1
    batch = texts.batch([3, 1])
    assert batch[COUNTS].tolist() == [2, 4]
    rows = [*np.flatnonzero(places == 3), *np.flatnonzero(places == 1)]
    for row, ids, mask in zip(rows, batch["input_ids"], batch["attention_mask"], strict=True):
        assert ids[mask > 0].tolist() == wanted["input_ids"][row]
    assert texts.lengths.tolist()[:3] == [5, sum(map(len, wanted["input_ids"][1:5])), 2]


def test_without_windows_nothing_is_different(tokenizer: Any) -> None:
    cut = tokenised(tokenizer, TEXTS, LENGTH, None, lambda done: None)
    plain = tokenise(tokenizer, TEXTS, LENGTH, lambda done: None)
    assert isinstance(cut, TokenisedTexts) and np.array_equal(cut.ids, plain.ids) and COUNTS not in cut.batch([0, 1])


@pytest.mark.parametrize("side", ["right", "left"])
def test_parts_hold_whole_texts(texts: WindowedTexts, side: str) -> None:
    batch = TrainingBatches(texts, np.arange(5))([1, 3, 0, 4, 2])
    if side == "left":
        batch = {name: values.flip(1) if values.ndim == 2 else values for name, values in batch.items()}
    for most, wanted in ((100, [[1, 3, 0, 4, 2]]), (6, [[1, 3], [0, 4], [2]]), (1, [[1], [3], [0], [4], [2]])):
        parts = list(portions(batch, most, 10_000, side == "left"))
        assert [part["labels"].tolist() for part in parts] == wanted
        for part in parts:
            assert len(part["input_ids"]) == part[COUNTS].sum() == sum(COUNTED[row] for row in part["labels"])
        seen = [
            row[mask > 0].tolist()
            for part in parts
            for row, mask in zip(part["input_ids"], part["attention_mask"], strict=True)
        ]
        assert seen == [
            row[mask > 0].tolist() for row, mask in zip(batch["input_ids"], batch["attention_mask"], strict=True)
        ]
    assert parts[2]["input_ids"].shape == (1, 8)


def test_a_text_of_many_windows_gives_the_same_gradient_in_parts(
    model: Any, texts: WindowedTexts, monkeypatch: pytest.MonkeyPatch
) -> None:
    model.train()
    batch = texts.batch([4])
    counts = batch.pop(COUNTS)
    rows: list[int] = []
    forward = BertForSequenceClassification.forward

    def counting(self: Any, input_ids: torch.Tensor, **others: Any) -> Any:
        rows.append(len(input_ids))
        return forward(self, input_ids, **others)

    monkeypatch.setattr(BertForSequenceClassification, "forward", counting)

    def gradients(logits: torch.Tensor) -> list[torch.Tensor]:
        torch.nn.functional.cross_entropy(logits, torch.tensor([1])).backward()
        found = [weight.grad.clone() for weight in model.parameters()]
        model.zero_grad(set_to_none=True)
        return found

    torch.manual_seed(1)
    parts = [{name: values[start : start + 2] for name, values in batch.items()} for start in (0, 2, 4)]
    plain = gradients(torch.cat([logits_of(model)(part) for part in parts]).mean(dim=0, keepdim=True))
    rows.clear()
    torch.manual_seed(1)
    again = gradients(pooled_logits(logits_of(model), batch, counts, at_once=2))
    # Each part once more for its gradients, with the same dropout.
    assert sorted(rows) == [1, 1, 2, 2, 2, 2]
    for one, other in zip(plain, again, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-7)


def test_the_scorer_pools_as_the_trainer_does(model: Any, texts: WindowedTexts) -> None:
    told: list[int] = []
    logits = answer(model, texts, "fp32", told.append)
    batch = texts.batch(range(5))
    counts = batch.pop(COUNTS)
    with torch.no_grad():
        wanted = pooled_logits(logits_of(model), batch, counts, at_once=100).numpy()
        windows = model(**batch).logits.numpy()
    np.testing.assert_allclose(logits, wanted, atol=1e-5)
    np.testing.assert_allclose(pool(windows, COUNTED), wanted, atol=1e-6)
    assert told[-1] == 5


def logits_of(model: Any) -> Any:
    def forward(inputs: Any) -> torch.Tensor:
        with training_pass("cpu", bf16=False):
            logits: torch.Tensor = model(**inputs).logits.float()
        return logits

    return forward


def buried(count: int, seed: int) -> tuple[list[str], list[str | None]]:
    """Messages whose telling words come after 20 to 40 that say nothing."""
    texts, labels = messages(count, seed)
    random = Random(seed)
    return [" ".join([*random.choices(FILLERS, k=random.randint(20, 40)), text]) for text in texts], labels


@pytest.fixture
def long_texts(empty_trials: Any) -> Any:
    empty_trials.write({"train": buried(90, 1), "validation": buried(30, 2)})
    return empty_trials


def notes(job: JobFolder) -> list[str]:
    return [event.text for event in EventTail(job.events_file).read() if isinstance(event, Note)]


def macro_f1(job: JobFolder) -> float:
    return float((read_run(job).result or {})["best"]["macro_f1"])


def test_a_run_reads_what_cutting_would_not_show(long_texts: Any) -> None:
    settings = {"epochs": 8, "early_stopping": 0, "max_length": LENGTH}
    cut, windows = (
        long_texts.job(long_texts.spec(**settings, **more))
        for more in ({}, {"long_texts": "windows", "window_stride": 2})
    )
    long_texts.train(cut)
    long_texts.train(windows)
    assert macro_f1(cut) < 0.5 and macro_f1(windows) > 0.65
    began = next(event for event in EventTail(windows.events_file).read() if isinstance(event, TrainingBegan))
    assert began.truncated == 0 and began.windows > 2 * 90 and began.train_rows == 90
    assert any(f"90 texts are read in {began.windows} windows of up to 16 tokens" in note for note in notes(windows))
    # What is trained is what is measured, and what a new process reads of the saved model.
    _, measured = long_texts.evaluate(EvaluateSpec(model=windows.run))
    assert measured.result["macro_f1"] == pytest.approx(macro_f1(windows), abs=1e-9)
    saved = json.loads((windows.model_dir / "config.json").read_text())
    assert saved[WINDOWS_KEY] == {"stride": 2, "most": 32}
    # A run from there that cuts says nothing of windows any more.
    after = long_texts.job(long_texts.spec(model=windows.run, epochs=0.1, max_length=LENGTH))
    long_texts.train(after)
    assert WINDOWS_KEY not in json.loads((after.model_dir / "config.json").read_text())


@pytest.mark.usefixtures("every_step_told")
def test_memory_that_runs_out_lowers_the_windows_at_once(
    long_texts: Any, sure: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = {"model": sure, "epochs": 0.5, "batch_size": 8, "class_weights": {"angry": 2.0}, **IN_WINDOWS}
    free, capped = (long_texts.job(long_texts.spec(**settings)) for _ in range(2))
    long_texts.train(free)
    forward = BertForSequenceClassification.forward
    passes = 0

    def limited(self: Any, input_ids: torch.Tensor, **others: Any) -> Any:
        nonlocal passes
        passes += 1
        if self.training and passes > 12 and len(input_ids) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return forward(self, input_ids, **others)

    monkeypatch.setattr(BertForSequenceClassification, "forward", limited)
    long_texts.train(capped)
    # Two windows at once, while every text has three at least.
    told = [note for note in notes(capped) if "out of memory" in note]
    assert "with 8 windows at once at step" in told[0] and told[0].endswith("a step still learns from 8 rows")
    assert (read_run(capped).result or {})["rows_at_once"] == 2
    # Weights after an optimizer step magnify what rounding leaves.
    steps = [[step.loss for step in read_run(job).steps] for job in (free, capped)]
    assert len(steps[0]) == 6 and np.allclose(steps[0], steps[1], rtol=1e-3)


@pytest.mark.usefixtures("every_step_told")
def test_stopped_and_resumed_it_ends_bit_equal(long_texts: Any) -> None:
    spec = long_texts.spec(epochs=1, batch_size=4, gradient_accumulation=3, learning_rate=1e-3, **IN_WINDOWS)
    whole, parts = long_texts.job(spec), long_texts.job(spec)
    long_texts.train(whole)
    assert long_texts.train(parts, at_step(5)).status == "stopped"
    long_texts.train(parts)
    assert outcome(parts) == outcome(whole)


def test_head_pools_features_and_its_checkpoint_answers_by_windows(
    long_texts: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = long_texts.job(long_texts.spec(strategy="head", **{**IN_WINDOWS, "max_windows": 2}))
    long_texts.train(job)
    found = [event for event in EventTail(job.events_file).read() if isinstance(event, Evaluated)]
    monkeypatch.setattr("tlworkbench.engine.precision.has_bf16", lambda device: False)
    _, measured = long_texts.evaluate(EvaluateSpec(model=job.run))
    # The mean of a linear layer's answers is its answer to the mean.
    assert measured.result["loss"] == pytest.approx(found[-1].loss, abs=1e-4)
    assert measured.result["macro_f1"] == pytest.approx(found[-1].macro_f1)
    saved = json.loads((job.model_dir / "config.json").read_text())
    assert saved[WINDOWS_KEY] == {"stride": 2, "most": 2}
    cut = long_texts.job(long_texts.spec(strategy="head", max_length=LENGTH))
    assert long_texts.train(cut).result["features_computed"] == 120, "features of cut texts are others"


def test_lora_leaves_a_checkpoint_that_reads_by_windows(long_texts: Any) -> None:
    job = long_texts.job(long_texts.spec(strategy="lora", epochs=0.2, **IN_WINDOWS))
    long_texts.train(job)
    assert json.loads((job.model_dir / "config.json").read_text())[WINDOWS_KEY] == {"stride": 2, "most": 32}
    _, measured = long_texts.evaluate(EvaluateSpec(model=job.run))
    assert measured.result["loss"] == pytest.approx((read_run(job).result or {})["best"]["loss"], abs=1e-4)


def test_processes_share_texts_with_all_their_windows(texts: WindowedTexts) -> None:
    class Second(Team):
        def share(self, rows: Sequence[int]) -> Sequence[int]:
            return rows[1::2]

    classes = np.arange(5)
    batch = SharedBatches(TrainingBatches(texts, classes), classes, None, Second())([0, 4, 3, 1])
    assert batch["labels"].tolist() == [4, 1] and batch[COUNTS].tolist() == [5, 4] and len(batch["input_ids"]) == 9
    assert batch[WHOLE] == 4


def test_what_is_longer_than_all_its_windows_is_told(long_texts: Any) -> None:
    job = long_texts.job(long_texts.spec(epochs=0.1, **{**IN_WINDOWS, "max_windows": 2}))
    long_texts.train(job)
    assert any("have more than 2 windows of 16 tokens: the rest of them is not read" in note for note in notes(job))


def test_windows_that_can_not_be_are_refused(long_texts: Any) -> None:
    job = long_texts.job(long_texts.spec(**{**IN_WINDOWS, "window_stride": 14}))
    with pytest.raises(UserError, match="window_stride = 14 is too large"):
        long_texts.train(job)


@pytest.mark.parametrize("noted", [{"stride": 99, "most": 3}, {"stride": "x", "most": 3}, "yes"])
def test_a_model_that_says_nonsense_of_windows_is_refused(long_texts: Any, noted: Any) -> None:
    job = long_texts.job(long_texts.spec(epochs=0.1, **IN_WINDOWS))
    long_texts.train(job)
    path = job.model_dir / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), WINDOWS_KEY: noted}))
    with pytest.raises(UserError, match=r"too large|tlworkbench_windows"):
        long_texts.evaluate(EvaluateSpec(model=job.run))
