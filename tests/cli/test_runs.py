"""`runs`, `stop`, `resume` and `train --detach` on a queue."""

import io
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from tests.jobs.conftest import FAKE, end, until
from tlworkbench.cli.main import main
from tlworkbench.jobs import launch as launching
from tlworkbench.jobs.folder import JobFolder, list_jobs
from tlworkbench.jobs.queue import submit
from tlworkbench.jobs.spec import TrainSpec
from tlworkbench.jobs.starter import FILE_NAME, this_program
from tlworkbench.jobs.stop import force_stop
from tlworkbench.workspace import Workspace, open_workspace

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command on the workspace in this process: status, stdout, stderr."""

    def run(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main(["-w", "tweets", *arguments])
        captured = capsys.readouterr()
        return int(str(ended.value.code)), captured.out, captured.err

    return run


@pytest.fixture
def workspace(monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    """One whose runs wait until they are told to stop."""
    monkeypatch.setattr(launching, "ENGINE_COMMAND", (sys.executable, str(FAKE), "steps:3", "wait"))
    workspace = open_workspace("tweets", create=True)
    yield workspace
    for job in reversed(list_jobs(workspace.jobs_dir)):
        end(job)


def two(workspace: Workspace) -> list[JobFolder]:
    """One that runs, one that waits."""
    jobs = [submit(workspace.jobs_dir, TrainSpec(model="bundled")) for _ in range(2)]
    until(lambda: jobs[0].state().status == "running")
    return jobs


def test_runs_tells_state_and_reason(run: Run, workspace: Workspace) -> None:
    two(workspace)
    _, out, _ = run("runs", "--json")
    first, second = json.loads(out)["runs"]
    assert (first["status"], second["status"]) == ("running", "queued")
    assert (second["reason"], second["waits_for"]) == ("after 0001", ["0001"]) and "@" in second["started_by"]
    _, out, _ = run("runs")
    assert "queued" in out and "after 0001" in out


def test_a_waiting_run_is_taken_out_and_put_back(run: Run, workspace: Workspace) -> None:
    _, second = two(workspace)
    assert run("stop", "2", "--json")[1].strip() == '{"run":"0002","status":"stopped"}'
    status, out, _ = run("resume", "2", "--detach")
    assert (status, out) == (0, "run 0002 is queued after 0001\n") and second.state().status == "queued"
    assert run("resume", "1", "--detach")[0] == 1


@pytest.mark.parametrize(
    ("terminal", "answer", "arguments", "left"),
    [
        (True, "n\n", (), True),
        (True, "y\n", (), False),
        (True, "", ("--yes",), False),
        (False, "", (), False),
    ],
)
def test_somebody_elses_run_is_asked_about_on_a_terminal_alone(
    run: Run,
    workspace: Workspace,
    monkeypatch: pytest.MonkeyPatch,
    terminal: bool,
    answer: str,
    arguments: tuple[str, ...],
    left: bool,
) -> None:
    job = submit(workspace.jobs_dir, TrainSpec(model="bundled"))
    other = msgspec.structs.replace(this_program(), user="ada")
    Path(job.path / FILE_NAME).write_bytes(msgspec.json.encode(other))
    until(lambda: job.state().status == "running")
    typed = io.StringIO(answer)
    monkeypatch.setattr(typed, "isatty", lambda: terminal)
    monkeypatch.setattr(sys, "stdin", typed)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
    status, out, err = run("stop", "1", *arguments)
    assert ("was started by ada@" in err) is bool(answer)
    assert (job.state().status == "running") is left and (status, bool(out)) == ((1, False) if left else (0, True))


def test_a_command_that_waits_starts_what_a_killed_run_left(
    run: Run, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = two(workspace)
    force_stop(first)
    until(lambda: first.state().status == "lost")
    monkeypatch.setattr(launching, "ENGINE_COMMAND", (sys.executable, str(FAKE), "steps:3", "done"))
    status, out, _ = run("follow", "2")
    assert (status, out) == (0, "run 0002 done\n") and second.state().status == "done"


def test_the_head_strategy_has_no_learning_rate_to_find(run: Run, workspace: Workspace) -> None:
    wanted = ("--strategy", "head", "--find-lr", "--set", "journal_version=0")
    status, _, err = run("train", "--model", "bundled", *wanted)
    assert status == 2 and "no learning rate to find" in err and list_jobs(workspace.jobs_dir) == []
