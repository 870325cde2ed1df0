"""The settings of a training run as a person types them, a line of text each."""

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from tlworkbench.errors import UserError
from tlworkbench.jobs.spec import LEARNING_RATES, TrainSpec
from tlworkbench.jobs.spec_fields import SpecField, spec_fields
from tlworkbench.jobs.spec_text import with_settings

Values = Mapping[str, str]
"""What stands in each field, by its name."""

_ENTRY = re.compile(r'\s*("(?:[^"\\]|\\.)*"|[^=,"]+?)\s*=\s*([^=,]+?)\s*(?:,|$)')
_BARE = re.compile(r"[^\s\"=,{}](?:[^\"=,{}]*[^\s\"=,{}])?")
_SMALL = 1e-2


@lru_cache
def fields() -> tuple[SpecField, ...]:
    """What can be set of a training run."""
    return spec_fields(TrainSpec)


@lru_cache
def field(name: str) -> SpecField:
    """The one of that name."""
    return next(one for one in fields() if one.name == name)


@lru_cache
def defaults(strategy: str = "full") -> dict[str, str]:
    """What stands in each field where nobody has typed anything, by strategy; nothing for the model."""
    spec = TrainSpec(model="")
    rate = {"learning_rate": text_of(LEARNING_RATES[strategy])} if strategy in LEARNING_RATES else {}
    return {one.name: text_of(getattr(spec, one.name)) for one in fields()} | rate


def defaults_of(values: Values) -> dict[str, str]:
    """The same with the strategy that was typed."""
    return defaults(values.get("strategy", "full").strip())


def text_of(value: Any) -> str:
    """A value as it is typed: `3`, `1e-4`, `true`, `neutral = 2, "so, so" = 0.5`; nothing for None."""
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case float() if 0 < abs(value) < _SMALL:
            digits, _, exponent = f"{value:.6e}".partition("e")
            return f"{digits.rstrip('0').rstrip('.')}e{int(exponent)}"
        case float():
            return f"{value:.7g}"
        case dict():
            return ", ".join(f"{_name(name)} = {text_of(float(weight))}" for name, weight in value.items())
        case tuple() | list():
            return ", ".join(map(text_of, value))
        case _:
            return str(value)


def entries(text: str) -> dict[str, str] | None:
    """A table as it was typed, names that hold `,`, `=` or quotes in quotes; None where it is no table."""
    found: dict[str, str] = {}
    rest = text.strip().removeprefix("{").removesuffix("}").strip().removesuffix(",")
    while rest:
        entry = _ENTRY.match(rest)
        if entry is None:
            return None
        try:
            name = json.loads(entry[1]) if entry[1].startswith('"') else entry[1]
        except json.JSONDecodeError:
            return None
        found[name] = entry[2]
        rest = rest[entry.end() :]
    return found or None


def assignments(values: Values) -> tuple[str, ...]:
    """The `key=value`s that make a run of what was typed; what stands at its default is left out, but for the model."""
    given: list[str] = []
    default = defaults_of(values)
    for name, text in values.items():
        text = text.strip()
        if name != "model" and text == default.get(name):
            continue
        table = entries(text) if field(name).free == "table" and text not in field(name).choices else None
        if table is None:
            given.append(f"{name}={text}")
        else:
            given += [f"{name}.{entry}={weight}" for entry, weight in table.items()]
    return tuple(given)


def problems(values: Values) -> dict[str, str]:
    """For each field whose value is not valid, what is wanted there; checked by `TrainSpec` itself."""
    wrong = {}
    default = defaults_of(values)
    for name, text in values.items():
        if text.strip() == default[name] and name != "model":
            continue
        try:
            with_settings(TrainSpec(model="bundled"), assignments({name: text}))
        except UserError:
            wrong[name] = field(name).wanted
        else:
            if name == "model" and not text.strip():
                wrong[name] = field(name).wanted
    return wrong


def spec_of(values: Values) -> TrainSpec | None:
    """The run as it was typed; None where a value is not valid."""
    return None if problems(values) else with_settings(TrainSpec(model="bundled"), assignments(values))


def changed(values: Values) -> dict[str, str]:
    """What stands elsewhere than at its default; the model has none."""
    default = defaults_of(values)
    return {name: text for name, text in values.items() if name != "model" and not same(name, text, default[name])}


def same(name: str, one: str, other: str) -> bool:
    """Whether two texts mean the same: `3` and `3.0` do."""
    one, other = one.strip(), other.strip()
    if one == other:
        return True
    try:
        return field(name).free in ("whole", "number") and float(one) == float(other)
    except ValueError:
        return False


def _name(name: str) -> str:
    return name if _BARE.fullmatch(name) else json.dumps(name, ensure_ascii=False)
