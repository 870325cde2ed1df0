"""What the engine's machine has: GPUs, cores, memory, and how much of it is in use."""

import os
from functools import cache

import psutil
import pynvml

from tlworkbench.jobs.events import Gauge, GpuGauge


def describe_device() -> str:
    """The device a job computes on, as a person says it; asks NVML, not torch, so it costs no import."""
    gpus = gpu_gauges()
    if gpus:
        return ", ".join(gpu.name for gpu in gpus)
    cores = usable_cores()
    return f"CPU, {cores} core{'s' if cores != 1 else ''}"


def usable_cores() -> int:
    """Cores this process may use (affinity, not the machine's total)."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def lower_priority() -> None:
    """Without a GPU the job shares its cores with the screen: step back, so that the keys stay quick."""
    if not gpu_gauges():
        # Not ten more than now: a run that another one left behind has stepped back already.
        os.nice(max(0, 10 - os.nice(0)))


def gauge() -> Gauge:
    """Use of processor, memory and GPUs since the last call."""
    process = _process()
    memory = psutil.virtual_memory()
    return Gauge(
        cpu=process.cpu_percent() / usable_cores(),
        memory=process.memory_info().rss,
        memory_total=memory.total,
        gpus=gpu_gauges(),
    )


def gpu_gauges() -> tuple[GpuGauge, ...]:
    """All GPUs as NVML sees them; empty where there is no NVIDIA driver."""
    if not _nvml():
        return ()
    gauges = []
    for index in range(pynvml.nvmlDeviceGetCount()):
        handle = pynvml.nvmlDeviceGetHandleByIndex(index)
        memory = pynvml.nvmlDeviceGetMemoryInfo(handle)
        gauges.append(
            GpuGauge(
                index=index,
                name=str(pynvml.nvmlDeviceGetName(handle)),
                busy=float(pynvml.nvmlDeviceGetUtilizationRates(handle).gpu),
                memory=int(memory.used),
                memory_total=int(memory.total),
            )
        )
    return tuple(gauges)


@cache
def _process() -> psutil.Process:
    process = psutil.Process()
    process.cpu_percent()
    return process


@cache
def _nvml() -> bool:
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return False
    return True
