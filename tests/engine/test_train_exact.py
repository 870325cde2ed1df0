"""However a run is set, stopped, killed or repeated, its weights are those of the run that nothing happened to."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
import torch

from tests.engine.test_train_resume import at_step, outcome, weights
from tlworkbench.engine import outcome as ending
from tlworkbench.engine.checkpoint import find_checkpoint
from tlworkbench.engine.run_record import read_record, write_record
from tlworkbench.jobs.events import Evaluated, Event, Progress
from tlworkbench.jobs.folder import JobFolder
from tlworkbench.jobs.follow import read_run
from tlworkbench.jobs.prepare import training_spec
from tlworkbench.jobs.spec import EvaluateSpec
from tlworkbench.jobs.starter import record_starter


class Killed(BaseException):
    """As if the process had gone at this place: nothing after it happens."""


def at_evaluation(step: int) -> Callable[[Event], bool]:
    return lambda event: isinstance(event, Evaluated) and event.step == step


def measuring_the_saved(event: Event) -> bool:
    return isinstance(event, Progress) and event.what == "measuring the saved model"


@pytest.mark.parametrize(
    ("settings", "stops"),
    [
        pytest.param(
            {
                "gradient_accumulation": 2,
                "batch_size": 4,
                "balanced_sampler": True,
                "max_train_rows": 64,
                "epochs": 2.5,
                "schedule": "cosine",
            },
            # Inside each epoch, at an evaluation, one step before the last.
            (at_step(3), at_evaluation(8), at_step(11), at_step(18)),
            id="accumulation, balanced sampler",
        ),
        pytest.param(
            {"layer_decay": 0.7, "freeze": 1, "label_smoothing": 0.1, "class_weights": "auto", "steps": 20},
            (at_step(1), at_step(13), at_step(18)),
            id="layers frozen and slowed, losses weighed",
        ),
        pytest.param(
            {
                "tokens_per_batch": 64,
                "max_train_rows": 101,
                "max_eval_rows": 17,
                "warmup": 0.5,
                "weight_decay": 0.3,
                "max_grad_norm": 0.1,
                "epochs": 2,
            },
            (at_step(12), at_step(13)),
            id="few tokens at once, a last batch that is not full",
        ),
    ],
)
@pytest.mark.usefixtures("every_step_told")
def test_stopped_and_resumed_it_is_the_same_run(
    noisy: Any, settings: dict[str, Any], stops: tuple[Callable[[Event], bool], ...]
) -> None:
    spec = noisy.spec(learning_rate=1e-3, early_stopping=0, **settings)
    whole, parts = noisy.job(spec), noisy.job(spec)
    assert noisy.train(whole).status == "done"
    for stop_when in stops:
        assert noisy.train(parts, stop_when).status == "stopped"
    assert noisy.train(parts).status == "done"
    assert outcome(parts) == outcome(whole)


@pytest.fixture
def patient(noisy: Any) -> tuple[Any, JobFolder, int]:
    """Runs that end for want of something better, one of them done, and the step it ended at."""
    whole = noisy.job(noisy.spec(epochs=9, learning_rate=1e-3, metric="accuracy", early_stopping=1))
    steps = noisy.train(whole).result["steps"]
    assert steps < 9 * 15 and any("stopped early" in note.text for note in read_run(whole).notes)
    return noisy, whole, steps


@pytest.mark.usefixtures("every_step_told")
def test_stopped_right_before_it_would_have_ended_early(patient: Any) -> None:
    runs, whole, last = patient
    parts = runs.job(whole.spec())
    # One evaluation and one step before the last; then while the last is measured, which is waited for.
    for stop_when in (at_evaluation(last - 15), at_step(last - 2)):
        assert runs.train(parts, stop_when).status == "stopped"
    assert runs.train(parts, at_evaluation(last)).status == "done"
    assert outcome(parts) == outcome(whole)
    assert any("stopped early" in note.text for note in read_run(parts).notes)


def test_stopped_while_the_best_weights_are_measured_again(noisy: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ending, "LONG_EVALUATION", -1.0)
    monkeypatch.setattr("tlworkbench.engine.stopping._TOLD_EVERY", -1.0)
    monkeypatch.setattr("tlworkbench.engine.scoring._CPU_TOKENS", 64)
    spec = noisy.spec(steps=8, learning_rate=1e-3)
    whole, parts = noisy.job(spec), noisy.job(spec)
    noisy.train(whole)
    stopped = noisy.train(parts, measuring_the_saved)
    assert stopped.status == "stopped" and weights(parts) == weights(whole)
    assert noisy.train(parts).status == "done"
    assert outcome(parts) == outcome(whole)


@pytest.mark.parametrize("place", ["keep_as_model", "write_predictions", "end_record"])
def test_killed_at_its_end_it_ends_the_same(noisy: Any, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    # It ends early, after the second evaluation.
    spec = noisy.spec(epochs=9, max_train_rows=32, learning_rate=1e-6, metric="accuracy", early_stopping=1)
    whole, parts = noisy.job(spec), noisy.job(spec)
    assert noisy.train(whole).result["steps"] == 8

    def killed(*arguments: Any, **settings: Any) -> None:
        raise Killed

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(ending, place, killed)
        noisy.train(parts)
    assert noisy.train(parts).status == "done"
    assert outcome(parts) == outcome(whole)
    assert not parts.checkpoints_dir.exists() and {path.name for path in parts.path.glob(".*")} == set()


@pytest.mark.usefixtures("every_step_told")
def test_killed_while_it_writes_a_checkpoint(noisy: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = noisy.spec(epochs=2, max_train_rows=64, learning_rate=1e-3)
    whole, parts = noisy.job(spec), noisy.job(spec)
    noisy.train(whole)
    assert noisy.train(parts, at_step(5)).status == "stopped"
    save = torch.save

    def half(value: Any, path: Any, *arguments: Any, **settings: Any) -> None:
        save(value, path, *arguments, **settings)
        if Path(path).name == "optimizer.pt" and "checkpoint-8" in str(path):
            written = Path(path).read_bytes()
            Path(path).write_bytes(written[: len(written) // 2])
            raise Killed

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(torch, "save", half)
        noisy.train(parts)
    assert (parts.checkpoints_dir / "checkpoint-8").is_dir()
    assert noisy.train(parts).status == "done"
    told = [note.text for note in read_run(parts).notes]
    assert "resumed at step 6 of 16" in told and any(text.startswith("the checkpoint of step 8 is") for text in told)
    assert outcome(parts) == outcome(whole)


@pytest.mark.usefixtures("every_step_told")
def test_wherever_it_was_killed_while_writing_the_one_before_counts(noisy: Any, tmp_path: Path) -> None:
    job = noisy.job(noisy.spec(epochs=1))
    assert noisy.train(job, at_step(4)).status == "stopped"
    (newest,) = job.checkpoints_dir.iterdir()
    written = sorted(newest.iterdir(), key=lambda file: file.stat().st_mtime_ns)
    assert written[-1].name == "trainer_state.json", "what is whole is known by its last file"
    folder = tmp_path / "checkpoints"
    shutil.copytree(newest, folder / "checkpoint-3")
    for place, file in enumerate(written):
        for share in (0.0, 0.5):
            part = folder / "checkpoint-15"
            shutil.rmtree(part, ignore_errors=True)
            part.mkdir()
            for earlier in written[:place]:
                shutil.copyfile(earlier, part / earlier.name)
            content = file.read_bytes()
            (part / file.name).write_bytes(content[: int(len(content) * share)])
            found, damaged = find_checkpoint(folder)
            assert found is not None and found.step == 3 and len(damaged) == 1, (file.name, share)


def test_a_run_is_repeated_from_its_job_file_though_the_labels_changed(trials: Any) -> None:
    settings = {"epochs": 0.5, "class_weights": {"angry": 2.0}, "balanced_sampler": True, "seed": 11}
    first = trials.job(training_spec(trials.workspace, None, assignments(trials, settings)))
    trials.train(first)
    rows = trials.workspace.rows()
    journal = trials.workspace.journal(rows)
    labels = {label.name: label.id for label in trials.workspace.labelling().label_set.labels}
    journal.set_label([int(key) for key in rows.keys[:30]], labels["happy"], means="bulk")
    journal.set_excluded([int(key) for key in rows.keys[40:60]], True, means="bulk")
    journal.map_labels({"angry": "cross"}, means="command")

    spec = training_spec(trials.workspace, first.spec_file, ())
    assert spec.journal_version == 0 and spec == first.spec()
    again = trials.job(spec)
    trials.train(again)
    assert outcome(again) == outcome(first) and weights(again) == weights(first)
    records = [read_record(job.path) for job in (first, again)]
    assert all(record is not None and record.journal_version == 0 for record in records)
    now = trials.job(training_spec(trials.workspace, first.spec_file, ("journal_version=3", "class_weights=none")))
    trials.train(now)
    assert weights(now) != weights(first)


def assignments(trials: Any, settings: dict[str, Any]) -> tuple[str, ...]:
    """The settings as `--set` takes them, with those under which the tiny model learns."""
    whole = {"model": trials.model, "batch_size": 8, "learning_rate": 7e-3, "precision": "fp32", **settings}
    weights = whole.pop("class_weights", {})
    pairs = [f"{name}={str(value).lower() if isinstance(value, bool) else value}" for name, value in whole.items()]
    return (*pairs, *(f"class_weights.{name}={weight}" for name, weight in weights.items()))


def test_the_best_weights_are_what_is_kept_and_measure_as_they_were_logged(noisy: Any) -> None:
    # Labels drawn at random: validation loss rises soon, while the rows are learned by heart.
    job = noisy.job(noisy.spec(epochs=5, learning_rate=5e-3, schedule="constant", metric="loss", early_stopping=0))
    best = noisy.train(job).result["best"]
    logged = [done.loss for done in read_run(job).evaluations]
    assert best["loss"] == min(logged) != logged[-1]
    _, measured = noisy.evaluate(EvaluateSpec(model="1"))
    assert {name: measured.result[name] for name in ("loss", "accuracy", "macro_f1")} == {
        name: best[name] for name in ("loss", "accuracy", "macro_f1")
    }


@pytest.mark.usefixtures("every_step_told")
def test_what_is_known_of_a_run_is_kept_when_another_command_takes_it_up(
    noisy: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["tlworkbench", "train", "--epochs", "1"])
    job = noisy.job(noisy.spec(epochs=1))
    noisy.train(job, at_step(4))
    before = read_record(job.path)
    assert before is not None and before.result is None and before.seconds > 0
    monkeypatch.setattr("sys.argv", ["tlworkbench", "resume", "1"])
    record_starter(job.path)
    noisy.train(job)
    after = read_record(job.path)
    assert after is not None and after.typed == before.typed == "tlworkbench train --epochs 1"
    assert after.seconds > before.seconds and after.probe == before.probe
    assert after.command == f"tlworkbench train {job.spec_file}" and after.versions["torch"] == torch.__version__


@pytest.mark.usefixtures("every_step_told")
def test_taken_up_under_other_conditions_it_says_so(noisy: Any) -> None:
    job = noisy.job(noisy.spec(epochs=1))
    noisy.train(job, at_step(4))
    noisy.train(job, at_step(8))
    record = read_record(job.path)
    assert record is not None
    others = {"threads": 99, "versions": {**record.versions, "torch": "1.0"}}
    write_record(job.path, msgspec.structs.replace(record, **others))
    noisy.train(job)
    told = [note.text for note in read_run(job).notes if "other conditions" in note.text]
    threads = f"threads 99 then, {record.threads} now; torch 1.0 then, {torch.__version__} now"
    assert told == [f"taken up under other conditions ({threads}): it may end in slightly other weights"]
