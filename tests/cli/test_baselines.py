"""`evaluate --baselines`, and baselines in what `train` prints."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tlworkbench.cli import baselines, training
from tlworkbench.cli.main import main
from tlworkbench.data.rows_writer import write_rows
from tlworkbench.jobs.baseline_words import said
from tlworkbench.jobs.events import Baseline
from tlworkbench.jobs.folder import create_job
from tlworkbench.jobs.spec import BaselineSpec, JobSpec, TrainSpec
from tlworkbench.workspace import Workspace, open_workspace

Run = Callable[..., tuple[int, str, str]]
LINES: list[dict[str, Any]] = [
    {"name": "head", "macro_f1": 0.5484, "accuracy": 0.6, "loss": 0.9, "words": "fitted to 40 rows"},
    {"name": "majority", "macro_f1": 0.2, "accuracy": 0.45, "loss": None, "words": "always 'good'"},
    {"name": "as it is", "macro_f1": None, "accuracy": None, "loss": None, "words": "no head"},
]
RESULT = {"run": "0001", "status": "done", "eval_rows": 12, "baselines": LINES}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[JobSpec]:
    """The jobs that were asked for; each ends with RESULT."""
    specs: list[JobSpec] = []

    def run_job(workspace: Workspace, spec: JobSpec, name: str) -> tuple[None, dict[str, Any]]:
        specs.append(spec)
        return None, RESULT

    for module in (baselines, training):
        monkeypatch.setattr(module, "run_job", run_job)
    return specs


@pytest.fixture
def workspace(word_model: Path) -> Workspace:
    workspace = open_workspace("here", create=True)
    write_rows(workspace.rows_file, {"train": {"text": ["a", "b"], "label": ["x", "y"]}})
    workspace.update(model=str(word_model))
    return workspace


@pytest.fixture
def run(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> Run:
    """A command on the workspace `here`: status, what it printed, what it said of errors."""

    def run(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main(["-w", "here", *arguments])
        told = capsys.readouterr()
        return int(str(ended.value.code)), told.out, told.err

    return run


def test_of_the_chosen_model(run: Run, asked: list[JobSpec], workspace: Workspace) -> None:
    status, shown, _ = run("evaluate", "--baselines", "--max-rows", "20")
    assert status == 0
    expected = TrainSpec(model=workspace.info.model, max_eval_rows=20, journal_version=0)
    assert asked == [BaselineSpec(run=expected)]
    assert [line.split()[:3] for line in shown.splitlines()[2:]] == [
        ["head", ".548", ".600"],
        ["majority", ".200", ".450"],
        ["as", "it", "is"],
    ]
    assert "on 12 validation rows" in shown and "–" in shown and "no head" in shown


def test_of_a_run_with_its_settings(run: Run, asked: list[JobSpec], workspace: Workspace) -> None:
    spec = TrainSpec(model=workspace.info.model, seed=3, max_train_rows=1, journal_version=0)
    create_job(workspace.jobs_dir, spec)
    status, shown, _ = run("evaluate", "1", "--baselines", "--json")
    assert (status, asked, json.loads(shown)) == (0, [BaselineSpec(run=spec)], RESULT)


def test_of_another_split_there_are_none(run: Run, asked: list[JobSpec]) -> None:
    status, _, said = run("evaluate", "--baselines", "--split", "test")
    assert status == 2 and "Leave out --split" in said and asked == []


def test_before_any_run_evaluate_says_what_there_is_to_measure(run: Run) -> None:
    status, _, said = run("evaluate")
    assert status == 1 and "tlworkbench evaluate --baselines" in said


def test_train_tells_what_its_run_was_held_against(run: Run, asked: list[JobSpec]) -> None:
    _, shown, _ = run("train")
    assert "against: majority .200 · as it is – (no head) · head .548" in shown.splitlines()


def test_a_line_of_baselines() -> None:
    assert said([Baseline(name="new", macro_f1=1.0), Baseline(name="majority", macro_f1=0.0)]) == (
        "majority .000 · new 1.000"
    )
