"""A step's rows cut into parts of like length under a budget of tokens; the model compiled where that is wanted."""

from typing import Any

import numpy as np
import pytest
import torch

from tests.engine.conftest import messages
from tests.engine.test_train_memory import curve, told
from tlworkbench.engine.gpu_speed import compile_for, quick_products
from tlworkbench.engine.portions import most_rows, portions, token_budget
from tlworkbench.engine.texts import Batch, TokenisedTexts


def texts_of(lengths: list[int], pad_left: bool = False) -> TokenisedTexts:
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    ids = np.arange(1, offsets[-1] + 1, dtype=np.int32)
    return TokenisedTexts(ids, offsets, None, np.zeros(len(lengths), np.bool_), 0, pad_left)


def batch_of(lengths: list[int], pad_left: bool = False) -> Batch:
    texts = texts_of(lengths, pad_left)
    return {**texts.batch(range(len(lengths))), "labels": torch.arange(len(lengths))}


@pytest.mark.parametrize("pad_left", [False, True])
@pytest.mark.parametrize(("rows", "tokens"), [(32, 96), (3, 10_000), (32, 8), (5, 200)])
def test_each_row_once_within_both_limits(rows: int, tokens: int, pad_left: bool) -> None:
    lengths = [3, 40, 8, 9, 17, 2, 40, 33, 12, 5]
    batch = batch_of(lengths, pad_left)
    parts = list(portions(batch, rows, tokens, pad_left))
    assert sorted(torch.cat([part["labels"] for part in parts]).tolist()) == list(range(10))
    for part in parts:
        count, width = part["input_ids"].shape
        assert count <= rows and (count == 1 or count * width <= tokens)
        longest = max(lengths[row] for row in part["labels"].tolist())
        assert width == -(-longest // 8) * 8
        for row, label in enumerate(part["labels"].tolist()):
            seen = part["attention_mask"][row] == 1
            kept = batch["input_ids"][label][batch["attention_mask"][label] == 1]
            assert torch.equal(part["input_ids"][row][seen], kept)
    assert most_rows(batch, rows, tokens) == max(len(part["labels"]) for part in parts)


def test_what_fits_goes_through_as_it_is() -> None:
    batch = batch_of([7, 8, 3])
    (part,) = portions(batch, 3, 24, pad_left=False)
    assert part is batch
    assert len(list(portions(batch, 3, 23, pad_left=False))) > 1


def test_a_budget_is_what_was_asked_for_or_what_suits_the_device() -> None:
    assert [token_budget(0, "cpu"), token_budget(0, "cuda"), token_budget(100, "cpu")] == [4096, 65536, 100]


@pytest.mark.usefixtures("every_step_told")
def test_long_rows_go_in_parts_and_learn_the_same(
    empty_trials: Any, sure: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts, labels = messages(60, 1)
    # Every sixth one is long.
    texts = [" ".join([text] * 6) if place % 6 == 0 else text for place, text in enumerate(texts)]
    empty_trials.write({"train": (texts, labels), "validation": messages(30, 2)})
    seen: list[tuple[int, int]] = []
    real = portions

    def recorded(batch: Batch, *others: Any) -> Any:
        for part in real(batch, *others):
            seen.append((part["input_ids"].shape[0], part["input_ids"].shape[1]))
            yield part

    monkeypatch.setattr("tlworkbench.engine.trainer.portions", recorded)
    settings = {"model": sure, "epochs": 1, "batch_size": 12}
    _, whole, measured = curve(empty_trials, empty_trials.spec(**settings))
    assert len(seen) == 5
    seen.clear()
    job, cut, again = curve(empty_trials, empty_trials.spec(**settings, tokens_per_batch=256))
    assert all(rows == 1 or rows * width <= 256 for rows, width in seen) and len(seen) > 5
    assert len(whole) == len(cut) == 5
    assert np.allclose(cut, whole, rtol=1e-3) and np.allclose(again, measured, rtol=1e-3)
    assert told(job) == []


def test_compile_is_told_where_it_is_not_done(trials: Any) -> None:
    job = trials.job(trials.spec(steps=1, compile=True))
    assert trials.train(job).status == "done"
    assert told(job) == ["compile is for GPUs: on this processor the run goes on without"]


def test_a_model_is_compiled_in_place_for_any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    model = torch.nn.Linear(2, 2)
    asked: list[dict[str, Any]] = []
    monkeypatch.setattr(model, "compile", lambda **settings: asked.append(settings))
    assert compile_for(model, "cuda") is None and asked == [{"dynamic": True}]
    assert set(model.state_dict()) == {"weight", "bias"}


def test_tf32_is_for_gpus() -> None:
    before = torch.get_float32_matmul_precision()
    cudnn = torch.backends.cudnn.allow_tf32
    try:
        quick_products("cpu")
        assert torch.get_float32_matmul_precision() == before
        quick_products("cuda")
        assert torch.get_float32_matmul_precision() == "high"
    finally:
        torch.set_float32_matmul_precision(before)
        torch.backends.cudnn.allow_tf32 = cudnn
