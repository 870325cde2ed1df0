"""`predict`: an exported bundle on texts, lines or a file. Imports neither torch nor transformers."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tlworkbench.cli.output import ProgressLine, emit, json_option
from tlworkbench.errors import UsageError
from tlworkbench.jobs.choose import exported_run
from tlworkbench.workspace import current_workspace, open_workspace

if TYPE_CHECKING:
    from tlworkbench.inference.classifier import Classifier, Prediction


@click.command()
@click.argument("texts", nargs=-1, metavar="[TEXT …]")
@click.option("--run", help="Run whose bundle answers; the latest exported one if absent.")
@click.option("--bundle", type=click.Path(path_type=Path), help="A bundle's folder or an .onnx file instead of a run.")
@click.option("--variant", help="fp32 or int8; the bundle's default if absent.")
@click.option("--file", "source", type=click.Path(path_type=Path), help="Predict every row of a file.")
@click.option("--out", type=click.Path(path_type=Path), help="Where to: .csv, .jsonl or .parquet.")
@click.option("--column", default="", help="Column of the texts in FILE.")
@click.option("--top", default=0, help="Only the K most probable labels; 0 shows all.")
@json_option
@click.pass_context
def predict(
    context: click.Context,
    texts: tuple[str, ...],
    run: str | None,
    bundle: Path | None,
    variant: str | None,
    source: Path | None,
    out: Path | None,
    column: str,
    top: int,
    as_json: bool,
) -> None:
    """Predict TEXTs with an exported run; `-` reads stdin, a line each."""
    if not texts and source is None:
        raise UsageError("there is nothing to predict", "Give a text, - for stdin, or --file F --out G.")
    if (source is None) != (out is None):
        raise UsageError("--file and --out go together", "Add the other one.")
    from tlworkbench.inference.bundle import Bundle
    from tlworkbench.inference.classifier import Classifier

    classifier = Classifier(Bundle.load(bundle or _bundle_of(context, run)), variant)
    if source is not None and out is not None:
        _predict_file(classifier, source, out, column, as_json)
        return
    given = [line for text in texts for line in (_stdin_lines() if text == "-" else [text])]
    predictions = classifier.predict(given, top or len(classifier.labels))
    result = {"predictions": [_entry(prediction) for prediction in predictions]}
    emit(result, as_json, lambda: [line for prediction in predictions for line in _lines(prediction, len(given) > 1)])


def _bundle_of(context: click.Context, run: str | None) -> Path:
    # Read-only on purpose: predicting works while the workspace is locked, or on a disk that is full.
    workspace = open_workspace(context.obj or current_workspace())
    return exported_run(workspace.jobs_dir, run or workspace.info.run or None).bundle_dir


def _stdin_lines() -> list[str]:
    return sys.stdin.buffer.read().decode("utf-8", errors="replace").splitlines()


def _predict_file(classifier: "Classifier", source: Path, out: Path, column: str, as_json: bool) -> None:
    from tlworkbench.inference.batch_file import predict_file

    line = ProgressLine()
    done = predict_file(
        classifier, source, out, column=column, progress=lambda rows, total: line.show(f"{rows} of {total or '?'} rows")
    )
    line.clear()
    emit({"file": str(source), "out": str(out), "rows": done}, as_json, lambda: [f"{done} rows written to {out}"])


def _entry(prediction: "Prediction") -> dict[str, Any]:
    return {
        "input": prediction.text,
        "label": prediction.label,
        "score": prediction.score,
        "top": [[label, score] for label, score in prediction.top],
    }


def _lines(prediction: "Prediction", short: bool) -> list[str]:
    if short:
        return [f"{prediction.label}\t{prediction.score:.3f}\t{' '.join(prediction.text.split())}"]
    width = max(len(label) for label, _ in prediction.top)
    return [f"{label:<{width}}  {score:.3f}  {'█' * round(score * 40)}" for label, score in prediction.top]
