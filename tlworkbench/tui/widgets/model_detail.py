"""All that is known of one model."""

from textual.content import Content
from textual.geometry import Size
from textual.reactive import reactive
from textual.widget import Widget

from tlworkbench.catalog.model_info import ModelInfo
from tlworkbench.tui.text import size, thousands
from tlworkbench.tui.widgets.facts import facts, folded
from tlworkbench.tui.widgets.model_table import parameters

WHERE = {
    "bundled": "comes with tlworkbench[demo]",
    "run": "trained in this workspace",
    "cache": "in the Hugging Face cache",
    "folder": "a folder on this machine",
    "hub": "on the Hugging Face Hub",
}


def detail(info: ModelInfo, width: int) -> list[Content]:
    """Whether it can be used and why not, then its facts, a line each."""
    lines = []
    if not info.usable:
        parts = folded(f"can't be trained: {info.why}", width, 4)
        lines = [Content.styled(part, "$warning") for part in parts]
    figures = " · ".join(
        part
        for part in (
            f"{parameters(info.params)} parameters" if info.params else "",
            size(info.bytes) if info.bytes else "",
        )
        if part
    )
    labels = f"{len(info.labels)}: {', '.join(info.labels)}" if info.labels else "none yet: training adds one"
    known = {
        "id": info.id,
        "where": WHERE[info.where],
        "name" if info.where == "bundled" else "note": info.note,
        "type": f"{info.architecture} · {info.task}" if info.architecture else "",
        "weights": figures,
        "head": labels if info.usable else "",
        "reads": f"up to {thousands(info.positions)} tokens" if info.positions else "",
        "path": info.path if info.path != info.id else "",
    }
    return [*lines, *facts(known.items(), width, 4)]


class ModelDetail(Widget):
    """Draws `model` as it is given."""

    DEFAULT_CSS = """
    ModelDetail { height: auto; width: 1fr; text-wrap: nowrap; }
    """

    model: reactive[ModelInfo | None] = reactive(None, layout=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """A line a fact."""
        return len(detail(self.model, width)) if self.model else 0

    def render(self) -> Content:
        """As much as fits."""
        lines = detail(self.model, self.size.width) if self.model else []
        return Content("\n").join(lines[: self.size.height])
