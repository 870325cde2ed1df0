"""The GPUs a process may use, as NVML sees them."""

import os
from collections.abc import Sequence
from functools import cache
from typing import Any

import pynvml

from tlworkbench.jobs.events import GpuGauge


def gpu_gauges() -> tuple[GpuGauge, ...]:
    """The GPUs that CUDA gives this process, with their use; empty where there is no NVIDIA driver.

    What NVML does not tell (of a slice of a GPU it tells no load) is below 0 percent, or 0 bytes.
    """
    if not _nvml():
        return ()
    try:
        handles = [pynvml.nvmlDeviceGetHandleByIndex(index) for index in range(pynvml.nvmlDeviceGetCount())]
        places = visible(os.environ.get("CUDA_VISIBLE_DEVICES"), [_text(_uuid(handle)) for handle in handles])
        return tuple(_gauge(place, handles[place]) for place in places)
    except pynvml.NVMLError:
        # The driver went away, or was exchanged under us: the run itself will say so.
        return ()


def visible(wanted: str | None, uuids: Sequence[str]) -> list[int]:
    """Places of the GPUs that `CUDA_VISIBLE_DEVICES` lets through, in its order; all of them without it.

    uuids: of all GPUs. As in CUDA, what comes after an entry that names none is left out.
    """
    if wanted is None or "MIG-" in wanted:
        # A slice is named by an id of its own, which tells nothing of the GPU it is cut from.
        return list(range(len(uuids)))
    places: list[int] = []
    for entry in map(str.strip, wanted.split(",")):
        if entry.isdecimal():
            found = [int(entry)] if int(entry) < len(uuids) else []
        else:
            found = [place for place, uuid in enumerate(uuids) if entry and uuid.startswith(entry)]
        if len(found) != 1 or found[0] in places:
            break
        places += found
    return places


def _gauge(index: int, handle: Any) -> GpuGauge:
    try:
        busy = float(pynvml.nvmlDeviceGetUtilizationRates(handle).gpu)
    except pynvml.NVMLError:
        busy = -1.0
    try:
        memory = pynvml.nvmlDeviceGetMemoryInfo(handle)
        used, total = int(memory.used), int(memory.total)
    except pynvml.NVMLError:
        used = total = 0
    return GpuGauge(
        index=index, name=_text(pynvml.nvmlDeviceGetName(handle)), busy=busy, memory=used, memory_total=total
    )


def _uuid(handle: Any) -> str | bytes:
    uuid: str | bytes = pynvml.nvmlDeviceGetUUID(handle)
    return uuid


def _text(name: str | bytes) -> str:
    # Older bindings return bytes.
    return name.decode(errors="replace") if isinstance(name, bytes) else name


@cache
def _nvml() -> bool:
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return False
    return True
