"""Errors that say what happened and what to do."""

import difflib
from collections.abc import Iterable


class UserError(Exception):
    """Something the user can act on.

    what: one sentence that says what happened, naming the file, line, column or value.
    hint: one sentence that says what to do next; may be empty.
    """

    def __init__(self, what: str, hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.what}\n{self.hint}" if self.hint else self.what


class UsageError(UserError):
    """The command or its arguments are wrong, as opposed to the work having failed (exit status 2)."""


def nearest(name: str, valid: Iterable[str]) -> str:
    """Return "Did you mean 'x'?" for the valid name closest to `name`, or the list of valid names."""
    names = sorted(valid)
    close = difflib.get_close_matches(name, names, n=1)
    if close:
        return f"Did you mean '{close[0]}'?"
    return f"Valid: {', '.join(names)}" if names else ""
