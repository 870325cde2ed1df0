"""The line on top of every screen: where the loop stands."""

from typing import TYPE_CHECKING, cast

from textual.content import Content
from textual.widget import Widget

from tlworkbench.tui.standing import GLYPHS, Standing
from tlworkbench.tui.text import clean, counted, duration, percent, thousands

if TYPE_CHECKING:
    from tlworkbench.tui.app import Workbench

_SHORTENINGS = ("model", "left", "edits", "variant", "word", "program", "run", "workspace", "rows", "share")
"""What goes first when there is no room: detail before position, never half a word."""

_THEN = "\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}"


def parts(standing: Standing, without: frozenset[str] = frozenset()) -> list[tuple[str, str, str]]:
    """The four screens as (mode, name, detail), leaving out some detail."""
    return [
        ("models", "Models", "" if "model" in without else clean(standing.model)),
        ("data", "Data", _data(standing, without)),
        ("train", "Train", _train(standing, without)),
        ("predict", "Predict", "" if "variant" in without else _predict(standing)),
    ]


def _data(standing: Standing, without: frozenset[str]) -> str:
    if standing.rows is None or "rows" in without:
        return ""
    told = thousands(standing.rows) if "word" in without else counted(standing.rows, "row")
    return told if "edits" in without or not standing.edits else f"{told} · {counted(standing.edits, 'edit')}"


def _train(standing: Standing, without: frozenset[str]) -> str:
    if not standing.run:
        return ""
    glyph = GLYPHS.get(standing.run_status, "")
    words = [] if "run" in without else [standing.run]
    words.append(glyph)
    if glyph == "▶" and "share" not in without:
        words.append(percent(standing.share))
        if standing.seconds_left and "left" not in without:
            words.append(duration(standing.seconds_left))
    return " ".join(words)


def _predict(standing: Standing) -> str:
    proof = {True: " ✓", False: " ✗", None: ""}[standing.proved]
    return f"{clean(standing.variant)}{proof}" if standing.variant else ""


def strip(standing: Standing, current: str, width: int) -> Content:
    """The whole line in at most `width` cells, with as much detail as fits."""
    dropped: list[str] = []
    line = _line(standing, current, frozenset())
    for detail in _SHORTENINGS:
        if line.cell_length <= width:
            break
        dropped.append(detail)
        line = _line(standing, current, frozenset(dropped))
    return line


def _line(standing: Standing, current: str, without: frozenset[str]) -> Content:
    pieces: list[Content | str | tuple[str, str]] = []
    if "program" not in without:
        pieces.append((" tlworkbench", "bold $accent"))
    if "workspace" not in without:
        pieces.append((f"  {clean(standing.workspace)}" if pieces else f" {clean(standing.workspace)}", "$muted"))
    for number, (mode, name, detail) in enumerate(parts(standing, without)):
        pieces.append((f" {_THEN}" if number else "  ", "$dim"))
        here = mode == current
        pieces.append((f" {name} ", "bold $background on $primary" if here else "bold $foreground"))
        if detail:
            pieces.append((f" {detail}" if here else detail, "$primary" if here else "$muted"))
    return Content.assemble(*pieces)


class StatusStrip(Widget):
    """Draws the program's `Standing`; one line, never wrapped."""

    DEFAULT_CSS = """
    StatusStrip { height: 1; width: 1fr; background: $surface; text-wrap: nowrap; }
    """

    def __init__(self, current: str) -> None:
        super().__init__()
        self._current = current

    def on_mount(self) -> None:
        """Follow the program."""
        cast("Workbench", self.app).standing_changed.subscribe(self, lambda _: self.refresh(), immediate=True)

    def render(self) -> Content:
        """As much detail as fits."""
        return strip(cast("Workbench", self.app).standing, self._current, self.size.width)
