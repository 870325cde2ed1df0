"""Precision, recall, F1 and rows of each class, one line a class."""

from collections.abc import Sequence

from rich.cells import cell_len
from textual.content import Content

from tlworkbench.jobs.events import ClassFigures
from tlworkbench.tui.text import bar, clean, fit, probability, thousands
from tlworkbench.tui.themes import Look
from tlworkbench.tui.widgets.line_list import LineList

_FIGURES = (("P", 4), ("R", 4), ("F1", 4), ("rows", 7))
_BAR = 10
_LONGEST_NAME = 24


def name_width(names: Sequence[str], width: int) -> int:
    """Cells for the names of the classes in a table of `width` cells."""
    figures = sum(cells for _, cells in _FIGURES)
    longest = max((cell_len(clean(name)) for name in names), default=0)
    return max(4, min(_LONGEST_NAME, longest, width - figures - 1))


def heading(names: int, width: int) -> Content:
    """The line above the figures."""
    return Content.styled(
        fit(" " * (names + 1) + "".join(fit(word, cells, right=True) for word, cells in _FIGURES), width), "$muted"
    )


def class_line(figures: ClassFigures, colour: str, names: int, width: int) -> Content:
    """One class; a bar of its F1 where there is room for one."""
    numbers = (
        probability(figures.precision),
        probability(figures.recall),
        probability(figures.f1),
        thousands(figures.rows),
    )
    parts: list[tuple[str, str]] = [(fit(clean(figures.name), names), colour), (" ", "")]
    for (word, cells), number in zip(_FIGURES, numbers, strict=True):
        parts.append((fit(number, cells, right=True), "bold" if word == "F1" else "$muted" if word == "rows" else ""))
    used = names + 1 + sum(cells for _, cells in _FIGURES)
    if width - used >= _BAR + 2:
        filled, rest = bar(figures.f1, _BAR)
        parts += [("  ", ""), (filled, colour), (rest, "$frame")]
    return Content.assemble(*parts)


class ClassTable(LineList):
    """Shows the figures of an evaluation; as many classes as there are, of which the cursor is on one."""

    def __init__(self, look: Look, id: str | None = None) -> None:
        super().__init__(id=id)
        self._figures: tuple[ClassFigures, ...] = ()
        self._look = look

    def show_figures(self, figures: tuple[ClassFigures, ...], look: Look) -> None:
        """Draw these."""
        if (figures, look) != (self._figures, self._look):
            self._figures, self._look = figures, look
            self.show(len(figures), self.cursor)

    def head(self, width: int) -> Content | None:
        """Names of the columns."""
        return heading(self._names(width), width) if self._figures else None

    def line(self, place: int, width: int) -> Content:
        """One class."""
        return class_line(self._figures[place], self._look.label(place), self._names(width), width)

    def _names(self, width: int) -> int:
        return name_width([figures.name for figures in self._figures], width)
