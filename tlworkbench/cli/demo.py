"""`demo`: the whole loop on the bundled sample and the bundled model."""

import time
from pathlib import Path
from typing import Any

import click

from tlworkbench import paths
from tlworkbench.cli.datasets import import_into
from tlworkbench.cli.output import emit, json_option
from tlworkbench.cli.running import run_job
from tlworkbench.jobs.choose import exported_run
from tlworkbench.jobs.prepare import training_spec
from tlworkbench.jobs.spec import ExportSpec, ImportSpec
from tlworkbench.workspace import Workspace, open_workspace, remember_current

SENTENCE = "the update deleted all my settings and nobody answers my mails"
SETTINGS = ("model=bundled", "epochs=6", "batch_size=16", "learning_rate=1e-4")
"""A few hundred rows need more passes than a default run makes."""


@click.command()
@click.option("--headless", is_flag=True, help="Run the loop once without a screen: import, train, export, predict.")
@json_option
@click.pass_context
def demo(context: click.Context, headless: bool, as_json: bool) -> None:
    """Open a workspace on the bundled sample: 480 customer messages, some of them labelled wrongly."""
    from tlworkbench.catalog.bundled import bundled_model

    bundled_model()  # Says at once, not after the import, when the weights are not installed.
    workspace = open_workspace(context.obj or "demo", create=True)
    if not workspace.has_rows or headless:
        imported = import_into(workspace, ImportSpec(source=str(paths.sample_file("messages.csv"))))
    workspace.update(model=workspace.info.model or "bundled")
    remember_current(workspace)
    if headless:
        result = run_loop(workspace, imported)
        emit(result, as_json, lambda: _lines(result))
        return
    from tlworkbench.cli.screen import open_screen

    if not workspace.info.where:
        # The form on Train begins with these, as if they had been typed there before.
        form = dict(setting.split("=") for setting in SETTINGS)
        workspace.update(where={"screen": "data", "train": {"form": form}})
    open_screen(str(workspace.root))


def run_loop(workspace: Workspace, imported: dict[str, Any]) -> dict[str, Any]:
    """Train, export and predict once; the result holds the figures of each step and the seconds it took."""
    began = time.monotonic()
    spec = training_spec(workspace, None, SETTINGS)
    run, trained = run_job(workspace, spec, Path(spec.model).name)
    _, exported = run_job(workspace, ExportSpec(run=run.run), run.run)
    from tlworkbench.inference.bundle import Bundle
    from tlworkbench.inference.classifier import Classifier

    bundle = exported_run(workspace.jobs_dir, run.run).bundle_dir
    prediction = Classifier(Bundle.load(bundle)).predict([SENTENCE], 3)[0]
    return {
        "workspace": str(workspace.root),
        "rows": imported["rows"],
        "labels": imported["labels"],
        "run": run.run,
        "accuracy": trained["best"]["accuracy"],
        "macro_f1": trained["best"]["macro_f1"],
        "majority": trained["majority"],
        "seconds": round(time.monotonic() - began, 1),
        "bundle": str(bundle),
        "parity": exported["parity"],
        "variants": exported["variants"],
        "verdict": exported["verdict"],
        "default": exported["default"],
        "prediction": {
            "input": prediction.text,
            "label": prediction.label,
            "score": prediction.score,
            "top": [[label, score] for label, score in prediction.top],
        },
    }


def _lines(result: dict[str, Any]) -> list[str]:
    prediction = result["prediction"]
    return [
        f"{result['rows']} messages imported, run {result['run']} trained and exported in {result['seconds']:.0f} s",
        f"validation: macro-F1 {result['macro_f1']:.3f}, accuracy {result['accuracy']:.3f} "
        f"(always the most frequent class: {result['majority']['macro_f1']:.3f}, {result['majority']['accuracy']:.3f})",
        f"ONNX equals torch to {result['parity']['max_abs_diff']:.1e}; default variant {result['default']}",
        f"bundle: {result['bundle']}",
        f'"{prediction["input"]}" → {prediction["label"]} {prediction["score"]:.2f}',
        "",
        "Now on the screen: tlworkbench demo   (g goes places, ? shows the keys)",
        'Or from the shell:  tlworkbench predict "where is my parcel?"',
    ]
