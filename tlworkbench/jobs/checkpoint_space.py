"""Room on the disk for a run's checkpoints."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from tlworkbench.errors import UserError

_WEIGHTS_PER_CHECKPOINT = 3
"""A checkpoint holds the weights and AdamW's two moments of each."""


@dataclass(frozen=True)
class CheckpointSpace:
    """Bytes that a run's checkpoints and its model take, and those that are free where they lie."""

    least: int
    """One checkpoint and the model."""
    most: int
    """The best checkpoint, those that are kept, the one being written, and the model."""
    free: int
    folder: Path

    @classmethod
    def of(cls, folder: Path, parameters: int, limit: int, learning: int | None = None) -> "CheckpointSpace":
        """For so many fp32 weights, `learning` of them or all, and `limit` kept checkpoints; the folder may be missing.

        A checkpoint holds what learns.
        """
        model = parameters * 4
        one = (parameters if learning is None else learning) * 4 * _WEIGHTS_PER_CHECKPOINT
        there = next(place for place in (folder, *folder.parents) if place.exists())
        # The best, the kept ones, and the one being written before the oldest goes.
        return cls(one + model, one * (limit + 2) + model, shutil.disk_usage(there).free, folder)

    def refusal(self) -> UserError | None:
        """Why the run can't be, where not even one checkpoint fits."""
        if self.free >= self.least:
            return None
        return UserError(
            f"a checkpoint and the model need {in_bytes(self.least)}, the disk has {in_bytes(self.free)} free",
            f"Free some space, or put the workspace on another disk than that of {self.folder}.",
        )

    def doubt(self) -> str:
        """A sentence where the disk may become full before the run ends; empty where there is room."""
        if self.free >= self.most:
            return ""
        return f"the run's checkpoints may need {in_bytes(self.most)}, the disk has {in_bytes(self.free)} free"


def in_bytes(count: int) -> str:
    """`91 MB`, `1.2 GB`."""
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"
