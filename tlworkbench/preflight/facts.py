"""What is known of a run that is to be."""

import msgspec

from tlworkbench.data.findings import Finding
from tlworkbench.preflight.model_size import ModelSize


class ClassRows(msgspec.Struct, frozen=True):
    """Rows of one class that the run would use."""

    name: str
    train: int
    validation: int


class Tried(msgspec.Struct, frozen=True, kw_only=True):
    """What the longest batch told when it was tried on this machine."""

    seconds: float
    """The whole run as estimated, validation after each epoch included, early stopping not."""
    step_seconds: float
    peak_bytes: int
    """Memory at its fullest: of the process, or of the GPU where one is used,"""
    free_bytes: int
    """and what was free before."""
    rows_at_once: int
    """Rows that fit into memory at once; fewer than `batch_size` where that doesn't."""
    precision: str
    on_gpu: bool = False


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """A run's rows, steps and needs; 0 where something could not be told."""

    model: str
    classes: tuple[ClassRows, ...] = ()
    train_rows: int = 0
    validation_rows: int = 0
    usable_rows: int = 0
    """Training rows it draws from."""
    unlabelled: int = 0
    excluded: int = 0
    empty: int = 0
    """Rows of both splits that are left out."""
    steps: int = 0
    steps_per_epoch: int = 0
    epochs: float = 0.0
    rows_a_step: int = 0
    max_length: int = 0
    """Tokens kept of a text."""
    truncated: float | None = None
    """Share of the training texts that are longer; None where it could not be told,"""
    measured: int = 0
    """and of so many of them."""
    windows: int = 0
    """Windows of these texts together; 0 where longer ones are cut,"""
    most_windows: int = 0
    """and of the one that has most."""
    tokens: float = 0.0
    """Tokens read of a text on average, over all its windows,"""
    longest: int = 0
    """and of the longest that goes through the model at once."""
    size: ModelSize | None = None
    """None where no model was found."""
    disk_needed: int = 0
    """Bytes of checkpoints and model at the most."""
    disk_free: int = 0
    findings: tuple[Finding, ...] = ()
    tried: Tried | None = None
    not_tried: str = ""
    """Why nothing was tried."""

    @property
    def refused(self) -> bool:
        """Whether the run can't work."""
        return any(finding.level == "refusal" for finding in self.findings)

    def with_refusal(self, finding: Finding) -> "Facts":
        """The same, and this stands in the way."""
        return msgspec.structs.replace(self, findings=(finding, *self.findings))

    def with_trial(self, result: dict[str, object]) -> "Facts":
        """The same with what a job of the kind `preflight` found out."""
        return msgspec.structs.replace(self, tried=msgspec.convert(result, Tried))
