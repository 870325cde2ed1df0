"""How many devices a run may have here, and how it is started on them."""

import sys
from pathlib import Path

import pytest

from tlworkbench.errors import UserError
from tlworkbench.jobs import devices
from tlworkbench.jobs.devices import Devices, on_several, processes, visible_gpus
from tlworkbench.jobs.folder import create_job
from tlworkbench.jobs.launch import launch
from tlworkbench.jobs.spec import ImportSpec, TrainSpec


@pytest.mark.parametrize(
    ("here", "wanted", "words"),
    [
        (Devices(gpus=0, cores=2), 2, ""),
        (Devices(gpus=4, cores=2), 4, ""),
        (Devices(gpus=0, cores=2), 3, "devices = 3, but this machine has no GPU and 2 processor cores"),
        (Devices(gpus=0, cores=1), 2, "devices = 2, but this machine has no GPU and 1 processor core"),
        (Devices(gpus=1, cores=64), 2, "devices = 2, but this machine has 1 GPU"),
        (Devices(gpus=8, cores=64), 9, "devices = 9, but this machine has 8 GPUs"),
    ],
)
def test_more_devices_than_there_are_is_refused(here: Devices, wanted: int, words: str) -> None:
    refusal = here.refusal(wanted)
    assert (refusal.what if refusal else "") == words
    assert refusal is None or f"Set devices = {here.gpus or here.cores}" in refusal.hint


@pytest.mark.parametrize(
    ("listed", "seen"),
    [
        (None, ("0", "1", "2", "3")),
        ("2,3", ("2", "3")),
        ("", ()),
        ("-1", ()),
        ("1,9,2", ("1",)),
        ("GPU-8a7b, GPU-11", ("GPU-8a7b", "GPU-11")),
    ],
)
def test_gpus_are_counted_as_cuda_counts_them(
    monkeypatch: pytest.MonkeyPatch, listed: str | None, seen: tuple[str, ...]
) -> None:
    monkeypatch.setattr(devices, "_gpus", lambda: 4)
    assert visible_gpus(listed) == seen


def test_a_run_on_too_many_does_not_start_and_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Devices, "here", lambda: Devices(gpus=0, cores=2))
    job = create_job(tmp_path / "jobs", TrainSpec(model="bundled", devices=3))
    with pytest.raises(UserError, match="devices = 3"):
        launch(job)
    assert (job.state().status, job.state().hint[:15]) == ("failed", "Set devices = 2")


def test_the_launcher_gets_what_would_be_run_once() -> None:
    command = on_several((sys.executable, "-m", "tlworkbench.engine"), 4)
    assert command[:3] == [sys.executable, "-m", "torch.distributed.run"]
    assert command[-2:] == ["-m", "tlworkbench.engine"] and "--nproc-per-node=4" in command


@pytest.mark.parametrize(
    ("spec", "count"),
    [
        (TrainSpec(model="m", devices=4), 4),
        (TrainSpec(model="m", devices=4, strategy="head"), 1),
        (ImportSpec(source="x.csv"), 1),
    ],
)
def test_only_what_trains_a_network_takes_several(spec: TrainSpec | ImportSpec, count: int) -> None:
    assert processes(spec) == count
