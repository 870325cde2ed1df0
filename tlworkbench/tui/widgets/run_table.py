"""The runs of a workspace, one line each."""

from dataclasses import dataclass
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content

from tlworkbench.tui.text import clean, duration, fit
from tlworkbench.tui.widgets import figures
from tlworkbench.tui.widgets.line_list import LineList


@dataclass(frozen=True)
class RunLine:
    """A run as the table shows it."""

    run: str
    model: str = ""
    macro_f1: float | None = None
    accuracy: float | None = None
    seconds: float | None = None
    glyph: str = ""
    status: str = ""
    detail: str = ""
    """Said after the status: how far it is, why it ended, whether it is exported."""
    colour: str = "$muted"
    """Of glyph and status."""
    sign: str = " "
    """One cell: which of the runs that are marked it is,"""
    sign_colour: str = ""
    """and its colour."""
    best: bool = False
    """Has the best macro-F1 of all."""


_FIGURES = (("macro-F1", 10), ("acc", 7), ("time", 9))


def _model_width(width: int) -> int:
    return max(8, min(28, (width - 40) // 2))


def run_heading(width: int) -> Content:
    """The line above the runs."""
    head = "  " + fit("run", 6) + fit("model", _model_width(width))
    head += "".join(fit(word, cells, right=True) for word, cells in _FIGURES) + "  state"
    return Content.styled(fit(head, width), "$muted")


def run_line(line: RunLine, width: int, chosen: bool) -> Content:
    """One run in `width` cells; what does not fit of the detail is cut."""
    shown = (
        figures.score(line.macro_f1) if line.macro_f1 is not None else "",
        figures.score(line.accuracy) if line.accuracy is not None else "",
        duration(line.seconds) if line.seconds is not None else "",
    )
    parts: list[tuple[str, str]] = [
        ("▌" if chosen else " ", "$primary"),
        (line.sign, line.sign_colour),
        (fit(line.run, 6), "bold" if chosen else ""),
        (fit(clean(line.model), _model_width(width) - 1) + " ", ""),
    ]
    for (word, cells), figure in zip(_FIGURES, shown, strict=True):
        style = "bold $success" if word == "macro-F1" and line.best else ""
        parts.append((fit(figure, cells, right=True), style))
    status = f"  {line.glyph} {line.status}"
    used = sum(Content(text).cell_length for text, _ in parts) + Content(status).cell_length
    parts.append((status, line.colour))
    if line.detail and width - used > 4:
        parts.append((f"  {fit(clean(line.detail), width - used - 2)}", "$muted"))
    return Content.assemble(*parts)


class RunTable(LineList):
    """Shows `RunLine`s, newest first; its cursor is on the run that the screen shows."""

    BINDINGS: ClassVar[list[BindingType]] = [
        # A list scrolls sideways by these; here they move the curve's cursor, as everywhere on the screen.
        Binding("left", "screen.earlier", "earlier step", show=False),
        Binding("right", "screen.later", "later step", show=False),
    ]

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id, cursor_without_focus=True)
        self._lines: tuple[RunLine, ...] = ()

    def show_runs(self, lines: tuple[RunLine, ...], chosen: int) -> None:
        """Draw these, the cursor on one of them."""
        if lines != self._lines or chosen != self.cursor:
            self._lines = lines
            self.show(len(lines), chosen)

    def head(self, width: int) -> Content | None:
        """Names of the columns."""
        return run_heading(width) if self._lines else None

    def line(self, place: int, width: int) -> Content:
        """One run."""
        return run_line(self._lines[place], width, place == self.cursor)
