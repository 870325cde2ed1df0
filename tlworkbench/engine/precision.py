"""Which numbers to compute in: bf16 where the hardware multiplies them, else fp32; fp16 where it is asked for."""

import contextlib
from pathlib import Path
from typing import Literal

from tlworkbench.errors import UserError

Precision = Literal["fp32", "bf16", "fp16"]
_CPU_FLAGS = frozenset({"amx_bf16", "avx512_bf16"})


def choose_precision(wanted: Literal["auto", "fp32", "bf16", "fp16"], device: str) -> Precision:
    """The precision for `device` (`cpu` or `cuda`); raises UserError for one that is asked for and can't be had."""
    if wanted == "fp32":
        return "fp32"
    if wanted == "fp16":
        if device == "cpu":
            raise UserError("fp16 needs a GPU, and this machine has none", "Set precision = bf16 or auto.")
        return "fp16"
    if has_bf16(device):
        return "bf16"
    if wanted == "bf16" and device != "cpu":
        raise UserError("this GPU can't compute in bf16", "Set precision = fp32, or leave it at auto.")
    # A processor without bf16 units computes in bf16 all the same, only slower: as it was asked for, it is done.
    return "bf16" if wanted == "bf16" else "fp32"


def has_bf16(device: str) -> bool:
    """Whether `device` has units for bf16: a GPU says so itself, a processor by its flags."""
    if device == "cuda":
        import torch

        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return bool(_CPU_FLAGS & cpu_flags(Path("/proc/cpuinfo")))


def cpu_flags(cpuinfo: Path) -> frozenset[str]:
    """Flags of the first processor in a Linux `cpuinfo`; empty where there is none."""
    with contextlib.suppress(OSError):
        for line in cpuinfo.read_text().splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "flags":
                return frozenset(value.split())
    return frozenset()
