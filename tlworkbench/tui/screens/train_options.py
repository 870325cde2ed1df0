"""What the form that starts a run shows: the settings in groups, folded or found by a part of a name."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from tlworkbench.jobs.no_say import no_say
from tlworkbench.jobs.setting_text import Values, changed, defaults, defaults_of, fields, problems, same
from tlworkbench.jobs.setting_text import field as field_of
from tlworkbench.jobs.spec_fields import SpecField
from tlworkbench.tui.screens.choose import Entry, matching


@dataclass(frozen=True)
class Group:
    """Settings that go together. The first group has no name and is always open."""

    name: str
    settings: tuple[str, ...]


_GROUPED = (
    Group("", ("model", "strategy", "epochs", "learning_rate", "batch_size", "max_length")),
    Group("rows", ("max_train_rows", "max_eval_rows", "class_weights", "balanced_sampler", "journal_version")),
    Group("long texts", ("long_texts", "window_stride", "max_windows")),
    Group("what learns", ("freeze", "layer_decay", "lora_rank", "lora_alpha", "lora_dropout", "lora_targets")),
    Group("optimizer", ("schedule", "warmup", "max_grad_norm")),
    Group("regularisation", ("weight_decay", "label_smoothing")),
    Group("batches and memory", ("gradient_accumulation", "tokens_per_batch", "checkpoint_limit")),
    Group("measuring and stopping", ("metric", "early_stopping", "steps", "baseline")),
    Group("hardware and chance", ("precision", "devices", "compile", "seed")),
)


def groups() -> tuple[Group, ...]:
    """All settings there are, each once; those that nobody has put into a group come last."""
    named = {name for group in _GROUPED for name in group.settings}
    rest = tuple(one.name for one in fields() if one.name not in named)
    return (*_GROUPED, Group("others", rest)) if rest else _GROUPED


@dataclass(frozen=True)
class Options:
    """What stands in the form."""

    values: Mapping[str, str]
    """By field, as typed."""
    open: frozenset[str] = frozenset()
    """Names of the groups that are unfolded."""
    query: str | None = None
    """A part of a name that is looked for; None where nothing is."""

    @cached_property
    def first(self) -> dict[str, str]:
        """What each field goes back to."""
        return defaults_of(self.values)

    @cached_property
    def lines(self) -> tuple[Group | SpecField, ...]:
        """What shows, line by line: settings, and the names of groups above theirs."""
        if self.query is not None:
            entries = [Entry(one.name, one.label, help=one.help) for one in map(field_of, _all_settings())]
            return tuple(field_of(entry.value) for entry in matching(entries, self.query))
        shown: list[Group | SpecField] = []
        for group in groups():
            if group.name:
                shown.append(group)
            if not group.name or group.name in self.open:
                shown += map(field_of, group.settings)
        return tuple(shown)

    @cached_property
    def wrong(self) -> dict[str, str]:
        """For each field whose value is not valid, what is wanted there."""
        return problems(self.values)

    @cached_property
    def silent(self) -> dict[str, str]:
        """Each field that has no say now, with the reason."""
        return no_say(self.values)

    @cached_property
    def changed(self) -> dict[str, str]:
        """What stands elsewhere than at its default."""
        return changed(self.values)

    def place_of(self, name: str) -> int | None:
        """Line of a setting, where it shows."""
        return next(
            (at for at, line in enumerate(self.lines) if isinstance(line, SpecField) and line.name == name), None
        )

    def with_value(self, name: str, text: str) -> "Options":
        """The same with another value; a strategy brings its own learning rate where none was typed."""
        values = {**self.values, name: text}
        if name == "strategy" and is_default(self, "learning_rate"):
            values["learning_rate"] = defaults_of(values)["learning_rate"]
        return replace(self, values=values)

    def with_default(self, name: str) -> "Options":
        """The same with a field at what it goes back to."""
        return self.with_value(name, self.first[name])

    def turned(self, name: str, by: int) -> "Options":
        """The next of a field's choices, or the one before; the same where what stands there was typed."""
        choices = field_of(name).choices
        text = self.values[name].strip()
        if text not in choices:
            return self
        return self.with_value(name, choices[(choices.index(text) + by) % len(choices)])

    def folded(self, name: str, open: bool) -> "Options":
        """The same with a group unfolded, or folded."""
        return replace(self, open=self.open | {name} if open else self.open - {name})

    def revealing(self, name: str) -> "Options":
        """The same, not looking for anything, with the group of a setting unfolded."""
        group = next(group for group in groups() if name in group.settings)
        return replace(self, query=None, open=self.open | {group.name} if group.name else self.open)

    def looking_for(self, query: str | None) -> "Options":
        """The same while a part of a name is typed."""
        return replace(self, query=query)


def remembered(kept: Mapping[str, object], model: str) -> dict[str, str]:
    """What the fields hold at first: what was typed last, else the defaults; always the chosen model."""
    strategy = kept.get("strategy")
    values = dict(defaults(strategy if isinstance(strategy, str) else "full"))
    values |= {name: known for name in values if isinstance(known := kept.get(name), str)}
    values["model"] = model
    return values | {name: defaults_of(values)[name] for name in problems(values) if name != "model"}


def to_keep(values: Values) -> dict[str, str]:
    """What the next form is to begin with: what was changed."""
    return changed(values)


def is_default(options: Options, name: str) -> bool:
    """Whether a field stands at what it goes back to."""
    return same(name, options.values[name], options.first[name])


def _all_settings() -> Iterable[str]:
    return (name for group in groups() for name in group.settings)
