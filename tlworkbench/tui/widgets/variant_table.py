"""The variants of a bundle: what each costs, what it is worth, and what the export proved."""

from dataclasses import dataclass

from textual.content import Content
from textual.geometry import Size
from textual.reactive import reactive
from textual.widget import Widget

from tlworkbench.inference.report import BundleReport, VariantReport
from tlworkbench.tui.text import clean, counted, cut, fit, size, thousands
from tlworkbench.tui.widgets.facts import facts

_NAME = 8
_COLUMNS = (("size", 7), ("p50", 7), ("F1", 4), ("acc.", 4), ("differs", 11))
"""Head and cells, in the order of the line."""
_DEFAULT = "  default"
_DROPPED = ("acc.", "p50", "differs", "F1")
"""What goes first where there is no room."""


@dataclass(frozen=True)
class Variants:
    """What the table draws."""

    report: BundleReport
    current: str
    """Variant in use."""


def columns(width: int) -> tuple[tuple[str, int], ...]:
    """The columns that fit beside the name in `width` cells."""
    kept = list(_COLUMNS)
    for name in _DROPPED:
        if _NAME + sum(cells + 2 for _, cells in kept) <= width:
            break
        kept = [column for column in kept if column[0] != name]
    return tuple(kept)


def table(variants: Variants, width: int) -> list[Content]:
    """Head, a line a variant, and the verdict."""
    report, shown = variants.report, columns(width)
    head = fit("", _NAME) + "".join(f"  {fit(name, cells, right=True)}" for name, cells in shown)
    lines = [Content.styled(head, "$muted")]
    for name, variant in report.variants.items():
        figures = _figures(report, name, variant)
        here = name == variants.current
        cells = "".join(f"  {fit(figures[column], cells, right=True)}" for column, cells in shown)
        lines.append(
            Content.assemble(
                (fit(clean(name), _NAME - 2), "bold" if here else ""),
                ("● " if here else "  ", "$primary"),
                (cells, "" if here else "$muted"),
                (_DEFAULT if name == report.default and len(head) + len(_DEFAULT) <= width else "", "$muted"),
            )
        )
    return [*lines, verdict(report, width)]


def verdict(report: BundleReport, width: int) -> Content:
    """Whether the export was found equal to torch, and on what."""
    if report.verdict != "ready":
        return Content.styled(cut(f"✗ failed: {clean(report.why)}", width), "$error")
    rows, largest = thousands(report.parity.rows), figure(report.parity.max_abs_diff)
    return Content.assemble(("✓", "$success"), cut(f" proved on {rows} rows, largest difference {largest}", width - 1))


def details(report: BundleReport, width: int) -> list[Content]:
    """What else is known of a bundle, where there is room for it: a name and a value a line."""
    baseline = report.metrics.get("majority")
    labels = f"{len(report.labels)}: " if len(report.labels) > 8 else ""
    known = {
        f"why {report.default}": report.default_why,
        "model": report.model,
        "labels": labels + ", ".join(report.labels),
        "reads": f"{report.max_length} tokens of a text" if report.windows is None else _windows(report),
        "measured": f"on {counted(report.rows, 'row')} of the {report.split} split",
        "baseline": f"accuracy {share(baseline)}, always the most frequent label" if baseline is not None else "",
        "made": report.created[:16].replace("T", " "),
    }
    return facts(known.items(), width)


def figure(value: float) -> str:
    """A small number as a person writes it: `3e-6`, `0.02`, `0`."""
    if value == 0:
        return "0"
    if abs(value) >= 0.01:
        return f"{value:.2g}"
    mantissa, _, exponent = f"{value:.0e}".partition("e")
    return f"{mantissa}e{int(exponent)}"


def share(value: float) -> str:
    """A score from 0 to 1 in four cells: `.681`, `1.00`."""
    return "1.00" if value >= 0.9995 else f"{value:.3f}"[1:]


def milliseconds(value: float) -> str:
    """`3.1 ms`, `48 ms`."""
    return f"{value:.1f} ms" if value < 10 else f"{value:.0f} ms"


def _windows(report: BundleReport) -> str:
    windows = report.windows
    assert windows is not None
    return f"longer texts in windows of {report.max_length} tokens, up to {windows.most}"


def _figures(report: BundleReport, name: str, variant: VariantReport) -> dict[str, str]:
    # fp32 is compared with torch on the proof rows, the others with fp32 on all measured rows.
    rows = report.parity.rows if name == "fp32" else report.rows
    return {
        "size": size(variant.bytes),
        "p50": milliseconds(variant.p50_ms),
        "F1": share(variant.macro_f1),
        "acc.": share(variant.accuracy),
        "differs": f"{round((1 - variant.agreement) * rows)} of {rows}",
    }


class VariantTable(Widget):
    """Draws `variants` as it is given."""

    DEFAULT_CSS = """
    VariantTable { height: auto; width: 1fr; text-wrap: nowrap; }
    """

    variants: reactive[Variants | None] = reactive(None, layout=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """What the table takes without the details."""
        return len(table(self.variants, width)) if self.variants else 0

    def render(self) -> Content:
        """The table, and as many details as there is room for."""
        if self.variants is None:
            return Content("")
        width, height = self.size
        *rows, proof = table(self.variants, width)
        more = ["", proof, "", *details(self.variants.report, width)] if height > len(rows) + 2 else [proof]
        return Content("\n").join([*rows, *more][:height])
