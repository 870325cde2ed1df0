"""The fields of a job with their defaults, what they do and what may stand there, read from where they are declared."""

import ast
import inspect
import textwrap
from dataclasses import dataclass
from functools import lru_cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeAlias, Union, get_args, get_origin, get_type_hints

from msgspec import Meta

Free: TypeAlias = Literal["", "text", "whole", "number", "table"]
"""What can be typed beside the choices: nothing, a text, a whole number, a number, or a table of them."""

_WRITTEN = {"True": "true", "False": "false", "None": ""}
_UNBOUND = 1e5
"""A limit above this is there to keep nonsense out; nobody needs to be told."""


@dataclass(frozen=True)
class SpecField:
    """A key of `job.toml`."""

    name: str
    default: str
    """As it is written there; empty where there is none."""
    help: str
    choices: tuple[str, ...] = ()
    """Words that may stand there, in the order in which they are declared."""
    free: Free = ""
    optional: bool = False
    """Whether it may be left out altogether."""
    wanted: str = ""
    """What may stand there, as a person says it: `a whole number from 1`."""

    @property
    def label(self) -> str:
        """Its name in words: `learning rate`."""
        return self.name.replace("_", " ")


@lru_cache
def spec_fields(struct: type[Any]) -> tuple[SpecField, ...]:
    """Each field of `struct` that is followed by a string that explains it."""
    body = ast.parse(textwrap.dedent(inspect.getsource(struct))).body[0]
    assert isinstance(body, ast.ClassDef)
    types = get_type_hints(struct, include_extras=True)
    return tuple(
        _field(
            name := ast.unparse(field.target),
            _WRITTEN.get(value := ast.unparse(field.value), value.strip("'")) if field.value else "",
            " ".join(str(after.value.value).split()),
            types[name],
        )
        for field, after in zip(body.body, body.body[1:], strict=False)
        if isinstance(field, ast.AnnAssign) and isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant)
    )


def _field(name: str, default: str, help: str, type_: Any) -> SpecField:
    choices: list[str] = []
    free: Free = ""
    words: list[str] = []
    optional = False
    for one in get_args(type_) if get_origin(type_) in (Union, UnionType) else (type_,):
        if one is NoneType:
            optional = True
        elif one is bool:
            choices += ["true", "false"]
        elif get_origin(one) is Literal:
            choices += get_args(one)
        else:
            free, wanted = _typed(one)
            words.append(wanted)
    wanted = _listed([*choices, *words])
    return SpecField(name, default, help, tuple(choices), free, optional, wanted)


def _typed(type_: Any) -> tuple[Free, str]:
    limits = next((part for part in get_args(type_)[1:] if isinstance(part, Meta)), Meta())
    plain = get_args(type_)[0] if get_origin(type_) is Annotated else type_
    if plain is int:
        return "whole", f"a whole number{_range(limits)}"
    if plain is float:
        return "number", f"a number{_range(limits)}"
    if get_origin(plain) is dict:
        return "table", "a table, as in name = 2"
    if get_origin(plain) is tuple:
        return "text", "words, a comma between them"
    return "text", "a name"


def _range(limits: Meta) -> str:
    words = ""
    if limits.ge is not None:
        words += f" from {limits.ge:g}"
    elif limits.gt is not None:
        words += f" above {limits.gt:g}"
    if limits.lt is not None and limits.lt <= _UNBOUND:
        words += f", below {limits.lt:g}"
    elif limits.le is not None and limits.le <= _UNBOUND:
        words += f", {limits.le:g} at most"
    return words


def _listed(words: list[str]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}" if len(words) > 1 else "".join(words)
