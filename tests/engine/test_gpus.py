"""GPUs with a fake NVML: which ones a run has, what they do, and how the screen shows it at both of its widths."""

from collections.abc import Iterator
from dataclasses import dataclass
from types import SimpleNamespace

import pynvml
import pytest

from tlworkbench.engine import gpus, machine
from tlworkbench.engine.gpus import gpu_gauges, visible
from tlworkbench.jobs.run_state import RunState
from tlworkbench.tui.widgets.gauges import gauge_line

UUIDS = ["GPU-aa11", "GPU-aa22", "GPU-bb33"]


@dataclass
class FakeNvml:
    """Answers what NVML is asked; `refused` names functions that it doesn't answer."""

    busy: tuple[int, ...] = (91, 40, 3)
    refused: frozenset[str] = frozenset()

    def put(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """In the place of the real one."""
        gpus._nvml.cache_clear()
        answers = {
            "nvmlInit": lambda: None,
            "nvmlDeviceGetCount": lambda: len(self.busy),
            "nvmlDeviceGetHandleByIndex": lambda index: index,
            "nvmlDeviceGetUUID": lambda handle: UUIDS[handle],
            "nvmlDeviceGetName": lambda handle: b"NVIDIA H200",
            "nvmlDeviceGetUtilizationRates": lambda handle: SimpleNamespace(gpu=self.busy[handle]),
            "nvmlDeviceGetMemoryInfo": lambda handle: SimpleNamespace(used=11_200_000_000, total=139_000_000_000),
        }

        def refuse(*arguments: object) -> None:
            raise pynvml.NVMLError(pynvml.NVML_ERROR_NOT_SUPPORTED)

        for name, answer in answers.items():
            monkeypatch.setattr(pynvml, name, refuse if name in self.refused else answer)


@pytest.fixture(autouse=True)
def forgotten(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No test leaves a fake behind, or takes over which GPUs this terminal may use."""
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    yield
    gpus._nvml.cache_clear()


def shown(width: int) -> str:
    """The gauges of a run on this machine."""
    return gauge_line(RunState(status="running", gauge=machine.gauge()), width).plain


@pytest.mark.parametrize(
    ("wanted", "places"),
    [
        (None, [0, 1, 2]),
        ("1", [1]),
        ("2,0", [2, 0]),
        ("", []),
        ("-1", []),
        ("0,7,1", [0]),
        ("1,1", [1]),
        ("GPU-bb", [2]),
        ("GPU-aa", []),
        ("MIG-1234", [0, 1, 2]),
    ],
)
def test_only_the_gpus_that_cuda_gives_a_run_are_its(wanted: str | None, places: list[int]) -> None:
    assert visible(wanted, UUIDS) == places


def test_one_of_three_gpus_is_told_with_its_own_number(monkeypatch: pytest.MonkeyPatch) -> None:
    FakeNvml().put(monkeypatch)
    assert machine.describe_device() == "NVIDIA H200, NVIDIA H200, NVIDIA H200"
    assert shown(76).startswith("3 GPUs ")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    assert machine.describe_device() == "NVIDIA H200"
    assert shown(76) == "GPU 1 ▅▅▅▁▁▁▁▁ 40 %   memory ▅▁▁▁▁▁▁▁ 11.2 of 139 GB"
    assert shown(24) == "GPU 1 40 %"
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert machine.describe_device().startswith("CPU, ") and shown(76).startswith("CPU ")


def test_a_slice_of_a_gpu_has_memory_and_no_load(monkeypatch: pytest.MonkeyPatch) -> None:
    FakeNvml((0,), refused=frozenset({"nvmlDeviceGetUtilizationRates"})).put(monkeypatch)
    assert gpu_gauges()[0].busy < 0
    assert "GPU 0" in shown(136) and "%" not in shown(136) and "11.2 of 139 GB" in shown(136)


@pytest.mark.parametrize("refused", ["nvmlInit", "nvmlDeviceGetCount", "nvmlDeviceGetHandleByIndex"])
def test_a_driver_that_does_not_answer_is_no_gpu(monkeypatch: pytest.MonkeyPatch, refused: str) -> None:
    FakeNvml(refused=frozenset({refused})).put(monkeypatch)
    assert gpu_gauges() == () and shown(76).startswith("CPU ")
