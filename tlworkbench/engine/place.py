"""Which of a run's processes this one is, as `torchrun` tells it."""

import os
from collections.abc import MutableMapping
from dataclasses import dataclass

from tlworkbench.jobs.devices import visible_gpus

_TOLD = (
    *("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT"),
    *("GROUP_RANK", "GROUP_WORLD_SIZE", "ROLE_RANK", "ROLE_NAME", "ROLE_WORLD_SIZE", "OMP_NUM_THREADS"),
)
_TOLD_TOO = "TORCHELASTIC_"
_GPUS = "CUDA_VISIBLE_DEVICES"


@dataclass(frozen=True)
class Place:
    """A process among those of its run; alone unless told otherwise."""

    rank: int = 0
    """0 is the first: it alone speaks, measures and writes."""
    count: int = 1
    here: int = 1
    """Processes of the run on this machine."""
    address: str = ""
    port: int = 0
    """Where they meet."""
    gpus: str | None = None
    """CUDA_VISIBLE_DEVICES before this process was given one of its own."""

    @property
    def first(self) -> bool:
        """Whether it is the one that speaks."""
        return self.rank == 0

    @property
    def alone(self) -> bool:
        """Whether there are no others."""
        return self.count == 1


def take_place(environment: MutableMapping[str, str] = os.environ) -> Place:
    """Read what the launcher tells this process, and take it out of the environment; call before torch is imported.

    Taken out, because transformers and accelerate would go by it and divide rows and write checkpoints in their own
    way, and because the run that comes next in the queue is started from here. Each process sees one GPU, its own.
    """
    if "RANK" not in environment or "WORLD_SIZE" not in environment:
        return Place()
    told = {name: environment.pop(name) for name in list(environment) if name in _TOLD or name.startswith(_TOLD_TOO)}
    listed = environment.get(_GPUS)
    local = int(told.get("LOCAL_RANK", told["RANK"]))
    gpus = visible_gpus(listed)
    if local < len(gpus):
        environment[_GPUS] = gpus[local]
    return Place(
        rank=int(told["RANK"]),
        count=int(told["WORLD_SIZE"]),
        here=int(told.get("LOCAL_WORLD_SIZE", told["WORLD_SIZE"])),
        address=told.get("MASTER_ADDR", "127.0.0.1"),
        port=int(told.get("MASTER_PORT", 0)),
        gpus=listed,
    )


def give_back_gpus(place: Place, environment: MutableMapping[str, str] = os.environ) -> None:
    """Let what is started from here see all GPUs again."""
    if place.gpus is not None:
        environment[_GPUS] = place.gpus
    elif not place.alone:
        environment.pop(_GPUS, None)
