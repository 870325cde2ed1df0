"""What can go wrong around a run, each really caused, is told in two lines: what happened, and what to do."""

import os
import re
import resource
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.engine.test_train_resume import at_step
from tests.engine.test_train_resume import outcome as learned
from tlworkbench.data.journal import Journal
from tlworkbench.engine.__main__ import carried_out
from tlworkbench.engine.context import JobContext
from tlworkbench.errors import UserError
from tlworkbench.jobs.events import Finished
from tlworkbench.jobs.folder import JobFolder, create_job
from tlworkbench.jobs.follow import read_run
from tlworkbench.jobs.spec import TrainSpec
from tlworkbench.jobs.spec_text import save_spec


@dataclass(frozen=True)
class Case:
    """Something that goes wrong, and words of the two lines that tell it."""

    spoil: Callable[[Any, JobFolder, Path], Any]
    what: str
    do: str


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def rows_cut(trials: Any, job: JobFolder, model: Path) -> None:
    cut(trials.workspace.rows_file)


def rows_gone(trials: Any, job: JobFolder, model: Path) -> None:
    trials.workspace.rows_file.unlink()


def journal_no_database(trials: Any, job: JobFolder, model: Path) -> None:
    trials.workspace.labels_file.write_bytes(b"no database at all" * 400)


def info_cut(trials: Any, job: JobFolder, model: Path) -> None:
    trials.workspace.info_file.write_text('{"format": 1, ')


def info_unreadable(trials: Any, job: JobFolder, model: Path) -> None:
    # What a missing right does to others, this does to root too.
    trials.workspace.info_file.unlink()
    trials.workspace.info_file.mkdir()


def workspace_gone(trials: Any, job: JobFolder, model: Path) -> None:
    trials.workspace.info_file.unlink()


def model_gone(trials: Any, job: JobFolder, model: Path) -> None:
    shutil.rmtree(model)


def weights_gone(trials: Any, job: JobFolder, model: Path) -> None:
    (model / "model.safetensors").unlink()


def weights_cut(trials: Any, job: JobFolder, model: Path) -> None:
    cut(model / "model.safetensors")


def weights_garbled(trials: Any, job: JobFolder, model: Path) -> None:
    (model / "model.safetensors").write_bytes(b"\xff" * 5000)


def config_cut(trials: Any, job: JobFolder, model: Path) -> None:
    cut(model / "config.json")


def tokenizer_cut(trials: Any, job: JobFolder, model: Path) -> None:
    cut(model / "tokenizer.json")


def other_labels(trials: Any, job: JobFolder, model: Path) -> None:
    save_spec(job.spec_file, msgspec.structs.replace(job.spec(), class_weights={"angry": 2.0, "furious": 3.0}))


def label_without_rows(trials: Any, job: JobFolder, model: Path) -> None:
    trials.write({"train": (["a b", "c d"] * 8, ["angry"] * 16), "validation": (["e", "f"], ["angry", "happy"])})


def spec_mistaken(trials: Any, job: JobFolder, model: Path) -> None:
    job.spec_file.write_text(job.spec_file.read_text().replace("learning_rate", "learnign_rate"))


def spec_gone(trials: Any, job: JobFolder, model: Path) -> None:
    job.spec_file.unlink()


def examples_cut(trials: Any, job: JobFolder, model: Path) -> None:
    (job.path / "examples.arrow").write_bytes(b"ARROW1 and then nothing")


def file_for_checkpoints(trials: Any, job: JobFolder, model: Path) -> None:
    job.checkpoints_dir.write_text("in the way")


def rate_too_high(trials: Any, job: JobFolder, model: Path) -> None:
    save_spec(job.spec_file, msgspec.structs.replace(job.spec(), learning_rate=1e30, warmup=0.0))


CASES = {
    "rows cut short": Case(rows_cut, "rows.arrow is damaged", "Open the source again"),
    "rows gone": Case(rows_gone, "has no dataset yet", "tlworkbench open"),
    "journal that is none": Case(journal_no_database, "labels.sqlite is damaged", "labels salvage"),
    "workspace.json cut": Case(info_cut, "workspace.json is damaged", "move it away"),
    "workspace.json unreadable": Case(info_unreadable, "workspace.json can't be read", "rights"),
    "workspace gone": Case(workspace_gone, "there is no workspace", "Open a dataset"),
    "model gone": Case(model_gone, "there is no folder", "Check the path"),
    "weights gone": Case(weights_gone, "can't be used", "Choose another"),
    "weights cut short": Case(weights_cut, "holds 55 kB of 110 kB", "Choose another"),
    "weights garbled": Case(weights_garbled, "no safetensors file", "Choose another"),
    "configuration cut": Case(config_cut, "config.json is damaged", "Choose another"),
    "tokenizer cut": Case(tokenizer_cut, "tokenizer of", "tokenizer.json"),
    "weight of an unknown class": Case(other_labels, "furious", "happy"),
    "label without rows": Case(label_without_rows, "at least two classes", "label some rows"),
    "mistake in job.toml": Case(spec_mistaken, "learnign_rate", "Did you mean 'learning_rate'?"),
    "job.toml gone": Case(spec_gone, "job.toml does not exist", "Check the path"),
    "examples damaged": Case(examples_cut, "examples.arrow is damaged", "Start a new run"),
    "file where checkpoints go": Case(file_for_checkpoints, "a file stands where a folder should be", "Move it away"),
    "learning rate too high": Case(rate_too_high, "at step", "Lower the learning rate"),
}


def outcome(job: JobFolder) -> Finished:
    """As the engine's process ends, without the process."""
    context = JobContext(job)
    finished = carried_out(context)
    context.finish(finished)
    return finished


def assert_told(finished: Finished, what: str, do: str) -> None:
    assert finished.status == "failed", finished
    assert what in finished.what and do in finished.hint, finished
    assert finished.what and finished.hint and "\n" not in finished.what + finished.hint
    assert not any(word in finished.what for word in ("Error:", "Errno", "Exception", "Traceback")), finished.what
    assert "whole story" not in finished.hint and not finished.what.endswith("."), finished


@pytest.fixture
def own_model(trials: Any, tmp_path: Path) -> Path:
    """A copy that may be spoilt."""
    return Path(shutil.copytree(trials.model, tmp_path / "model"))


@pytest.mark.parametrize("name", CASES)
def test_it_is_told_in_two_lines(trials: Any, own_model: Path, name: str) -> None:
    case = CASES[name]
    job = trials.job(trials.spec(model=str(own_model), epochs=0.2, baseline=False))
    case.spoil(trials, job, own_model)
    finished = outcome(job)
    assert_told(finished, case.what, case.do)
    state = read_run(job)
    assert (state.status, state.what, state.hint) == ("failed", finished.what, finished.hint)


@pytest.fixture
def small_files(trials: Any) -> Iterator[None]:
    """No file may grow beyond 100 kB, as if the disk were full then: the system refuses the rest of the write."""
    trials.workspace.journal().close()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.usefixtures("small_files")
def test_a_disk_without_room_for_a_checkpoint(trials: Any) -> None:
    job = trials.job(trials.spec(epochs=0.2, baseline=False))
    finished = outcome(job)
    assert_told(finished, f"the disk is full: no checkpoint could be written to {job.checkpoints_dir}", "resume")
    assert not any(job.checkpoints_dir.iterdir())


def test_a_disk_without_room_for_an_event(trials: Any, caplog: pytest.LogCaptureFixture) -> None:
    job = trials.job(trials.spec())
    job.events_file.symlink_to("/dev/full")
    assert_told(outcome(job), "the disk is full", "Free some space")
    assert job.state().status == "failed" and "the disk is full" in job.state().what
    assert "the last word could not be written" in caplog.text


def test_a_journal_that_another_program_holds(trials: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    job = trials.job(trials.spec())
    trials.workspace.journal().close()
    monkeypatch.setattr(Journal.open.__func__, "__defaults__", ((), "", 0.2))  # type: ignore[attr-defined]
    with closing(sqlite3.connect(trials.workspace.labels_file, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        assert_told(outcome(job), "is locked: another program", "end that program")


def test_a_path_that_is_too_long(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*["a" * 200] * 3, "ws")
    deep.mkdir(parents=True)
    with pytest.raises(UserError) as raised:
        Journal.open(deep / "labels.sqlite")
    assert "the path is too long" in raised.value.what and "fewer than 450" in raised.value.hint
    jobs = tmp_path.joinpath(*["b" * 200] * 20)
    with pytest.raises(UserError, match="File name too long"):
        create_job(jobs, TrainSpec(model="m"))


def all_cut(newest: Path) -> None:
    for checkpoint in newest.parent.iterdir():
        cut(checkpoint / "optimizer.pt")


CHECKPOINTS: dict[str, tuple[Callable[[Path], Any], str]] = {
    "weights": (lambda newest: cut(newest / "model.safetensors"), "step 8 is damaged .*goes on from step [36]"),
    "optimizer": (lambda newest: cut(newest / "optimizer.pt"), "step 8 is damaged .*goes on from step [36]"),
    "state": (lambda newest: (newest / "trainer_state.json").write_text("{"), "step 8 is damaged .*from step [36]"),
    "half written": (lambda newest: (newest / "trainer_state.json").unlink(), "step 8 is incomplete.*from step [36]"),
    "all": (all_cut, "step 3 .*begins anew"),
    "gone": (lambda newest: shutil.rmtree(newest.parent), "there is no checkpoint .*: the run begins anew"),
}


@pytest.mark.usefixtures("every_step_told")
def test_a_checkpoint_that_is_damaged_or_gone(noisy: Any, tmp_path: Path) -> None:
    whole, parts = (noisy.job(noisy.spec(epochs=3, max_train_rows=24, early_stopping=0)) for _ in range(2))
    noisy.train(whole)
    assert noisy.train(parts, at_step(7)).status == "stopped"
    kept = parts.path.rename(tmp_path / "kept")
    for name, (spoil, words) in CHECKPOINTS.items():
        shutil.rmtree(parts.path, ignore_errors=True)
        shutil.copytree(kept, parts.path)
        spoil(parts.checkpoints_dir / "checkpoint-8")
        assert noisy.train(parts).status == "done", name
        notes = [note.text for note in read_run(parts).notes]
        assert any(re.search(words, note) for note in notes), (name, notes)
        assert learned(parts) == learned(whole), name
