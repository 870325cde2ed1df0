"""The confusion matrix: a row for each true class, a column for each answer; numbers, shaded by their share."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import ClassVar

from rich.cells import cell_len
from textual.binding import Binding, BindingType
from textual.color import Color
from textual.content import Content
from textual.widget import Widget

from tlworkbench.tui.text import clean, counted, cut, fit, percent
from tlworkbench.tui.themes import Look

_NARROWEST, _WIDEST = 6, 12
_LONGEST_NAME = 16


@dataclass(frozen=True)
class Matrix:
    """`counts[i][j]` rows of class i were answered with class j."""

    names: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]

    def share(self, row: int, column: int) -> float:
        """Share of the rows of a class that got this answer."""
        return self.counts[row][column] / max(1, sum(self.counts[row]))

    def confusions(self) -> list[tuple[int, int]]:
        """Cells of wrong answers that were given, the most frequent first."""
        cells = [(row, column) for row, counts in enumerate(self.counts) for column in range(len(counts))]
        wrong = [(row, column) for row, column in cells if row != column and self.counts[row][column]]
        return sorted(wrong, key=lambda cell: -self.counts[cell[0]][cell[1]])


@dataclass(frozen=True)
class Sight:
    """The part of a matrix that fits, and how wide it is drawn."""

    row: int
    column: int
    rows: int
    columns: int
    names: int
    cell: int


def sight(matrix: Matrix, cursor: tuple[int, int], width: int, height: int, before: Sight | None = None) -> Sight:
    """What shows of a matrix in `width` × `height` cells so that the cursor is in it, moved as little as may be."""
    size = len(matrix.counts)
    longest = max((cell_len(clean(name)) for name in matrix.names), default=0)
    names = min(_LONGEST_NAME, longest, max(4, width // 3))
    most = max((count for row in matrix.counts for count in row), default=0)
    narrowest = max(_NARROWEST, len(str(most)) + 2)
    cell = max(narrowest, min(_WIDEST, longest + 2, (width - names) // max(1, size)))
    rows = max(1, min(size, height - 1))
    columns = max(1, min(size, (width - names) // cell))
    first = (before.row, before.column) if before else (0, 0)
    row, column = (
        min(max(start, at - shown + 1, 0), at, size - shown)
        for start, at, shown in zip(first, cursor, (rows, columns), strict=True)
    )
    return Sight(max(0, row), max(0, column), rows, columns, names, cell)


def said(matrix: Matrix, cursor: tuple[int, int], width: int = 120) -> str:
    """A cell in words of at most `width` cells: `neutral taken for negative: 94 rows, 17 %`."""
    row, column = cursor
    name, answer = clean(matrix.names[row]), clean(matrix.names[column])
    count, share = counted(matrix.counts[row][column], "row"), percent(matrix.share(row, column))
    if row == column:
        forms = (f"{name}: {count} right, {share}", f"{name}: {count} right", f"{count} right, {share}")
    else:
        forms = (f"{name} taken for {answer}: {count}, {share}", f"{name} → {answer}: {count}", f"{count}, {share}")
    return next((form for form in forms if cell_len(form) <= width), cut(count, width))


def short_names(names: Sequence[str], cells: int) -> list[str]:
    """Names of at most so many cells; where they are cut and begin alike, what they differ in is what stays."""
    cleaned = [clean(name) for name in names]
    alike = _beginning(min(cleaned), max(cleaned)) if len(cleaned) > 1 else ""
    if len(alike) > 1 and any(cell_len(name) > cells for name in cleaned):
        cleaned = [f"…{name.removeprefix(alike)}" for name in cleaned]
    return [cut(name, cells) for name in cleaned]


def _beginning(first: str, last: str) -> str:
    # Of the first and the last in order, what both begin with; so do all between them.
    return "".join(one for one, other in takewhile(lambda pair: pair[0] == pair[1], zip(first, last, strict=False)))


class ConfusionMatrix(Widget, can_focus=True):
    """Shows a `Matrix`; the arrow keys move over its cells, and the frame says what the cell means."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1, 0)", "up", show=False),
        Binding("down", "move(1, 0)", "down", show=False),
        Binding("left", "move(0, -1)", "left", show=False),
        Binding("right", "move(0, 1)", "right", show=False),
        Binding("home", "move(0, -100000)", "first column", show=False),
        Binding("end", "move(0, 100000)", "last column", show=False),
        Binding("pageup", "move(-10, 0)", "ten up", show=False),
        Binding("pagedown", "move(10, 0)", "ten down", show=False),
    ]
    DEFAULT_CSS = """
    ConfusionMatrix { text-wrap: nowrap; }
    """

    def __init__(self, look: Look, id: str | None = None) -> None:
        super().__init__(id=id, classes="pane")
        self.cursor = (0, 0)
        """True class and answer of the cell the arrow keys are on."""
        self.matrix: Matrix | None = None
        self._look = look
        self._hint = ""
        self._moved = False
        self._sight: Sight | None = None

    def show_matrix(self, matrix: Matrix | None, look: Look, hint: str = "") -> None:
        """Draw this one; the cursor is on its largest confusion until it is moved. `hint` says what a key does."""
        if (matrix, look, hint) == (self.matrix, self._look, self._hint):
            return
        if matrix is not None and (self.matrix is None or len(matrix.counts) != len(self.matrix.counts)):
            self._moved, self._sight = False, None
        # Not under the fingers of who looks at a cell.
        if matrix is not None and not self._moved and not self.has_focus:
            self.cursor = next(iter(matrix.confusions()), (0, 0))
        self.matrix, self._look, self._hint = matrix, look, hint
        self._say()
        self.refresh()

    def action_move(self, down: int, right: int) -> None:
        """Move the cursor, stopping at the edges."""
        if self.matrix is not None and (last := len(self.matrix.counts) - 1) >= 0:
            row, column = self.cursor
            self._moved = True
            self.cursor = (min(last, max(0, row + down)), min(last, max(0, column + right)))
            self._say()
            self.refresh()

    def to_next_confusion(self) -> None:
        """Move the cursor to the next largest confusion; after the last, to the largest."""
        cells = self.matrix.confusions() if self.matrix is not None else []
        if cells:
            self._moved = True
            self.cursor = cells[(cells.index(self.cursor) + 1) % len(cells)] if self.cursor in cells else cells[0]
            self._say()
            self.refresh()

    def watch_has_focus(self, has_focus: bool) -> None:
        """The cell's meaning shows while the arrow keys move here."""
        super().watch_has_focus(has_focus)
        self._say()
        self.refresh()

    def render(self) -> Content:
        """As much of the matrix as fits around the cursor."""
        if self.matrix is None or not self.matrix.counts:
            return Content.styled("the first validation fills this", "$muted")
        width, height = self.content_size
        self._sight = sight(self.matrix, self.cursor, width, height, self._sight)
        return Content("\n").join([self._heading(self._sight), *self._rows(self.matrix, self._sight)])

    def _heading(self, view: Sight) -> Content:
        assert self.matrix is not None
        more = "answer →"
        first = fit(cut(more, view.names) if view.names >= len(more) else "", view.names)
        names = short_names(self.matrix.names, view.cell - 1)[view.column : view.column + view.columns]
        return Content.assemble(
            (first, "$dim"),
            *((fit(name, view.cell, right=True), "$muted") for name in names),
        )

    def _rows(self, matrix: Matrix, view: Sight) -> list[Content]:
        lines = []
        for row in range(view.row, view.row + view.rows):
            name = (fit(clean(matrix.names[row]), view.names), self._look.label(row))
            columns = range(view.column, view.column + view.columns)
            lines.append(Content.assemble(name, *(self._cell(matrix, view, row, column) for column in columns)))
        return lines

    def _cell(self, matrix: Matrix, view: Sight, row: int, column: int) -> tuple[str, str]:
        colours = self._look.colours
        here = (row, column) == self.cursor and self.has_focus
        number = fit(str(matrix.counts[row][column]), view.cell - 1 - here, right=True)
        shade = shaded(self._look, matrix.share(row, column))
        if here:
            return f"▸{number} ", f"bold {colours.background} on {colours.primary}"
        ink = colours.text if matrix.counts[row][column] else colours.dim
        return f"{number} ", f"{'bold ' if row == column else ''}{ink} on {shade}"

    def _say(self) -> None:
        if self.matrix is None or not self.matrix.counts or not self.has_focus:
            self.border_subtitle = Content("")
            return
        room = self.outer_size.width - 6
        hint = f" · {self._hint}" if self._hint else ""
        words = said(self.matrix, self.cursor, room - len(hint))
        # Which classes it is about matters more than the key.
        if clean(self.matrix.names[self.cursor[0]]) not in words:
            words, hint = said(self.matrix, self.cursor, room), ""
        self.border_subtitle = Content.assemble((words, "$foreground"), (hint, "$muted"))


def shaded(look: Look, share: float) -> str:
    """Background of a cell: the theme's greys, which a terminal of 256 colours has too; darker for nothing."""
    low, high = Color.parse(look.colours.background), Color.parse(look.colours.dim)
    return low.blend(high, min(1.0, share) ** 0.7 * 0.85).hex
