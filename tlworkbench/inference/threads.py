"""How many threads a session may use: the cores of this process, less where a container's quota gives less."""

import os
from collections.abc import Iterator
from pathlib import Path


def usable_threads(proc: Path = Path("/proc"), cgroups: Path = Path("/sys/fs/cgroup")) -> int:
    """Cores by affinity, cut to the CPU quota of the control group (v1 and v2); at least 1.

    ONNX Runtime by itself takes every core of the machine: in a container with a quota its threads then throttle
    one another.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min([cores, *(round(quota) for quota in _quotas(proc, cgroups))]))


def _quotas(proc: Path, cgroups: Path) -> Iterator[float]:
    """The CPU quotas, in cores, of this process's groups and of all groups above them."""
    for line in _lines(proc / "self" / "cgroup"):
        _, controllers, group = line.split(":", 2)
        if not controllers:
            mounts = [cgroups, cgroups / "unified"]
        elif "cpu" in controllers.split(","):
            mounts = [cgroups / controllers, cgroups / "cpu"]
        else:
            continue
        for mount in mounts:
            # Inside a container the path may be the host's, while the mount shows the container's own group as root:
            # groups that aren't there are passed over, the root is always looked at.
            for part in (Path(group), *Path(group).parents):
                yield from _quota(mount / str(part).lstrip("/"))


def _quota(group: Path) -> Iterator[float]:
    if limits := _lines(group / "cpu.max"):
        quota, period = limits[0].split()
    elif limits := _lines(group / "cpu.cfs_quota_us") + _lines(group / "cpu.cfs_period_us"):
        quota, period = limits
    else:
        return
    # "max" and -1 mean no limit.
    if quota.isdecimal() and int(quota) > 0:
        yield int(quota) / int(period)


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text().split("\n")[:-1]
    except OSError:
        return []
