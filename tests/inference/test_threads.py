"""The quota of a container, in both versions of control groups."""

import os
from pathlib import Path

import pytest

from tlworkbench.inference.threads import usable_threads


@pytest.fixture(autouse=True)
def eight_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(8)))


def write(root: Path, files: dict[str, str]) -> None:
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content)


def threads(root: Path) -> int:
    return usable_threads(root / "proc", root / "cgroup")


def test_affinity_is_the_limit_without_groups(tmp_path: Path) -> None:
    assert threads(tmp_path) == 8


@pytest.mark.parametrize(
    ("limit", "count"), [("200000 100000", 2), ("max 100000", 8), ("50000 100000", 1), ("250000 100000", 2)]
)
def test_version_2(tmp_path: Path, limit: str, count: int) -> None:
    write(tmp_path, {"proc/self/cgroup": "0::/a/b\n", "cgroup/a/b/cpu.max": f"{limit}\n"})
    assert threads(tmp_path) == count


def test_a_group_above_limits_too(tmp_path: Path) -> None:
    files = {
        "proc/self/cgroup": "0::/a/b\n",
        "cgroup/a/b/cpu.max": "max 100000\n",
        "cgroup/a/cpu.max": "300000 100000\n",
    }
    write(tmp_path, files)
    assert threads(tmp_path) == 3


def test_inside_a_container_the_root_counts(tmp_path: Path) -> None:
    write(tmp_path, {"proc/self/cgroup": "0::/docker/1234\n", "cgroup/cpu.max": "400000 100000\n"})
    assert threads(tmp_path) == 4


@pytest.mark.parametrize(("quota", "count"), [("150000", 2), ("-1", 8)])
def test_version_1(tmp_path: Path, quota: str, count: int) -> None:
    files = {
        "proc/self/cgroup": "9:memory:/m\n4:cpu,cpuacct:/job\n",
        "cgroup/cpu,cpuacct/job/cpu.cfs_quota_us": f"{quota}\n",
        "cgroup/cpu,cpuacct/job/cpu.cfs_period_us": "100000\n",
    }
    write(tmp_path, files)
    assert threads(tmp_path) == count
