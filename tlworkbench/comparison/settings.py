"""Where the settings of several runs differ, and what they ran on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec.structs import FieldInfo

from tlworkbench.comparison.run_files import Made, RunFiles
from tlworkbench.jobs.spec import TrainSpec


@dataclass(frozen=True)
class Setting:
    """One field in which the runs are not all alike."""

    name: str
    default: str
    """As it is written in job.toml; empty where there is none."""
    values: tuple[str | None, ...]
    """Of each run in order; None where it can't be told."""


def differing_settings(runs: Sequence[RunFiles]) -> tuple[Setting, ...]:
    """Fields of job.toml that differ, in the order in which they are declared."""
    specs = [msgspec.to_builtins(run.spec) if run.spec is not None else None for run in runs]
    return tuple(
        setting
        for field in msgspec.structs.fields(TrainSpec)
        if _differ(setting := Setting(field.name, _default(field), _values(specs, field.name)))
    )


def differing_machines(runs: Sequence[RunFiles]) -> tuple[Setting, ...]:
    """What the runs ran on where that differs: device, precision and length that were used, versions of libraries."""
    made = [_flat(run.made) if run.made is not None else None for run in runs]
    names = dict.fromkeys(name for one in made if one is not None for name in one)
    return tuple(setting for name in names if _differ(setting := Setting(name, "", _values(made, name))))


def _flat(made: Made) -> dict[str, Any]:
    return {
        "device": made.device,
        "threads": made.threads,
        "precision used": made.precision,
        "tokens kept": made.max_length,
        **dict(sorted(made.versions.items())),
    }


def _values(documents: Sequence[dict[str, Any] | None], name: str) -> tuple[str | None, ...]:
    return tuple(_written(one.get(name)) if one is not None else None for one in documents)


def _differ(setting: Setting) -> bool:
    return len({value for value in setting.values if value is not None}) > 1


def _default(field: FieldInfo) -> str:
    return _written(field.default) if field.default is not msgspec.NODEFAULT else ""


def _written(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case float():
            return _number(value)
        case dict():
            return ", ".join(f"{key} = {_written(one)}" for key, one in sorted(value.items()))
        case list() | tuple():
            return ", ".join(map(_written, value))
        case _:
            return str(value)


def _number(value: float) -> str:
    if value == 0 or abs(value) >= 0.001:
        return f"{value:g}"
    digits, _, exponent = f"{value:.6e}".partition("e")
    return f"{digits.rstrip('0').rstrip('.')}e{int(exponent)}"
