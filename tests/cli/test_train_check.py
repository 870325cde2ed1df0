"""`train --check`: what a run would do, told by a command that starts nothing."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.preflight.conftest import numbered
from tlworkbench.cli.main import main
from tlworkbench.data.rows_writer import write_rows
from tlworkbench.jobs import launch as launching
from tlworkbench.jobs.folder import list_jobs
from tlworkbench.jobs.trials import FOLDER
from tlworkbench.workspace import Workspace, open_workspace

Run = Callable[..., tuple[int, str]]

# Tries nothing: tells what a trial would.
ENGINE = """
import sys
from pathlib import Path
from tlworkbench.engine.context import JobContext
from tlworkbench.jobs.events import Finished
from tlworkbench.jobs.folder import open_job
context = JobContext(open_job(Path(sys.argv[-1])), own_process=True)
assert context.job.kind == "preflight"
context.finish(FINISHED)
"""
DONE = (
    "context.done('', seconds=231.0, step_seconds=.5, peak_bytes=1_600_000_000, free_bytes=23_000_000_000,"
    " rows_at_once=32, precision='fp32', on_gpu=False)"
)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run `train --check` on the workspace `here`: status and what it printed."""

    def run(*arguments: str) -> tuple[int, str]:
        with pytest.raises(SystemExit) as ended:
            main(["-w", "here", "train", "--check", *arguments])
        return int(str(ended.value.code)), capsys.readouterr().out

    return run


@pytest.fixture
def workspace(word_model: Path) -> Workspace:
    """Two classes, a model, rows to validate on."""
    return opened(word_model, "bad")


def opened(model: Path, other: str) -> Workspace:
    workspace = open_workspace("here", create=True)
    train = [*numbered("good", "good", 1200), *numbered("bad", other, 12)]
    held = [*numbered("good", "good", 3, 5000), *numbered("bad", other, 2, 5000)]
    parts = {
        split: {"text": [text for text, _ in rows], "label": [label for _, label in rows]}
        for split, rows in {"train": train, "validation": held}.items()
    }
    write_rows(workspace.rows_file, parts)
    workspace.update(model=str(model))
    return workspace


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Jobs end with this last word."""

    def engine(finished: str) -> None:
        file = tmp_path / "engine.py"
        file.write_text(ENGINE.replace("FINISHED", finished))
        monkeypatch.setattr(launching, "ENGINE_COMMAND", (sys.executable, str(file)))

    return engine


def test_figures_stand_at_the_right_and_in_words(run: Run, workspace: Workspace, engine: Callable[[str], None]) -> None:
    engine(DONE)
    status, shown = run("--set", "batch_size=8", "--epochs", "2")
    assert status == 0
    lines = shown.splitlines()
    assert "good    1 200           3" in lines and "bad        12           2" in lines
    assert any(line.split()[:3] == ["steps", "304", "of"] for line in lines)
    assert any(line.startswith("time") and "4 min" in line for line in lines)
    assert any(line.startswith("memory") and "1.6 GB" in line and "of 23.0 GB free" in line for line in lines)
    assert list_jobs(workspace.jobs_dir) == list_jobs(workspace.root / FOLDER) == []


def test_json_is_one_object(run: Run, workspace: Workspace, engine: Callable[[str], None]) -> None:
    engine(DONE)
    status, shown = run("--json")
    told = json.loads(shown)
    assert (status, told["refused"], told["train_rows"], told["tried"]["seconds"]) == (0, False, 1212, 231.0)
    assert told["tried"]["peak_bytes"] == 1_600_000_000


def test_a_run_that_would_be_refused_is_status_1_and_nothing_is_tried(run: Run, word_model: Path) -> None:
    workspace = opened(word_model, "good")
    status, shown = run()
    assert status == 1 and "✗ all 1 212 training rows are 'good'" in shown and "take rows from both ends" in shown
    assert list_jobs(workspace.jobs_dir) == []
    status, shown = run("--json")
    told = json.loads(shown)
    assert status == 1 and told["refused"] and told["findings"][0]["level"] == "refusal"


def test_what_the_trial_runs_into_is_a_refusal(run: Run, workspace: Workspace, engine: Callable[[str], None]) -> None:
    engine("Finished(status='failed', what='out of memory with one text', hint='Set a smaller max_length.')")
    status, shown = run()
    assert status == 1 and "✗" in shown and "out of memory with one text" in shown and "smaller max_length" in shown
    assert list_jobs(workspace.root / FOLDER) == []


def test_a_trial_that_broke_off_keeps_its_log_until_the_next(
    run: Run, workspace: Workspace, engine: Callable[[str], None]
) -> None:
    engine("1 / 0")
    status, shown = run()
    (left,) = list_jobs(workspace.root / FOLDER)
    assert status == 1 and str(left.log_file.name) in shown and "ZeroDivisionError" in left.log_file.read_text()
    engine(DONE)
    run()
    assert list_jobs(workspace.root / FOLDER) == list_jobs(workspace.jobs_dir) == []
