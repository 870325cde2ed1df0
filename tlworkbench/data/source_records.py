"""Characters of a text source, record by record, each with what makes another label of it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from tlworkbench.errors import UserError

AGAIN = (
    "Open it again (tlworkbench open SOURCE): the edits stay with their rows."
    " Or write the rows as they were when it was opened: --copy."
)
"""What to do about a source that has changed."""


@dataclass(frozen=True)
class SourceRecord:
    """One record, or what stands between two."""

    line: int
    """Where it begins, counted from 1."""
    characters: str
    """As they stand in the source, the line's end among them."""
    row: bool = False
    """Whether the import makes a row of it."""
    text: str | None = None
    """The row's text; None where the import may have put it otherwise."""
    label: str | None = None
    """The row's label; None where there is no such column, or the import may have put it otherwise."""
    labelled: Callable[[str], str] = str
    """The characters with another label ("" for none)."""


def free_name(names: Iterable[str], wanted: str = "label") -> str:
    """A name for a column that is added: `label`, or `label.1` where there is one."""
    taken = set(names)
    number = 0
    while (name := f"{wanted}.{number}" if number else wanted) in taken:
        number += 1
    return name


def changed(source: Path, line: int = 0) -> UserError:
    """The error of a source whose rows are no longer those that were imported; line: where that shows."""
    where = f"line {line} is not the row that was there" if line else "rows are missing at its end"
    return UserError(f"{source.name} has changed since it was opened: {where}", AGAIN)
