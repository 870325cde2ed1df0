"""Fetches from the Hub that run or went wrong, a line each."""

from collections.abc import Sequence
from dataclasses import dataclass

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from tlworkbench.jobs.run_state import RunState
from tlworkbench.tui.text import bar, clean, cut, size
from tlworkbench.tui.widgets.facts import folded

_BAR = 20
_NAME = 44


@dataclass(frozen=True)
class Fetch:
    """A fetch and how it stands."""

    model: str
    state: RunState


def fetch_lines(fetches: Sequence[Fetch], width: int) -> list[Content]:
    """`fetching user/name ▅▅▅▁▁ 43 MB of 268 MB`, or what went wrong and what to do."""
    lines: list[Content] = []
    for fetch in fetches:
        state, name = fetch.state, cut(clean(fetch.model), min(_NAME, max(8, width // 2)))
        if state.status in ("failed", "lost"):
            what = folded(f"✗ {name}: {clean(state.what)}", width, 3)
            hint = folded(f"  {clean(state.hint)}", width, 3)
            lines += [*(Content.styled(part, "$error") for part in what), *(Content(part) for part in hint)]
        elif state.ended:
            lines.append(Content.styled(cut(f"■ {name}: {clean(state.what)}; a takes it up again", width), "$muted"))
        else:
            lines.append(_running(name, state, width))
    return lines


def _running(name: str, state: RunState, width: int) -> Content:
    progress = state.progress
    if progress is None or not progress.total:
        return Content.assemble(("▶ ", "$primary"), cut(f"asking the Hub for {name} …", width - 2))
    told = f"  {size(progress.done)} of {size(progress.total)}"
    name = cut(name, max(0, width - len(told) - 12))
    filled, rest = bar(state.share, max(0, min(_BAR, width - len(told) - len(name) - 13)))
    return Content.assemble(
        ("▶ ", "$primary"), f"fetching {name} ", (filled, "$primary"), (rest, "$frame"), (told, "$muted")
    )


class FetchLine(Widget):
    """Draws `fetches` as they are given; takes no room where there are none."""

    DEFAULT_CSS = """
    FetchLine { height: auto; width: 1fr; text-wrap: nowrap; padding: 0 1; }
    """

    fetches: reactive[tuple[Fetch, ...]] = reactive((), layout=True)

    def get_content_height(self, container: object, viewport: object, width: int) -> int:
        """A line a fetch, two for one that failed."""
        return len(fetch_lines(self.fetches, width))

    def render(self) -> Content:
        """All of them."""
        return Content("\n").join(fetch_lines(self.fetches, self.size.width))
