"""The trial before a run: time and memory of its longest batch, nothing trained."""

from typing import Any

import msgspec
import pytest

from tests.engine.conftest import messages
from tlworkbench.engine import preflight
from tlworkbench.engine.context import JobContext
from tlworkbench.engine.run_record import Probe, read_record
from tlworkbench.errors import UserError
from tlworkbench.jobs.events import Note
from tlworkbench.jobs.follow import EventTail
from tlworkbench.jobs.spec import PreflightSpec
from tlworkbench.preflight.ahead import LookAhead
from tlworkbench.preflight.facts import Facts
from tlworkbench.preflight.guide import guide
from tlworkbench.preflight.speeds import read_speeds, remember
from tlworkbench.preflight.work import SLOWER


def tried(trials: Any, **changes: Any) -> Any:
    job = trials.job(PreflightSpec(run=trials.spec(**changes)))
    return job, preflight.run(JobContext(job), job.spec())


def test_a_trial_tells_time_and_memory_and_leaves_nothing(trials: Any) -> None:
    job, finished = tried(trials)
    told = Facts(model="").with_trial(finished.result).tried
    assert finished.status == "done" and told is not None
    # 45 steps and three validations of 30 rows, and whatever it took to get ready.
    assert told.seconds > 45 * told.step_seconds > 0
    assert told.peak_bytes > 0 and told.free_bytes > told.peak_bytes / 100
    assert (told.rows_at_once, told.precision, told.on_gpu) == (8, "fp32", False)
    assert "on this machine, peak" in finished.what
    assert not job.model_dir.exists() and not job.checkpoints_dir.exists()


def test_a_run_is_told_to_its_end_not_its_steps_alone(trials: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from tlworkbench.engine import trial

    probe = Probe(rows=8, tokens=24, seconds=1.0, step_seconds=2.0, peak_bytes=10)
    monkeypatch.setattr(trial, "probe", lambda *given: probe)
    monkeypatch.setattr(trial, "_scoring", lambda *given: 0.01)
    short, long = (tried(trials, epochs=epochs)[1].result["seconds"] for epochs in (1.0, 3.0))
    # 15 steps an epoch, each longer than its batch alone, and 30 rows of some 16 tokens to validate on.
    assert 2 * (15 * 2 * SLOWER + 30 * 10 * 0.01) < long - short + 3 < 2 * (15 * 2 * SLOWER + 30 * 30 * 0.01) + 6


def test_what_a_run_took_is_remembered_and_told_of_the_next(trials: Any) -> None:
    assert tried(trials)[1].result["seconds"] > 0
    (before,) = read_speeds()
    trials.train(trials.job(trials.spec()))
    (speed,) = read_speeds()
    assert not before.whole and speed.whole and speed.signature == before.signature
    assert min(speed.token_seconds, speed.scoring_seconds, speed.slower, speed.base_bytes, speed.token_bytes) > 0
    taken = read_record(trials.workspace.jobs_dir / "0002-train")
    assert taken is not None and 0 < speed.fixed_seconds < taken.seconds
    remember(msgspec.structs.replace(speed, fixed_seconds=1000.0, slower=1.0))
    told = tried(trials)[1].result["seconds"]
    assert 1000 < told < 1100
    spec = trials.spec()
    facts = LookAhead(trials.workspace).at(spec)
    by = {one.strategy: one for one in guide(facts, spec)}
    assert by["full"].basis == "run" and 1000 < by["full"].seconds < 1100


def test_adapters_are_tried_as_they_would_learn(trials: Any) -> None:
    full, lora = (tried(trials, strategy=one)[1].result for one in ("full", "lora"))
    assert lora["step_seconds"] > 0 and lora["peak_bytes"] > 0 and full["precision"] == lora["precision"]
    assert {one.strategy for one in read_speeds()} == {"full", "lora"}


def test_a_head_is_tried_by_what_is_to_be_computed_for_it(trials: Any) -> None:
    spec = {"strategy": "head", "epochs": 3.0, "batch_size": 32, "learning_rate": 1e-4}
    first = tried(trials, **spec)[1].result
    assert first["seconds"] > 0 and first["step_seconds"] == 0
    trials.train(trials.job(trials.spec(**spec)))
    job, finished = tried(trials, **spec)
    # Nothing to compute: no model is loaded.
    assert 1.5 < finished.result["seconds"] < 2 and finished.status == "done"
    assert not any(event.what == "loading the model" for event in EventTail(job.events_file).read())  # type: ignore[union-attr]


def test_it_refuses_what_the_run_refuses(empty_trials: Any) -> None:
    texts = [f"message number {number}" for number in range(20)]
    empty_trials.write({"train": (texts, ["good"] * 20), "validation": (texts, ["good"] * 20)})
    with pytest.raises(UserError, match="at least two classes"):
        tried(empty_trials)


def test_more_layers_frozen_than_there_are_is_found_out(trials: Any) -> None:
    with pytest.raises(UserError, match="freeze = 9"):
        tried(trials, freeze=9)


def test_a_run_says_at_its_beginning_what_speaks_against_its_figures(empty_trials: Any) -> None:
    train, held = messages(60, 1), messages(30, 2)
    twice = ([*train[0], train[0][0], held[0][3], held[0][4]], [*train[1], train[1][1], held[1][3], held[1][4]])
    empty_trials.write({"train": twice, "validation": held})
    job = empty_trials.job(empty_trials.spec(epochs=0.2))
    empty_trials.train(job)
    said = [(event.level, event.text) for event in EventTail(job.events_file).read() if isinstance(event, Note)]
    ahead = [finding.text for finding in LookAhead(empty_trials.workspace).at(empty_trials.spec()).findings]
    doubts = [text for level, text in said if level == "warning"]
    assert any(text.startswith("1 text stands with different labels") for text in doubts)
    assert any(text.startswith("2 training rows stand in validation or test too") for text in doubts)
    assert set(ahead) <= {text for _, text in said}
