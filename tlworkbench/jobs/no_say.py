"""Which settings of a training run have no say, given the others."""

from collections.abc import Mapping
from dataclasses import dataclass

from tlworkbench.jobs.spec import TrainSpec

HEARD_BY_HEAD = frozenset(
    {"model", "strategy", "class_weights", "metric", "max_length", "max_train_rows", "max_eval_rows", "seed"}
    | {"precision", "journal_version", "baseline", "long_texts", "window_stride", "max_windows"}
)
"""What strategy `head` goes by."""


@dataclass(frozen=True)
class Silence:
    """These settings have no say while another one holds one of these values, or, with `unless`, none of them."""

    settings: tuple[str, ...]
    other: str
    values: tuple[str, ...]
    reason: str
    unless: bool = False

    def holds(self, values: Mapping[str, str]) -> bool:
        """Whether it is so now; values as they are typed."""
        return (values.get(self.other, "").strip() in self.values) != self.unless


SILENCES = (
    Silence(
        tuple(name for name in TrainSpec.__struct_fields__ if name not in HEARD_BY_HEAD),
        "strategy",
        ("head",),
        "no say with strategy head",
    ),
    Silence(
        ("lora_rank", "lora_alpha", "lora_dropout", "lora_targets"),
        "strategy",
        ("lora",),
        "no say but with strategy lora",
        unless=True,
    ),
    Silence(
        ("window_stride", "max_windows"), "long_texts", ("windows",), "no say but with long_texts windows", unless=True
    ),
    Silence(("epochs",), "steps", ("0",), "no say while steps is set", unless=True),
)


def no_say(values: Mapping[str, str]) -> dict[str, str]:
    """Each setting that has no say, with the reason."""
    silent: dict[str, str] = {}
    for silence in SILENCES:
        if silence.holds(values):
            for name in silence.settings:
                silent.setdefault(name, silence.reason)
    return silent
