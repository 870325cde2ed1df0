"""`suspects`: rows whose label is probably wrong, and what relabelling brought."""

import shutil
import unicodedata
from typing import TYPE_CHECKING, Any

import click

from tlworkbench.cli.output import emit, json_option, table
from tlworkbench.cli.running import run_job, workspace_of
from tlworkbench.jobs.suspects import gain_spec, suspects_spec

if TYPE_CHECKING:
    from tlworkbench.workspace import Workspace

_LEAST_TEXT = 20
"""Characters of a text that are shown however narrow the terminal is."""


@click.command()
@click.option("--top", default=20, show_default=True, metavar="N", help="Show so many, the worst first; 0 shows all.")
@click.option("--model", default="", help="Its embeddings are used; the chosen model if absent, else the bundled one.")
@click.option("--gain", is_flag=True, help="Measure what relabelling brought instead.")
@json_option
@click.pass_context
def suspects(context: click.Context, top: int, model: str, gain: bool, as_json: bool) -> None:
    """Rows whose label is probably wrong, judged by what rows like them are labelled. Nothing is changed.

    The first time every row is embedded, which takes a while; later only new rows are.
    """
    workspace = workspace_of(context)
    model = _reference(workspace, model)
    if gain:
        _, result = run_job(workspace, gain_spec(workspace, model))
        emit(result, as_json, lambda: _gain_lines(result))
        return
    _, result = run_job(workspace, suspects_spec(workspace, model))
    if result["status"] != "done":
        emit({"rows": [], **result}, as_json, lambda: ["stopped; the embeddings made until then are kept"])
        return
    rows = _rows(workspace, top)
    emit({"rows": rows, **result}, as_json, lambda: _lines(result, rows))


def _reference(workspace: "Workspace", model: str) -> str:
    from tlworkbench.catalog.resolve import model_reference

    return model_reference(model, workspace.jobs_dir) if model else ""


def _rows(workspace: "Workspace", top: int) -> list[dict[str, Any]]:
    from tlworkbench.data.rows import key_text
    from tlworkbench.data.suggestions import FILE_NAME, Suggestions

    labelling = workspace.labelling()
    rows = workspace.rows()
    found = Suggestions.open(workspace.root / FILE_NAME, rows)
    if found is None:
        return []
    worst = found.open_suspects(labelling)
    suggested = found.suggested_now(labelling.label_set)
    return [
        {
            "key": key_text(int(rows.keys[row])),
            "row": row + 1,
            "label": _name(labelling.label_set, labelling.current[row]),
            "suggested": _name(labelling.label_set, suggested[row]),
            "score": round(float(found.suspicion[row]), 4),
            "probability": round(float(found.probability[row]), 4),
            "text": rows.text(row),
        }
        for row in (worst[:top] if top else worst).tolist()
    ]


def _name(labels: Any, label_id: Any) -> str:
    label = labels.get(int(label_id))
    return label.name if label else ""


def _lines(result: dict[str, Any], rows: list[dict[str, Any]]) -> list[str]:
    if not rows:
        return [f"no suspects in {result['labelled']} labelled rows"]
    cells = [
        (row["key"][:8], row["label"], row["suggested"], f"{row['probability']:.2f}".removeprefix("0")) for row in rows
    ]
    lines = table(("key", "label", "suggested", "sure"), cells, right=(3,))
    wide = max(len(line) for line in lines)
    room = max(_LEAST_TEXT, shutil.get_terminal_size().columns - wide - 2)
    texts = ["text", *(_cut(" ".join(row["text"].split()), room) for row in rows)]
    more = f", the first {len(rows)}" if len(rows) < result["suspects"] else ""
    return [
        *(f"{line.ljust(wide)}  {text}" for line, text in zip(lines, texts, strict=True)),
        f"{result['suspects']} suspects in {result['labelled']} labelled rows{more}; "
        "put one right: tlworkbench labels set KEY=LABEL",
    ]


def _cut(text: str, room: int) -> str:
    """The beginning of a text that takes up `room` cells at most."""
    used = 0
    for place, character in enumerate(text):
        used += 2 if unicodedata.east_asian_width(character) in "WF" else 1
        if used > room:
            # Whatever came last makes way for the mark of the cut.
            return f"{text[: max(0, place - 2)]}…"
    return text


def _gain_lines(result: dict[str, Any]) -> list[str]:
    if result["status"] != "done":
        return ["stopped; the embeddings made until then are kept"]
    changed = result["relabelled"]
    rows = [
        (name, *(f"{result[key][part]:.3f}" for part in ("before", "after")), _change(result[key]))
        for key, name in (("accuracy", "accuracy"), ("macro_f1", "macro-F1"))
    ]
    return [
        *table(("", "before", "now", "change (95 %)"), rows, right=(1, 2)),
        f"on {result['rows']} validation rows with their labels of now; "
        f"{changed['train']} training and {changed['validation']} validation rows are labelled otherwise than before",
    ]


def _change(figure: dict[str, float]) -> str:
    return f"{figure['change']:+.3f} ({figure['low']:+.3f} to {figure['high']:+.3f})"
