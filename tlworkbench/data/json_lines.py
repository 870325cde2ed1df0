"""JSON Lines as tables, piece by piece: one object a line, whose keys and types may differ from line to line."""

import json
from typing import Any

import pyarrow as pa

from tlworkbench.errors import UserError


class JsonLines:
    """Turns the lines of a file, given in order, into tables; errors name the file (as `name`) and the line."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._line = 0

    def table(self, lines: list[str]) -> pa.Table:
        """The next lines as a table; blank ones are skipped. Raises UserError for a line that is no object."""
        objects = []
        for line in lines:
            self._line += 1
            if line.strip():
                objects.append(self._object(line))
        names = dict.fromkeys(name for object_ in objects for name in object_)
        return pa.table({name: _column([object_.get(name) for object_ in objects]) for name in names})

    def _object(self, line: str) -> dict[str, Any]:
        try:
            value = json.loads(line)
        except json.JSONDecodeError as error:
            raise UserError(
                f"{self._name} line {self._line}: no JSON: {error.msg}, character {error.colno}", self._hint(line)
            ) from error
        except RecursionError:
            raise UserError(f"{self._name} line {self._line}: nested too deep", "Flatten that object.") from None
        if isinstance(value, dict):
            return value
        kinds = {list: "a list", str: "a string", bool: "true or false", type(None): "null"}
        raise UserError(
            f"{self._name} line {self._line}: {kinds.get(type(value), 'a number')}, not an object",
            self._hint(line),
        )

    def _hint(self, line: str) -> str:
        if self._line == 1 and line.lstrip().startswith("["):
            return f"Write one object a line: jq -c '.[]' {self._name} > {self._name}l"
        return 'Each line is one object, as in {"text": "…", "label": "…"}.'


def _column(values: list[Any]) -> pa.Array:
    """An array of the narrowest type; text where values of several kinds stand side by side."""
    try:
        return pa.array(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError, UnicodeEncodeError):
        return pa.array([_as_text(value) for value in values], pa.string())


def _as_text(value: Any) -> str | None:
    if value is None:
        return None
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    # Half of a surrogate pair, as in a text cut by characters of UTF-16, can't be stored.
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
