"""A table with a column for each of several runs: figures or settings beside one another."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from textual.content import Content

from tlworkbench.tui.text import clean, cut, fit
from tlworkbench.tui.widgets.line_list import LineList

BEST = "★"
_NUMBER = 6
"""Cells of a number, which ends below the last digit of the run's own."""
_CHANGE = 6
_GAP = 1
_WIDE = _NUMBER + len(BEST) + _CHANGE + _GAP
"""Cells of a column with differences."""
_LONGEST_NAME = 22


@dataclass(frozen=True)
class Cell:
    """What a row says of one run."""

    text: str
    style: str = ""
    number: bool = False
    """Right-aligned, with room for `best` and `change` behind it."""
    change: str = ""
    change_style: str = ""
    best: bool = False


@dataclass(frozen=True)
class ColumnRow:
    """A name and a cell for each run; without cells a heading between rows."""

    name: str
    cells: tuple[Cell, ...] = ()
    style: str = "$muted"


@dataclass(frozen=True)
class Column:
    """Heading of a run's column."""

    sign: str
    name: str
    colour: str


def width_wanted(columns: Sequence[Column], rows: Sequence[ColumnRow]) -> int:
    """Cells that show everything of the numbers."""
    return _names(rows) + _WIDE * len(columns)


class RunColumns(LineList):
    """Shows rows with a cell a run; the first column is the names."""

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self._columns: tuple[Column, ...] = ()
        self._rows: tuple[ColumnRow, ...] = ()

    @property
    def rows(self) -> tuple[ColumnRow, ...]:
        """What it shows."""
        return self._rows

    def show_columns(self, columns: tuple[Column, ...], rows: tuple[ColumnRow, ...]) -> None:
        """Draw these; the cursor stays where it is."""
        if (columns, rows) != (self._columns, self._rows):
            self._columns, self._rows = columns, rows
            self.show(len(rows), self.cursor)

    def head(self, width: int) -> Content | None:
        """Signs and numbers of the runs."""
        if not self._columns:
            return None
        names, cells = self._widths(width)
        parts = [(" " * names, "")]
        for column in self._columns:
            words = fit(f"{column.sign} {clean(column.name)}".strip(), cells)
            parts.append((words, f"bold {column.colour}"))
        return Content.assemble(*parts)

    def line(self, place: int, width: int) -> Content:
        """One row."""
        row = self._rows[place]
        names, cells = self._widths(width)
        if not row.cells:
            return Content.styled(cut(clean(row.name), width), row.style)
        parts = [(fit(clean(row.name), names - _GAP) + " " * _GAP, row.style)]
        for cell in row.cells:
            parts += _drawn(cell, cells)
        return Content.assemble(*parts)

    def _widths(self, width: int) -> tuple[int, int]:
        columns = max(1, len(self._columns))
        names = min(_names(self._rows), max(8, width - columns * (_NUMBER + 2)))
        return names, min((width - names) // columns, 2 * _WIDE)


def _names(rows: Sequence[ColumnRow]) -> int:
    return min(_LONGEST_NAME, max((cell_len(clean(row.name)) for row in rows if row.cells), default=0)) + _GAP


def _drawn(cell: Cell, width: int) -> list[tuple[str, str]]:
    if not cell.number:
        return [(fit(cut(clean(cell.text), width - _GAP), width), cell.style)]
    number = fit(cell.text, _NUMBER, right=True) if cell_len(cell.text) <= _NUMBER else cell.text
    parts = [(number, cell.style), (BEST if cell.best else " ", cell.style)]
    if cell.change and width >= _WIDE:
        parts.append((cell.change, cell.change_style))
    used = sum(cell_len(text) for text, _ in parts)
    return [*parts, (" " * (width - used), "")] if used <= width else [(fit(cell.text, width), cell.style)]
