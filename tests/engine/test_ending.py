"""What a run does after its last word: the user's command, whose failure is a note and nothing more."""

import json
import sys
from pathlib import Path

import pytest

from tlworkbench.engine import ending
from tlworkbench.engine.context import JobContext
from tlworkbench.jobs.events import Finished
from tlworkbench.jobs.folder import create_job
from tlworkbench.jobs.follow import read_run
from tlworkbench.jobs.run_state import RunState
from tlworkbench.jobs.spec import TrainSpec
from tlworkbench.settings import settings_file

DONE = Finished(status="done", what="done", result={"best": {"macro_f1": 0.69034, "accuracy": 0.7}})


def ended(tmp_path: Path, setting: str, finished: Finished = DONE) -> RunState:
    """A run that has ended under these settings."""
    settings_file().parent.mkdir(parents=True, exist_ok=True)
    settings_file().write_text(setting)
    context = JobContext(create_job(tmp_path / "ws" / "jobs", TrainSpec(model="m", metric="macro_f1")))
    context.finish(finished)
    ending.after(context, finished)
    return read_run(context.job)


def script(tmp_path: Path, code: str) -> str:
    """A setting that runs these lines, found under a name with a space in it."""
    file = tmp_path / "at end.py"
    file.write_text(code)
    return f'on_end = \'"{sys.executable}" "{file}" one\''


def test_the_command_knows_what_ended(tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    code = f"import json, os, sys; json.dump([sys.argv[1:], dict(os.environ)], open({str(out)!r}, 'w'))"
    state = ended(tmp_path, script(tmp_path, code))
    words, environment = json.loads(out.read_text())
    assert words == ["one"] and state.status == "done" and state.notes == ()
    assert {name: environment[f"TLWORKBENCH_{name}"] for name in ("RUN", "STATUS", "METRIC", "WORKSPACE")} == {
        "RUN": "0001",
        "STATUS": "done",
        "METRIC": "macro_f1=0.6903",
        "WORKSPACE": str(tmp_path / "ws"),
    }


def test_a_run_without_figures_has_no_metric(tmp_path: Path) -> None:
    out = tmp_path / "out"
    code = f"import os; open({str(out)!r}, 'w').write(os.environ['TLWORKBENCH_METRIC'] + '|')"
    ended(tmp_path, script(tmp_path, code), Finished(status="failed", what="boom"))
    assert out.read_text() == "|"


@pytest.mark.parametrize(
    ("setting", "note"),
    [
        ('on_end = "/no/such/program now"', "on_end: /no/such/program could not be started: No such file"),
        ('on_end = "false"', "on_end: false ended with status 1"),
        ('on_end = "sleep 60"', "on_end: sleep was ended after"),
        ("on_end = '\"open'", "on_end: "),
        ("bel = true", "unknown key 'bel'"),
    ],
)
def test_its_failure_is_a_note(tmp_path: Path, setting: str, note: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ending, "PATIENCE_SECONDS", 0.3)
    state = ended(tmp_path, setting)
    assert state.status == "done" and state.what == "done"
    assert [told.level for told in state.notes] == ["warning"] and note in state.notes[0].text


def test_without_a_setting_nothing_is_run(tmp_path: Path) -> None:
    assert ended(tmp_path, "bell = false").notes == ()
