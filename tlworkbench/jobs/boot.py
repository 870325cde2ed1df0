"""Which start of this machine (or of this container) a process belongs to."""

import functools
from pathlib import Path

_BOOT = Path("/proc/sys/kernel/random/boot_id")
_FIRST_PROCESS = Path("/proc/1/stat")


@functools.cache
def boot_id() -> str:
    """Differs after every restart of the machine or the container; empty where the system doesn't tell (no Linux).

    A container shares its host's boot id, so the time at which its first process began is part of it.
    """
    try:
        boot = _BOOT.read_text(encoding="ascii").strip()
    except OSError:
        return ""
    try:
        # After the name in brackets, which may hold spaces: field 22 of the line, in ticks since the host's boot.
        began = _FIRST_PROCESS.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        began = ""
    return f"{boot}:{began}"
