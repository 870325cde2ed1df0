"""What a command prints: words for people, or one JSON object; progress on stderr."""

import sys
from collections.abc import Callable, Sequence
from typing import Any

import click
import msgspec

json_option: Callable[[Any], Any] = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object on stdout and nothing else."
)


def emit(result: Any, as_json: bool, lines: Callable[[], list[str]]) -> None:
    """Print `result` as JSON, or what `lines` makes of it for people."""
    if as_json:
        click.echo(msgspec.json.encode(result).decode())
    else:
        for line in lines():
            click.echo(printable(line))


def fail(what: str, hint: str, as_json: bool, status: int) -> int:
    """Say on stderr what happened, then what to do; with `--json` also as the one object on stdout."""
    click.echo(printable(f"tlworkbench: {what}"), err=True)
    if hint:
        click.echo(printable(hint), err=True)
    if as_json:
        click.echo(msgspec.json.encode({"error": what, "hint": hint}).decode())
    return status


def printable(text: str) -> str:
    """The text without control characters: names and texts come from files that nobody vetted."""
    return "".join(character if character.isprintable() or character in "\n\t" else "·" for character in text)


class ProgressLine:
    """One line on stderr that is rewritten on a terminal, and printed now and then where stderr is a file."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._last = ""

    def show(self, text: str) -> None:
        """Show `text` as the present state."""
        if self._terminal:
            sys.stderr.write(f"\r\x1b[2K{printable(text)}")
            sys.stderr.flush()
            self._last = text

    def say(self, text: str) -> None:
        """Print a line that stays."""
        self.clear()
        click.echo(printable(text), err=True)

    def clear(self) -> None:
        """Take the present state off the terminal."""
        if self._terminal and self._last:
            sys.stderr.write("\r\x1b[2K")
            self._last = ""


def table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]], right: tuple[int, ...] = ()) -> list[str]:
    """Lines of a plain table; columns listed in `right` are right-aligned."""
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    return [
        "  ".join(
            cell.rjust(width) if column in right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in [head, *rows]
    ]
