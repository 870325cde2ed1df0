"""Texts as token ids, and batches of them."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from transformers import AutoTokenizer

from tlworkbench.engine.texts import TrainingBatches, batches_by_length, tokenise
from tlworkbench.errors import UserError

TEXTS = ["it is good", "refund " * 40, "how", ""]


@pytest.fixture(scope="module")
def tokenizer(tiny_bert: Path) -> Any:
    return AutoTokenizer.from_pretrained(tiny_bert)


def test_ids_are_those_of_the_tokenizer(tokenizer: Any) -> None:
    done: list[int] = []
    tokenised = tokenise(tokenizer, TEXTS, 16, done.append)
    assert done == [4] and len(tokenised) == 4
    assert tokenised.lengths.tolist() == [5, 16, 3, 2]
    assert tokenised.truncated == 1
    batch = tokenised.batch([2, 0])
    wanted = tokenizer([TEXTS[2], TEXTS[0]], padding=True, pad_to_multiple_of=8, return_tensors="pt")
    assert set(batch) == set(wanted)
    for name, tensor in wanted.items():
        assert batch[name].equal(tensor)
        assert batch[name].dtype == tensor.dtype


def test_pads_on_the_side_the_tokenizer_pads(tokenizer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokenizer, "padding_side", "left")
    mask = tokenise(tokenizer, ["how", "it is good"], 16, lambda done: None).batch([0, 1])["attention_mask"]
    assert mask.sum(dim=1).tolist() == [3, 5] and mask[:, -1].tolist() == [1, 1] and mask[0, 0] == 0


def test_a_batch_carries_its_classes(tokenizer: Any) -> None:
    collate = TrainingBatches(tokenise(tokenizer, TEXTS, 16, lambda done: None), np.array([2, 0, 1, 1]))
    assert collate([3, 0])["labels"].tolist() == [1, 2]


def test_a_tokenizer_without_a_fast_form_is_refused() -> None:
    with pytest.raises(UserError, match=r"no tokenizer\.json form"):
        tokenise(object(), TEXTS, 16, lambda done: None)


def test_batches_by_length_hold_to_the_budget() -> None:
    lengths = np.random.default_rng(1).integers(1, 100, 500)
    batches = list(batches_by_length(lengths, tokens=1024, rows=32))
    assert sorted(np.concatenate(batches).tolist()) == list(range(500))
    assert max(len(batch) for batch in batches) == 32
    assert all(len(batch) == 1 or len(batch) * -(-lengths[batch].max() // 8) * 8 <= 1024 for batch in batches)
    assert len(list(batches_by_length(np.array([5000, 3]), tokens=1024, rows=64))) == 2
