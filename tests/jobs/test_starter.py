"""Who started a job, and when that is worth a question."""

import os
from pathlib import Path

import msgspec
import pytest

from tlworkbench.jobs import starter
from tlworkbench.jobs.folder import create_job
from tlworkbench.jobs.spec import TrainSpec
from tlworkbench.jobs.starter import FILE_NAME, Starter, read_starter, this_program


def another(folder: Path, **changes: object) -> None:
    """As if another program had started it."""
    changed = msgspec.structs.replace(this_program(), pid=1, session=1, command="tlworkbench", **changes)
    (folder / FILE_NAME).write_bytes(msgspec.json.encode(changed))


def test_ones_own_job_is_stopped_without_a_question(tmp_path: Path) -> None:
    job = create_job(tmp_path, TrainSpec(model="m"))
    found = read_starter(job.path)
    assert isinstance(found, Starter) and found.pid == os.getpid() and found.here and found.open
    assert starter.question("0001", job.path) == ""


def test_a_command_given_before_in_this_terminal_is_ones_own(monkeypatch: pytest.MonkeyPatch) -> None:
    # As if this process led the session, whatever started the tests.
    monkeypatch.setattr(os, "getsid", lambda _: os.getpid())
    mine = this_program()
    assert mine.session == os.getpid()
    assert msgspec.structs.replace(mine, pid=1, pid_started=1.0).here
    assert not msgspec.structs.replace(mine, pid=1, session=1, pid_started=1.0).here
    assert not msgspec.structs.replace(mine, user="ada").here
    assert (
        not msgspec.structs.replace(mine, host="elsewhere").here
        and not msgspec.structs.replace(mine, host="elsewhere").open
    )


def test_with_no_session_in_sight_only_this_program_is_ones_own(monkeypatch: pytest.MonkeyPatch) -> None:
    # What getsid says in a container entered from outside: the leader has no number there.
    monkeypatch.setattr(os, "getsid", lambda _: 0)
    mine = this_program()
    assert mine.here
    assert not msgspec.structs.replace(mine, pid=1, pid_started=1.0).here


def test_anothers_is_asked_with_who_it_was(tmp_path: Path) -> None:
    job = create_job(tmp_path, TrainSpec(model="m"))
    another(job.path, user="ada", host="box", pid_started=5.0)
    assert starter.question("0001", job.path) == ("0001 was started by ada@box (tlworkbench, process 1). Stop it?")


def test_where_nobody_knows_it_is_asked_too(tmp_path: Path) -> None:
    job = create_job(tmp_path, TrainSpec(model="m"))
    (job.path / FILE_NAME).write_text("{")
    assert read_starter(job.path) is None
    assert starter.question("0001", job.path) == "Nobody knows who started 0001. Stop it?"
