"""Pretrained models, one a line: what they are, how large, and whether they can be trained."""

from collections.abc import Sequence

from rich.cells import cell_len
from textual.content import Content

from tlworkbench.catalog.model_info import ModelInfo
from tlworkbench.tui.text import cut, fit, size
from tlworkbench.tui.widgets.line_list import LineList

_COLUMNS: tuple[tuple[str, int, bool], ...] = (
    ("where", 7, False),
    ("task", 5, False),
    ("architecture", 12, False),
    ("params", 7, True),
    ("size", 6, True),
    ("head", 18, False),
)
"""Name, cells, whether to the right."""
_DROPPED = ("task", "head", "architecture", "where", "size", "params")
"""What goes first where names would be cut."""
_NAMES = (24, 44)
"""Cells a name gets at least, and at most while a column is left out for it."""


def name_of(info: ModelInfo) -> str:
    """A model as the list calls it: what it is known by, with what tells two of a kind apart."""
    if info.where == "bundled":
        return info.note or info.id
    if info.where == "folder":
        return "/".join(info.id.rstrip("/").split("/")[-2:])
    return f"{info.id}  {info.note}" if info.where == "run" and info.note else info.id


def parameters(count: int) -> str:
    """`22.7 M`, `7.2 G`, `26 k`, nothing where unknown."""
    for unit, least in (("G", 1e9), ("M", 1e6)):
        if count >= least:
            return f"{count / least:.1f} {unit}"
    return f"{count / 1e3:.0f} k" if count else ""


def columns(names: int, width: int) -> tuple[tuple[str, int, bool], ...]:
    """The columns that fit beside names of `names` cells in `width` cells."""
    wanted = max(_NAMES[0], min(names, _NAMES[1]))
    kept = list(_COLUMNS)
    for dropped in _DROPPED:
        if 2 + wanted + sum(cells + 2 for _, cells, _ in kept) <= width:
            break
        kept = [column for column in kept if column[0] != dropped]
    return tuple(kept)


def model_line(info: ModelInfo, chosen: bool, names: int, width: int) -> Content:
    """One model in `width` cells; `names` is the longest name of the list."""
    shown = columns(names, width)
    room = max(0, width - 2 - sum(cells + 2 for _, cells, _ in shown))
    mark = ("● " if chosen else "  ", "$primary")
    if not info.usable:
        # The reason is worth more than figures of what can't be used.
        name = fit(name_of(info), min(room, max(_NAMES[0], names)))
        why = cut(f"  {info.why}", max(0, width - 2 - cell_len(name)))
        return Content.assemble(mark, (name, "$dim"), (why, "$dim"))
    values = {
        "where": info.where,
        "task": info.task,
        "architecture": info.architecture,
        "params": parameters(info.params),
        "size": size(info.bytes) if info.bytes else "",
        "head": ", ".join(info.labels) or "–",
    }
    cells = "".join(f"  {fit(values[name], cells, right)}" for name, cells, right in shown)
    return Content.assemble(mark, (fit(name_of(info), room), "bold" if chosen else ""), (cells, "$muted"))


def head_line(names: int, width: int) -> Content:
    """The names of the columns over the lines."""
    shown = columns(names, width)
    room = max(0, width - 2 - sum(cells + 2 for _, cells, _ in shown))
    cells = "".join(f"  {fit(name, cells, right)}" for name, cells, right in shown)
    return Content.styled(f"  {fit('model', room)}{cells}", "$muted")


class ModelTable(LineList):
    """Draws models as they are given; the cursor stays on its model when the list changes."""

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id, cursor_without_focus=True)
        self._models: Sequence[ModelInfo] = ()
        self._chosen = ""
        self._names = 0

    def show_models(self, models: Sequence[ModelInfo], chosen: str, at: str = "") -> None:
        """Draw these. chosen: id that gets the mark; at: id the cursor goes to, the one it is on where empty."""
        at = at or (self.current.id if self.current else chosen)
        self._models, self._chosen = models, chosen
        self._names = max((cell_len(name_of(info)) for info in models), default=0)
        self.show(len(models), next((place for place, info in enumerate(models) if info.id == at), 0))

    @property
    def current(self) -> ModelInfo | None:
        """The model the cursor is on."""
        return self._models[self.cursor] if self._models else None

    def head(self, width: int) -> Content:
        """Names of the columns."""
        return head_line(self._names, width)

    def line(self, place: int, width: int) -> Content:
        """One model."""
        info = self._models[place]
        return model_line(info, info.id == self._chosen, self._names, width)
