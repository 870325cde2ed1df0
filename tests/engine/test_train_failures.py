"""What goes wrong while a run is at work is told in plain words, and the run can be taken up again."""

import errno
from collections import namedtuple
from pathlib import Path
from typing import Any

import pytest
import torch

from tlworkbench.engine.failures import explained
from tlworkbench.errors import UserError


def failure(trials: Any, **changes: Any) -> UserError:
    with pytest.raises(UserError) as caught:
        trials.train(trials.job(trials.spec(**changes)))
    return caught.value


def test_numbers_that_overflow(trials: Any) -> None:
    error = failure(trials, learning_rate=1e30, warmup=0.0)
    assert "became" in error.what and "at step" in error.what
    assert "Lower the learning rate (now 1e+30)" in error.hint


def test_memory_that_ran_out(trials: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: Any, **kwargs: Any) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB.")

    monkeypatch.setattr("transformers.BertForSequenceClassification.forward", full)
    error = failure(trials)
    assert error.what == "out of memory with one text of up to 20 tokens at a time"
    assert "smaller max_length" in error.hint


def test_a_disk_that_ran_full_costs_nothing_but_the_wait(trials: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, job = (trials.job(trials.spec(epochs=2)) for _ in range(2))
    trials.train(whole)
    save = torch.save

    def full(state: Any, path: str) -> None:
        if "checkpoint-30" in path:
            Path(path).write_bytes(b"half")
            raise OSError(errno.ENOSPC, "No space left on device")
        save(state, path)

    with monkeypatch.context() as patch:
        patch.setattr("torch.save", full)
        with pytest.raises(UserError) as caught:
            trials.train(job)
    assert "the disk is full" in caught.value.what and "resume" in caught.value.hint
    assert [path.name for path in job.checkpoints_dir.iterdir()] == ["checkpoint-15"]
    assert trials.train(job).status == "done"
    weights = [(run.model_dir / "model.safetensors").read_bytes() for run in (whole, job)]
    assert weights[0] == weights[1]


def test_a_disk_too_small_is_refused_before_the_first_step(trials: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    with monkeypatch.context() as patch:
        patch.setattr("shutil.disk_usage", lambda path: usage(10**9, 10**9, 1000))
        assert "the disk has 0 MB free" in failure(trials).what


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (
            RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"),
            "out of memory",
        ),
        (MemoryError(), "out of memory"),
        (RuntimeError("PytorchStreamWriter failed writing file data/3: file write failed"), "disk is full"),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), "disk is full"),
    ],
)
def test_what_libraries_say_of_it(error: Exception, words: str) -> None:
    reason = explained(error, 32, 128, "/tmp/x")
    assert reason is not None and words in reason.what


def test_what_nobody_foresaw_is_left_as_it_is() -> None:
    assert explained(RuntimeError("mat1 and mat2 shapes cannot be multiplied"), 32, 128, "/tmp/x") is None
