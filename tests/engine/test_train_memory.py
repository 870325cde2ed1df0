"""A run whose memory runs out goes on with fewer rows at once, and learns what it would have learnt."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import BertForSequenceClassification

from tests.engine.conftest import messages
from tests.engine.test_train_resume import at_step, outcome
from tlworkbench.engine.machine import _free_in_groups, free_memory
from tlworkbench.engine.portions import attempt
from tlworkbench.engine.run_record import read_record
from tlworkbench.jobs.events import Evaluated, Event, Note, Step, TrainingBegan
from tlworkbench.jobs.folder import JobFolder
from tlworkbench.jobs.follow import EventTail, read_run
from tlworkbench.jobs.spec import TrainSpec

Fails = Callable[[int, bool, int], bool]


def told(job: JobFolder) -> list[str]:
    events = EventTail(job.events_file).read()
    return [event.text for event in events if isinstance(event, Note) and event.level == "warning"]


@pytest.fixture
def out_of_memory(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Fails], None]]:
    """Let a forward pass fail where `fails(rows, training, passes so far)` says so."""
    forward = BertForSequenceClassification.forward

    def install(fails: Fails) -> None:
        passes = 0

        def limited(self: Any, input_ids: torch.Tensor, **others: Any) -> Any:
            nonlocal passes
            passes += 1
            if fails(len(input_ids), self.training, passes):
                raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB.")
            return forward(self, input_ids, **others)

        monkeypatch.setattr(BertForSequenceClassification, "forward", limited)

    yield install


def curve(trials: Any, spec: TrainSpec) -> tuple[JobFolder, list[tuple[float, float]], list[float]]:
    """A run's losses and gradient norms by step, and its validation losses."""
    job = trials.job(spec)
    steps: list[tuple[float, float]] = []
    measured: list[float] = []

    def seen(event: Event) -> bool:
        if isinstance(event, Step):
            steps.append((event.loss, event.grad_norm))
        elif isinstance(event, Evaluated):
            measured.append(event.loss)
        return False

    trials.train(job, seen)
    return job, steps, measured


@pytest.mark.usefixtures("every_step_told")
def test_the_step_is_done_again_in_smaller_parts(
    trials: Any, sure: str, out_of_memory: Callable[[Fails], None]
) -> None:
    settings = {"epochs": 1, "batch_size": 8, "gradient_accumulation": 2, "class_weights": {"angry": 2.0}}
    spec = trials.spec(model=sure, **settings)
    _, steps, measured = curve(trials, spec)
    # Four passes of the probe, then two a step: the second part of the third step fails when the first has left its
    # gradients, and so does the first of those it is cut into.
    out_of_memory(lambda rows, training, number: training and rows > 2 and number >= 10)
    job, cut, again = curve(trials, spec)
    assert len(cut) == len(steps) == 8
    assert np.allclose(cut, steps, rtol=1e-3) and np.allclose(again, measured, rtol=1e-3)
    assert told(job) == [
        f"out of memory with {before} rows at once at step 3: goes on with {rows} × {16 // rows}, "
        "a step still learns from 16 rows"
        for before, rows in ((8, 4), (4, 2))
    ]
    result = read_run(job).result or {}
    assert (result["rows_a_step"], result["rows_at_once"]) == (16, 2)
    record = read_record(job.path)
    assert record is not None and [(one.step, one.rows) for one in record.smaller_portions] == [(3, 4), (3, 2)]


@pytest.mark.usefixtures("every_step_told")
def test_a_resumed_run_keeps_to_the_smaller_parts(noisy: Any, out_of_memory: Callable[[Fails], None]) -> None:
    # With dropout: what is drawn depends on how a batch is cut.
    spec = noisy.spec(epochs=2, early_stopping=0, learning_rate=1e-3)
    out_of_memory(lambda rows, training, number: training and rows > 4 and number >= 9)
    whole, parts = noisy.job(spec), noisy.job(spec)
    noisy.train(whole)
    out_of_memory(lambda rows, training, number: training and rows > 4 and number >= 9)
    assert noisy.train(parts, at_step(10)).status == "stopped"
    out_of_memory(lambda rows, training, number: training and rows > 4)
    assert noisy.train(parts, at_step(20)).status == "stopped"
    noisy.train(parts)
    assert outcome(parts) == outcome(whole)
    assert len(told(parts)) == len(told(whole)) == 1


def test_what_does_not_fit_is_found_before_the_first_step(
    trials: Any, out_of_memory: Callable[[Fails], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = trials.job(trials.spec(epochs=0.3))
    trials.train(plain)
    record = read_record(plain.path)
    assert record is not None and record.probe is not None and record.probe.rows == 8
    assert record.probe.tokens == 24 and record.probe.seconds > 0 and record.probe.peak_bytes > 10e6
    # There is room for one and two rows, then for the weights' moments and not much else.
    monkeypatch.setattr("tlworkbench.engine.probe.free_memory", lambda: 1_000_000)
    foreseen = trials.job(trials.spec(epochs=0.3))
    trials.train(foreseen)
    assert "the longest batch would need" in told(foreseen)[0]
    monkeypatch.setattr("tlworkbench.engine.probe.free_memory", lambda: 10**12)
    monkeypatch.setattr("tlworkbench.engine.probe._AMPLE", 1e9)
    out_of_memory(lambda rows, training, number: training and rows > 4)
    tried = trials.job(trials.spec(epochs=0.3))
    trials.train(tried)
    assert told(tried)[0].startswith("out of memory with 8 rows at once: goes on with 4 × 2")


def test_trying_the_longest_batch_leaves_no_trace(trials: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from tlworkbench.engine.run_record import Probe

    first, second = (trials.job(trials.spec(epochs=0.5)) for _ in range(2))
    trials.train(first)
    monkeypatch.setattr("tlworkbench.engine.fitting.probe", lambda *arguments: Probe(8, 24, 0.1, 0.1, 1))
    trials.train(second)
    assert outcome(first) == outcome(second)


def test_measuring_takes_fewer_rows_at_once_too(trials: Any, out_of_memory: Callable[[Fails], None]) -> None:
    first, second = (trials.job(trials.spec(epochs=0.5)) for _ in range(2))
    result = trials.train(first).result
    out_of_memory(lambda rows, training, number: not training and rows > 3)
    again = trials.train(second).result
    assert again["best"] == pytest.approx(result["best"], rel=1e-4)


_CAPPED = """
import resource, sys
import psutil
import tlworkbench.engine.__main__ as engine
from tlworkbench.engine.trainer import TextTrainer

train = TextTrainer.train

def capped(self, **given):
    # After the probe, which would foresee it.
    room = psutil.Process().memory_info().vms + int(sys.argv[2])
    resource.setrlimit(resource.RLIMIT_AS, (room, room))
    return train(self, **given)

TextTrainer.train = capped
sys.exit(engine.main(sys.argv[1]))
"""


def test_a_real_cap_on_memory(empty_trials: Any, sure: str) -> None:
    texts, labels = messages(120, 1)
    empty_trials.write({"train": ([" ".join([text] * 12) for text in texts], labels), "validation": messages(30, 2)})
    spec = empty_trials.spec(model=sure, steps=2, batch_size=120, tokens_per_batch=100_000, learning_rate=1e-3)
    free, capped = empty_trials.job(spec), empty_trials.job(spec)
    result = empty_trials.train(free).result
    child = subprocess.run(
        [sys.executable, "-c", _CAPPED, str(capped.path), str(50_000_000)],
        # What is freed goes back to the system at once, so that the cap counts what is in use.
        env={
            "OMP_NUM_THREADS": "1",
            "MALLOC_MMAP_THRESHOLD_": "65536",
            "MALLOC_ARENA_MAX": "1",
            "PYTHONPATH": ":".join(sys.path),
            "PATH": "",
        },
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert child.returncode == 0, (told(capped), read_run(capped).what, child.stderr[-3000:])
    again = read_run(capped).result or {}
    assert again["rows_at_once"] < 120 and again["rows_a_step"] == 120 and again["steps"] == 2
    assert any("out of memory with 120 rows at once at step 1" in note for note in told(capped))
    assert again["best"]["loss"] == pytest.approx(result["best"]["loss"], rel=1e-3)
    began = next(event for event in EventTail(capped.events_file).read() if isinstance(event, TrainingBegan))
    assert began.batch_size == 120 and began.step_seconds > 0 and began.peak_memory > 50_000_000


def test_memory_left_below_the_limits_of_a_container(tmp_path: Path) -> None:
    group = tmp_path / "box" / "job"
    group.mkdir(parents=True)
    for folder, limit in ((group, "max"), (group.parent, "1000")):
        (folder / "memory.max").write_text(f"{limit}\n")
        (folder / "memory.current").write_text("700\n")
        (folder / "memory.stat").write_text("anon 400\ninactive_file 300\n")
    assert _free_in_groups(tmp_path, Path("box/job")) == [600]
    assert free_memory() > 0


def test_an_attempt_that_fails_leaves_nothing_behind() -> None:
    model = torch.nn.Linear(3, 2)

    def work() -> None:
        model(torch.rand(4, 3)).sum().backward()
        raise RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory")

    before = torch.get_rng_state()
    assert attempt(model, work) is None
    assert torch.equal(torch.get_rng_state(), before) and model.weight.grad is None
    with pytest.raises(RuntimeError, match="cannot be multiplied"):
        attempt(model, lambda: model(torch.rand(4, 5)))
