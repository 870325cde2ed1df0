"""What the processes of a run tell one another, without the processes."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.distributed import TCPStore  # type: ignore[attr-defined]

from tlworkbench.engine import distributed
from tlworkbench.engine.context import JobContext, SilentContext
from tlworkbench.engine.distributed import Left, Lost, Several, Team
from tlworkbench.engine.meeting import send_away
from tlworkbench.engine.place import Place, give_back_gpus, take_place
from tlworkbench.engine.shared_batches import WHOLE, SharedBatches
from tlworkbench.engine.texts import Batch
from tlworkbench.errors import UserError
from tlworkbench.jobs import devices
from tlworkbench.jobs.events import Note
from tlworkbench.jobs.folder import JobFolder, create_job
from tlworkbench.jobs.spec import TrainSpec

_STORE = """
import time
from torch.distributed import TCPStore
store = TCPStore("127.0.0.1", 0, is_master=True, wait_for_workers=False)
print(store.port, flush=True)
time.sleep(600)
"""
TOLD = {
    **{"RANK": "5", "LOCAL_RANK": "1", "WORLD_SIZE": "8", "LOCAL_WORLD_SIZE": "4", "GROUP_RANK": "1"},
    **{"MASTER_ADDR": "10.0.0.7", "MASTER_PORT": "29500", "TORCHELASTIC_RUN_ID": "x", "OMP_NUM_THREADS": "1"},
}


@pytest.mark.parametrize(("listed", "own"), [(None, "1"), ("4,6,7", "6"), ("0", "0")])
def test_what_the_launcher_tells_is_read_and_taken_away(
    monkeypatch: pytest.MonkeyPatch, listed: str | None, own: str
) -> None:
    monkeypatch.setattr(devices, "_gpus", lambda: 8)
    before = {"HOME": "/home/ada"} | ({} if listed is None else {"CUDA_VISIBLE_DEVICES": listed})
    environment = {**before, **TOLD}
    place = take_place(environment)
    assert (place.rank, place.count, place.here, place.first, place.alone) == (5, 8, 4, False, False)
    assert (place.address, place.port) == ("10.0.0.7", 29500)
    assert environment == {"HOME": "/home/ada", "CUDA_VISIBLE_DEVICES": own}
    give_back_gpus(place, environment)
    assert environment == before


def test_a_process_that_nobody_told_anything_is_alone() -> None:
    environment = {"OMP_NUM_THREADS": "4", "WORLD_SIZE": "2"}
    assert take_place(environment) == Place() and len(environment) == 2


@pytest.mark.parametrize("rows", [[7, 3, 5, 1, 0], [2]])
@pytest.mark.parametrize("weights", [None, (1.0, 3.0)])
def test_shares_make_up_the_step(rows: list[int], weights: tuple[float, ...] | None) -> None:
    classes = np.array([0, 1, 0, 1, 0, 1, 0, 1])

    def collate(rows: Sequence[int]) -> Batch:
        return {"input_ids": torch.tensor(rows), "labels": torch.from_numpy(classes[rows])}

    given = None if weights is None else np.array(weights)
    batches = [SharedBatches(collate, classes, given, _Share(Place(rank, 2)))(rows) for rank in range(2)]
    learnt = [batch["input_ids"][batch["labels"] >= 0].tolist() for batch in batches]
    assert sorted([*learnt[0], *learnt[1]]) == sorted(rows) and abs(len(learnt[0]) - len(learnt[1])) <= 1
    mean = len(rows) if weights is None else sum(weights[classes[row]] for row in rows)
    assert [float(batch[WHOLE]) for batch in batches] == [mean, mean]


class _Share(Team):
    share = Several.share

    def __init__(self, place: Place) -> None:
        super().__init__(None, place)


@pytest.fixture
def place() -> Iterator[Place]:
    store = TCPStore("127.0.0.1", 0, is_master=True, wait_for_workers=False)
    yield Place(0, 2, 2, "127.0.0.1", store.port)
    del store


@pytest.fixture
def job(tmp_path: Path) -> JobFolder:
    return create_job(tmp_path / "jobs", TrainSpec(model="m", devices=2))


@pytest.fixture
def team(place: Place, job: JobFolder, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Several, Several]]:
    """The first and the second process of a run, both here."""
    monkeypatch.setattr(distributed, "_LAST_WORD_SECONDS", 0.5)
    monkeypatch.setattr(distributed, "_WATCH_SECONDS", 60.0)
    second = replace(place, rank=1)
    both = Several(JobContext(job), place, _nobody), Several(SilentContext(job, place=second), second, _nobody)
    yield both
    for one in both:
        one._alone.set()


def test_only_the_first_process_says_and_writes_anything(job: JobFolder, place: Place) -> None:
    before = {path: path.read_bytes() for path in job.path.iterdir()}
    silent = SilentContext(job, place=replace(place, rank=1))
    silent.emit(Note(text="a"))
    silent.note("b", warning=True)
    silent.progress("c", 1, 2)
    silent.ask_to_stop()
    silent.finish(silent.done("d"))
    silent.touch()
    assert {path: path.read_bytes() for path in job.path.iterdir()} == before


def _nobody(reason: UserError) -> None:
    raise AssertionError(reason)


def test_the_others_hear_what_the_first_one_gives(team: tuple[Several, Several]) -> None:
    first, second = team
    for value in ({"step": 3, "over": False}, 1 / 3, None):
        assert first.same(value) == value == second.same("something else")
    assert second.stop_requested is False


def test_a_stop_that_one_process_heard_of_is_carried_out_by_all_at_the_same_step(
    team: tuple[Several, Several],
) -> None:
    first, second = team
    assert first._context is not None and second._context is not None
    first._context.ask_to_stop()
    stops = [first.stop_requested]
    first.same(None)
    second.same(None)
    stops += [first.stop_requested, second.stop_requested, second._context.asked]
    assert stops == [False, True, True, True]
    assert second._context.stop_requested is False


def test_the_others_go_when_the_first_one_has_left(team: tuple[Several, Several], place: Place) -> None:
    send_away(place)
    with pytest.raises(Left):
        team[1].same(None)
    with pytest.raises(Left):
        team[1].__exit__(Lost, Lost("Connection closed by peer"), None)


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("fails", "out of memory with one text"),
        ("dies", "process 2 of 2 ended without a last word"),
        ("is done", "the processes of this run lost one another"),
        ("is elsewhere", "the processes of this run lost one another"),
    ],
)
def test_the_first_one_tells_why_another_one_ended(team: tuple[Several, Several], what: str, words: str) -> None:
    first, second = team
    gone = [2**22 + 1, 1.0]
    host = json.loads(second._store.get("here/1"))[0]
    if what == "fails":
        second.fail("out of memory with one text", "Set a smaller max_length.")
        second.fail("too late", "")
    elif what == "is done":
        second.leave()
    second._store.set("here/1", json.dumps(["elsewhere" if what == "is elsewhere" else host, *gone]))
    with pytest.raises(UserError, match=words) as raised:
        first.__exit__(Lost, Lost("Connection closed by peer"), None)
    assert raised.value.hint


def test_a_launcher_that_was_killed(job: JobFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(distributed, "_WATCH_SECONDS", 60.0)
    launcher = subprocess.Popen([sys.executable, "-c", _STORE], stdout=subprocess.PIPE, text=True)
    assert launcher.stdout is not None
    team = Several(JobContext(job), Place(0, 2, 2, "127.0.0.1", int(launcher.stdout.readline())), _nobody)
    team.same(None)
    launcher.kill()
    launcher.wait()
    launcher.stdout.close()
    for broken in (lambda: team.same(None), lambda: team.__exit__(Lost, Lost("reset by peer"), None)):
        with pytest.raises(UserError, match="the launcher of this run's processes is gone"):
            broken()
    team._alone.set()


def test_a_process_that_is_stuck_is_ended_with_the_reason(
    place: Place, job: JobFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(distributed, "_LAST_WORD_SECONDS", 0.01)
    monkeypatch.setattr(distributed, "_WATCH_SECONDS", 0.01)
    reasons: list[Any] = []
    ended = threading.Event()

    def left(status: int) -> None:
        reasons.append(status)
        ended.set()

    monkeypatch.setattr(os, "_exit", left)
    first = Several(JobContext(job), place, lambda reason: reasons.append(reason.what))
    first._store.compare_set("reason", "", json.dumps(["no room on GPU 1", "Lower it."]))
    assert ended.wait(20)
    first._alone.set()
    assert reasons == ["no room on GPU 1", 1]
