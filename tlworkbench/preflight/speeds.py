"""What runs and trials took on this machine, remembered by model: what times and memory are told from.

It is a saving of trouble and nothing more: a file that is damaged, or can't be written, is as good as none.
"""

import contextlib
import os
import platform
import time
from pathlib import Path

import msgspec

from tlworkbench import atomic, paths
from tlworkbench.errors import UserError

FILE_NAME = "speeds.json"
_FORMAT = 1
_MOST = 200
"""Measurements kept; the oldest go first."""
_GPUS = Path("/proc/driver/nvidia/gpus")


class Speed(msgspec.Struct, frozen=True, kw_only=True):
    """What one strategy took with models of one size; 0 where it was not measured."""

    machine: str
    signature: str
    strategy: str
    precision: str
    """As it was asked for: `auto` and the like."""
    multiplied: int
    """Weights that each token was multiplied with."""
    token_seconds: float
    """A token of a training step, padding and the optimizer's work counted; with `head` of a forward pass."""
    scoring_seconds: float = 0.0
    """A token of an evaluation."""
    fixed_seconds: float = 0.0
    """All that a run takes beside: libraries, loading, the trial, checkpoints, keeping the model."""
    slower: float = 0.0
    """Time of its tokens as a multiple of what the longest batch had told before."""
    base_bytes: int = 0
    """Memory with the model loaded and nothing else,"""
    token_bytes: float = 0.0
    """and what each token takes that goes through at once."""
    whole: bool = False
    """Whether a run told it to its end, not a trial."""
    at: float = msgspec.field(default_factory=time.time)


class _Kept(msgspec.Struct, frozen=True):
    format: int = _FORMAT
    speeds: tuple[Speed, ...] = ()


def this_machine() -> str:
    """Its processor, the cores that may be used, and its GPUs."""
    return ", ".join([_processor(), f"{cores()} cores", *gpus()])


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def gpus() -> tuple[str, ...]:
    """Names of the GPUs that NVIDIA's driver knows, without asking it."""
    found = []
    with contextlib.suppress(OSError):
        for path in sorted(_GPUS.glob("*/information")):
            lines = path.read_text(errors="replace").splitlines()
            found += [line.partition(":")[2].strip() for line in lines if line.startswith("Model:")]
    return tuple(found)


def read_speeds() -> tuple[Speed, ...]:
    """All that is remembered of this machine, the latest first."""
    here = this_machine()
    return tuple(sorted((one for one in _read() if one.machine == here), key=lambda one: -one.at))


def last_run(signature: str, strategy: str, precision: str) -> Speed | None:
    """What a whole run of the same kind told."""
    wanted = (this_machine(), signature, strategy, precision)
    return next((one for one in read_speeds() if _key(one) == wanted and one.whole), None)


def remember(speed: Speed) -> None:
    """Keep it instead of what is known of the same; a trial never stands for what a whole run has told."""
    kept = _read()
    same = [one for one in kept if _key(one) == _key(speed)]
    if any(one.whole for one in same) and not speed.whole:
        return
    others = [one for one in kept if one not in same]
    speeds = sorted((*others, speed), key=lambda one: -one.at)[:_MOST]
    with contextlib.suppress(OSError, UserError):
        file = paths.cache_dir() / FILE_NAME
        file.parent.mkdir(parents=True, exist_ok=True)
        atomic.write_bytes(file, msgspec.json.encode(_Kept(speeds=tuple(speeds))))


def _key(speed: Speed) -> tuple[str, ...]:
    return speed.machine, speed.signature, speed.strategy, speed.precision


def _read() -> tuple[Speed, ...]:
    with contextlib.suppress(OSError, msgspec.MsgspecError, UnicodeDecodeError):
        kept = msgspec.json.decode((paths.cache_dir() / FILE_NAME).read_bytes(), type=_Kept)
        return kept.speeds if kept.format == _FORMAT else ()
    return ()


def _processor() -> str:
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
