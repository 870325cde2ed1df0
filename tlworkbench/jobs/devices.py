"""How many devices a training run can have on this machine, and the command that runs it on several."""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import pynvml

from tlworkbench.errors import UserError
from tlworkbench.jobs.spec import JobSpec, TrainSpec


@dataclass(frozen=True)
class Devices:
    """What can learn side by side here: GPUs, or cores of the processor where there is none."""

    gpus: int
    cores: int

    @classmethod
    def here(cls) -> "Devices":
        """Those that this process may use: CUDA_VISIBLE_DEVICES and the affinity of the process count."""
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        return cls(len(visible_gpus(os.environ.get("CUDA_VISIBLE_DEVICES"))), cores)

    def refusal(self, wanted: int) -> UserError | None:
        """Why a run can't have so many of them."""
        most = self.gpus or self.cores
        if wanted <= most:
            return None
        has = f"{self.gpus} GPU{'s' if self.gpus > 1 else ''}" if self.gpus else f"no GPU and {_cores(self.cores)}"
        return UserError(
            f"devices = {wanted}, but this machine has {has}",
            f"Set devices = {most}{'' if most == 1 else ' or fewer'}; for several machines on one job see the README.",
        )


def processes(spec: JobSpec) -> int:
    """How many processes run a job."""
    # The head is fitted within seconds, to features that come from one device.
    return spec.devices if isinstance(spec, TrainSpec) and spec.strategy != "head" else 1


def visible_gpus(listed: str | None) -> tuple[str, ...]:
    """What names each GPU for CUDA: its number or UUID. listed: CUDA_VISIBLE_DEVICES, None where it isn't set."""
    present = _gpus()
    if listed is None:
        return tuple(map(str, range(present)))
    names: list[str] = []
    for name in (part.strip() for part in listed.split(",")):
        # As CUDA reads it: what comes after a name that means nothing does not count.
        if not name or (name.lstrip("-").isdecimal() and not 0 <= int(name) < present):
            break
        names.append(name)
    return tuple(names[:present])


def on_several(command: Sequence[str], devices: int) -> list[str]:
    """`command` (a Python, then what it runs) started once for each device, by torch's own launcher on loopback."""
    python, *program = command
    launcher = ("-m", "torch.distributed.run", "--standalone", "--local-addr=127.0.0.1", f"--nproc-per-node={devices}")
    return [python, *launcher, *program]


def environment_of_several(devices: int) -> dict[str, str]:
    """What such processes find in their environment: a share of the cores each, and where to meet."""
    share = max(1, Devices.here().cores // devices)
    return {
        "OMP_NUM_THREADS": str(share),
        # Else gloo looks the machine's own name up, which a machine without a network may not know.
        "GLOO_SOCKET_IFNAME": os.environ.get("GLOO_SOCKET_IFNAME", "lo0" if sys.platform == "darwin" else "lo"),
    }


def _gpus() -> int:
    try:
        pynvml.nvmlInit()
        return int(pynvml.nvmlDeviceGetCount())
    except pynvml.NVMLError:
        return 0


def _cores(count: int) -> str:
    return f"{count} processor core{'s' if count != 1 else ''}"
