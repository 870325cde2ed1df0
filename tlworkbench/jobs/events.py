"""What happens in a job: `events.jsonl`, append-only, one typed event a line."""

import time
from typing import Any, Literal, TypeAlias

import msgspec
from msgspec import Struct, field


class _Event(Struct, frozen=True, kw_only=True, tag_field="type"):
    at: float = field(default_factory=time.time)
    """Seconds since the epoch."""


class Started(_Event, frozen=True, kw_only=True, tag="started"):
    """The child is at work; a second one in the same file means it was resumed."""

    kind: str
    pid: int
    device: str = ""
    """As a person says it: `CPU, 2 cores`, `NVIDIA H200`."""


class Progress(_Event, frozen=True, kw_only=True, tag="progress"):
    """How far a job is that counts rows, bytes or files; `total` 0 where it isn't known."""

    what: str
    done: int
    total: int = 0
    unit: str = "rows"
    bytes_done: int = 0
    bytes_total: int = 0
    """Of the files that are read; 0 where that isn't known."""
    seconds_left: float = -1.0
    """Below 0 where it isn't known."""

    @property
    def share(self) -> float:
        """Share of the work done, 0 to 1: by bytes, else by what is counted; 0 where neither total is known."""
        if self.bytes_total:
            return min(1.0, self.bytes_done / self.bytes_total)
        return min(1.0, self.done / self.total) if self.total else 0.0


class TrainingBegan(_Event, frozen=True, kw_only=True, tag="training"):
    """The data is ready and the first step is next."""

    classes: tuple[str, ...]
    train_rows: int
    eval_rows: int
    total_steps: int
    epochs: float
    batch_size: int
    max_length: int
    precision: str
    truncated: float = 0.0
    """Share of the training texts longer than `max_length`, or than all windows they may have."""
    windows: int = 0
    """Windows of all training texts together; 0 where longer texts are cut."""
    train_counts: tuple[int, ...] = ()
    eval_counts: tuple[int, ...] = ()
    majority_accuracy: float = 0.0
    """Validation accuracy of always answering the most frequent class."""
    majority_macro_f1: float = 0.0
    first_step: int = 0
    """Step a resumed run goes on from."""
    step_seconds: float = 0.0
    """What a step is expected to take, from the longest batch tried before; 0 where it wasn't."""
    peak_memory: int = 0
    """Bytes it is expected to need at most; 0 where nothing was tried."""


class Step(_Event, frozen=True, kw_only=True, tag="step", gc=False):
    """Training figures at an optimizer step, averaged since the last such event."""

    step: int
    epoch: float
    loss: float
    learning_rate: float
    grad_norm: float = 0.0
    examples_per_second: float = 0.0
    seconds_left: float = 0.0


class Gauge(_Event, frozen=True, kw_only=True, tag="gauge"):
    """What the job uses of the machine."""

    cpu: float
    """Percent of all cores, this process and its children."""
    memory: int
    """Resident bytes."""
    memory_total: int
    gpus: tuple["GpuGauge", ...] = ()


class GpuGauge(Struct, frozen=True):
    """One GPU as NVML sees it."""

    index: int
    name: str
    busy: float
    """Percent; below 0 where it isn't told."""
    memory: int
    memory_total: int


class ClassFigures(Struct, frozen=True):
    """Precision, recall and F1 of one class over `rows` rows."""

    name: str
    precision: float
    recall: float
    f1: float
    rows: int


class Evaluated(_Event, frozen=True, kw_only=True, tag="evaluated"):
    """Metrics on a split; `confusion[i][j]` counts rows of class i answered with class j."""

    step: int
    epoch: float
    split: str
    loss: float
    accuracy: float
    macro_f1: float
    per_class: tuple[ClassFigures, ...]
    confusion: tuple[tuple[int, ...], ...]
    best: bool = False
    """Better than every evaluation before it in this run."""


class Baseline(_Event, frozen=True, kw_only=True, tag="baseline"):
    """What answers are worth that take no training: a line that a run's figures on the same rows are held against."""

    name: str
    """`majority` (always the most frequent class), `as it is` (the checkpoint untrained), `head` (its last layer fitted
    alone); a later one of the same name replaces it."""
    accuracy: float | None = None
    macro_f1: float | None = None
    """None where it could not be measured, which `words` explain."""
    loss: float | None = None
    words: str = ""
    """How it came about: which class, how label names were matched, or why there is no figure."""

    def figure(self, metric: str) -> float | None:
        """The one called so in a run's settings: `macro_f1`, `accuracy` or `loss`."""
        return {"macro_f1": self.macro_f1, "accuracy": self.accuracy, "loss": self.loss}.get(metric)


class Trial(_Event, frozen=True, kw_only=True, tag="trial"):
    """A setting that a search tried, with what it brought on validation."""

    learning_rate: float
    epochs: float
    accuracy: float = 0.0
    macro_f1: float = 0.0
    loss: float = 0.0
    seconds: float = 0.0
    """In all,"""
    fixed: float = 0.0
    """and those of them that more epochs don't add to: loading, measuring."""
    lost: str = ""
    """Why there are no figures: the loss became NaN."""

    def figure(self, metric: str) -> float:
        """What is compared, more being better; a trial that was lost is below all."""
        value = {"macro_f1": self.macro_f1, "accuracy": self.accuracy, "loss": -self.loss}[metric]
        return float("-inf") if self.lost else value


class Note(_Event, frozen=True, kw_only=True, tag="note"):
    """Something the user ought to know: a choice made, a doubt."""

    text: str
    level: Literal["info", "warning"] = "info"


class Finished(_Event, frozen=True, kw_only=True, tag="finished"):
    """The job's last word."""

    status: Literal["done", "stopped", "failed"]
    what: str = ""
    """One sentence; for `failed` what happened."""
    hint: str = ""
    result: dict[str, Any] = {}
    """What the command's `--json` prints of it."""


Event: TypeAlias = Started | Progress | TrainingBegan | Step | Gauge | Evaluated | Baseline | Trial | Note | Finished

_decoder = msgspec.json.Decoder(Event)
_encoder = msgspec.json.Encoder()


def encode(event: Event) -> bytes:
    """One line of `events.jsonl`, with its line break."""
    return _encoder.encode(event) + b"\n"


def decode_lines(lines: bytes) -> list[Event]:
    """Read many whole lines at once; those that `decode` would refuse are left out."""
    try:
        events: list[Event] = _decoder.decode_lines(lines)
    except (msgspec.DecodeError, msgspec.ValidationError):
        return [event for line in lines.split(b"\n") if line and (event := decode(line)) is not None]
    return events


def decode(line: bytes) -> Event | None:
    """Read one line; None for a line this version doesn't know (a newer program wrote it) or that is damaged."""
    try:
        event: Event = _decoder.decode(line)
    except (msgspec.DecodeError, msgspec.ValidationError):
        return None
    return event
