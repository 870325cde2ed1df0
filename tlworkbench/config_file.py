"""TOML files that people edit: strict reading, with errors that name the file, the key and the nearest valid one."""

import re
import tomllib
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from tlworkbench.errors import UserError, nearest

T = TypeVar("T")


def read_toml(path: Path) -> dict[str, Any]:
    """Return the TOML document at `path`; raises UserError with file and line when it can't be read or parsed."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"{path} does not exist", "Check the path.") from None
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not UTF-8 text (byte {error.start})", "Save it as UTF-8.") from error
    except tomllib.TOMLDecodeError as error:
        raise UserError(f"{path} is not valid TOML: {error}", "Mend that line.") from error
    except OSError as error:
        raise UserError(f"{path} could not be read: {error.strerror}", "Check the file's rights.") from error


def convert(document: Any, type_: type[T], origin: str) -> T:
    """Check `document` against a msgspec type.

    Unknown keys and wrong values raise UserError that names `origin` and the key.
    """
    try:
        return msgspec.convert(document, type_, strict=True)
    except msgspec.ValidationError as error:
        raise explained(error, type_, origin) from error


def explained(error: msgspec.ValidationError, type_: Any, origin: str) -> UserError:
    """Turn msgspec's message into one that a person can act on."""
    text = str(error)
    unknown = re.search(r"unknown field `([^`]+)`", text)
    if unknown:
        fields = {name for struct in _structs(type_) for name in struct.__struct_encode_fields__}
        return UserError(f"{origin}: unknown key '{unknown[1]}'", nearest(unknown[1], fields))
    where = re.search(r" - at `\$\.?([^`]*)`", text)
    message = text[: where.start()] if where else text
    key = f" key '{where[1]}':" if where and where[1] else ""
    return UserError(f"{origin}:{key} {message[0].lower()}{message[1:]}", "Mend that value.")


def _structs(type_: Any) -> list[Any]:
    arguments = getattr(type_, "__args__", None) or (type_,)
    return [argument for argument in arguments if hasattr(argument, "__struct_encode_fields__")]
