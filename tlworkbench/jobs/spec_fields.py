"""The fields of a job with their defaults and what they do, read from where they are declared."""

import ast
import inspect
import textwrap
from dataclasses import dataclass
from typing import Any

_WRITTEN = {"True": "true", "False": "false", "None": ""}


@dataclass(frozen=True)
class SpecField:
    """A key of `job.toml`."""

    name: str
    default: str
    """As it is written there; empty where there is none."""
    help: str


def spec_fields(struct: type[Any]) -> tuple[SpecField, ...]:
    """Each field of `struct` that is followed by a string that explains it."""
    body = ast.parse(textwrap.dedent(inspect.getsource(struct))).body[0]
    assert isinstance(body, ast.ClassDef)
    return tuple(
        SpecField(
            ast.unparse(field.target),
            _WRITTEN.get(value := ast.unparse(field.value), value.strip("'")) if field.value else "",
            " ".join(str(after.value.value).split()),
        )
        for field, after in zip(body.body, body.body[1:], strict=False)
        if isinstance(field, ast.AnnAssign) and isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant)
    )
