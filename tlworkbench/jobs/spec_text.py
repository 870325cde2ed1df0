"""A job's settings as text: `job.toml`, and the `key=value` of a command line."""

from pathlib import Path
from typing import Any

import msgspec
import tomli_w

from tlworkbench import atomic
from tlworkbench.config_file import convert, read_toml
from tlworkbench.errors import UserError, nearest
from tlworkbench.jobs.spec import KINDS, LEARNING_RATES, JobSpec, TrainSpec


def load_spec(path: Path) -> JobSpec:
    """Read a `job.toml`; raises UserError that names file and key."""
    return spec_from(read_toml(path), str(path))


def spec_from(document: dict[str, Any], origin: str) -> JobSpec:
    """Check a document that has a `kind`; `origin` names it in errors."""
    kind = document.get("kind")
    struct = KINDS.get(kind) if isinstance(kind, str) else None
    if struct is None:
        raise UserError(f"{origin}: kind is {kind!r}", nearest(str(kind), KINDS))
    return convert(_with_rate(document) if struct is TrainSpec else document, struct, origin)


def save_spec(path: Path, spec: JobSpec) -> None:
    """Write `spec` as TOML, every field with its value."""
    atomic.write_text(path, tomli_w.dumps(_without_none(msgspec.to_builtins(spec))))


def _without_none(document: dict[str, Any]) -> dict[str, Any]:
    """The same without what TOML has no word for, in tables too."""
    return {
        name: _without_none(value) if isinstance(value, dict) else value
        for name, value in document.items()
        if value is not None
    }


def with_settings(spec: TrainSpec, assignments: tuple[str, ...]) -> TrainSpec:
    """Return `spec` with each `key=value` applied, values read as TOML (bare words as text).

    A key with a dot, as in `class_weights.negative=2.0`, sets one entry of a table.
    """
    document = {name: value for name, value in msgspec.to_builtins(spec).items() if value is not None}
    if spec.learning_rate == LEARNING_RATES[spec.strategy]:
        # Not chosen, but what the strategy brought: another strategy brings its own.
        del document["learning_rate"]
    for assignment in assignments:
        table, dot, _ = assignment.partition("=")[0].partition(".")
        # The name of a class may hold an equals sign, a weight never does.
        key, equals, value = assignment.rpartition("=") if dot else assignment.partition("=")
        if not equals:
            raise UserError(f"'{assignment}' is not key=value", "Write it as in max_train_rows=4000.")
        name = key.strip()
        if dot:
            before = document.get(table.strip())
            entries = before if isinstance(before, dict) else {}
            document[table.strip()] = {**entries, key.partition(".")[2].strip(" \"'"): _value(value.strip())}
        else:
            # A run's number is the name of a model, not a number.
            document[name] = value.strip(" \"'") if name == "model" else _value(value.strip())
    return convert(_with_rate(document), TrainSpec, "--set")


def _with_rate(document: dict[str, Any]) -> dict[str, Any]:
    """The same with the learning rate of its strategy where none is given."""
    rate = LEARNING_RATES.get(str(document.get("strategy")))
    return document if rate is None or "learning_rate" in document else {**document, "learning_rate": rate}


def _value(text: str) -> Any:
    for read in (int, float):
        try:
            return read(text)
        except ValueError:
            continue
    return {"true": True, "false": False}.get(text.lower(), text.strip("\"'"))
