"""What the engine's machine has: GPUs, cores, memory, and how much of it is in use."""

import contextlib
import os
import resource
from functools import cache
from pathlib import Path

import psutil

from tlworkbench.engine.gpus import gpu_gauges
from tlworkbench.jobs.events import Gauge


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


def free_memory() -> int:
    """Bytes this process may still take: of the machine's memory, of its container's, of its own address space."""
    free = [int(psutil.virtual_memory().available), *_free_in_groups(Path("/sys/fs/cgroup"), _group())]
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit != resource.RLIM_INFINITY:
        free.append(limit - int(_process().memory_info().vms))
    return max(0, min(free))


def _group() -> Path:
    """This process's control group, relative to the root of all (cgroup v2)."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/cgroup").read_text().splitlines():
            if line.startswith("0::/"):
                return Path(line[4:])
    return Path()


def _free_in_groups(root: Path, group: Path) -> list[int]:
    """Bytes left below the limit of `group` and of each group around it; files the system can drop count as free."""
    free = []
    for folder in (root / group, *(root / parent for parent in group.parents)):
        with contextlib.suppress(OSError, ValueError):
            limit = int((folder / "memory.max").read_text())
            stat = dict(line.split() for line in (folder / "memory.stat").read_text().splitlines())
            used = int((folder / "memory.current").read_text()) - int(stat.get("inactive_file", 0))
            free.append(limit - used)
    return free


def reset_peak_memory() -> None:
    """From now on `peak_memory` counts anew, where the system can do that (Linux)."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def peak_memory() -> int:
    """The most memory this process held at once, in bytes."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return resident_memory()


def resident_memory() -> int:
    """Bytes this process holds now."""
    return int(_process().memory_info().rss)


@cache
def _process() -> psutil.Process:
    process = psutil.Process()
    process.cpu_percent()
    return process
