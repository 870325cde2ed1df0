"""What relabelling brought, in a small dialog."""

from typing import Any

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from tlworkbench.tui.screens.dialog import Dialog
from tlworkbench.tui.text import counted

_FIGURES = (("accuracy", "accuracy"), ("macro_f1", "macro-F1"))


class GainDialog(Dialog[None]):
    """Shows the result of a job of the kind `gain`."""

    def __init__(self, result: dict[str, Any]) -> None:
        super().__init__()
        self._result = result

    def compose(self) -> ComposeResult:
        """A line a figure, then what it was measured on."""
        with Vertical(id="dialog", classes="question gain") as frame:
            frame.border_title = "What the relabelling brought"
            yield Static(Content("\n").join([_line(name, self._result[key]) for key, name in _FIGURES]))
            yield Static(Content("\n".join(gain_words(self._result))), classes="muted keys")
            yield Static(Content.assemble(("esc", "bold $accent"), (" close", "$muted")), classes="keys")


def gain_words(result: dict[str, Any]) -> list[str]:
    """What the figures stand on, and whether they may be chance."""
    changed = result["relabelled"]
    figures = [result[key] for key, _ in _FIGURES]
    if any(figure["low"] > 0 for figure in figures):
        verdict = "More than chance: the interval lies above zero."
    elif any(figure["high"] < 0 for figure in figures):
        verdict = "Worse, and more than chance: the interval lies below zero."
    else:
        verdict = "It may be chance: the interval holds zero."
    lines = [
        verdict,
        f"On {counted(result['rows'], 'validation row')} with their labels of now.",
        f"Labelled otherwise than in the source: {counted(changed['train'], 'training row')}, "
        f"{counted(changed['validation'], 'validation row')}.",
    ]
    if changed["validation"]:
        before = result["by_labels_before"]["accuracy"]
        lines.append(
            f"By the source's labels of these rows: accuracy {_short(before['before'])} → {_short(before['after'])}."
        )
    return lines


def _line(name: str, figure: dict[str, float]) -> Content:
    change = figure["change"]
    colour = "$success" if figure["low"] > 0 else "$error" if figure["high"] < 0 else "$foreground"
    return Content.assemble(
        (f"{name}  ", "$muted"),
        f"{_short(figure['before'])} → {_short(figure['after'])}  ",
        (_short(change, "+"), f"bold {colour}"),
        (f"  95 % {_short(figure['low'], '+')} to {_short(figure['high'], '+')}", "$muted"),
    )


def _short(value: float, sign: str = "") -> str:
    return format(value, f"{sign}.3f").replace("0.", ".", 1)
