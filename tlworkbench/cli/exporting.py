"""`export`: a run as a proved ONNX bundle."""

from typing import Any

import click
import msgspec

from tlworkbench.cli.output import emit, json_option, table
from tlworkbench.cli.running import run_job, workspace_of
from tlworkbench.jobs.choose import trained_run
from tlworkbench.jobs.spec import ExportSpec
from tlworkbench.jobs.spec_text import spec_from


@click.command()
@click.argument("run", required=False)
@click.option("--variants", default="fp32,int8", show_default=True, help="Files to make, separated by commas.")
@json_option
@click.pass_context
def export(context: click.Context, run: str | None, variants: str, as_json: bool) -> None:
    """Export RUN (the latest one if absent), prove it against torch on your own rows, and price each variant."""
    workspace = workspace_of(context)
    trained = trained_run(workspace.jobs_dir, run)
    names = [name.strip() for name in variants.split(",") if name.strip()]
    spec = spec_from({"kind": "export", "run": trained.run, "variants": names}, "--variants")
    assert isinstance(spec, ExportSpec)
    job, result = run_job(workspace, msgspec.structs.replace(spec, run=trained.run), trained.run)
    result = {**result, "run": trained.run, "job": job.run}
    emit(result, as_json, lambda: _lines(result))


def _lines(result: dict[str, Any]) -> list[str]:
    if result["status"] != "done":
        return [f"export {result['status']}"]
    rows = [
        (
            name,
            f"{figures['bytes'] / 1e6:.1f} MB",
            f"{figures['p50_ms']:.1f} ms",
            f"{figures['macro_f1']:.3f}",
            f"{figures['accuracy']:.3f}",
            f"{figures['max_abs_diff']:.1e}",
            f"{100 * figures['agreement']:.1f} %",
        )
        for name, figures in result["variants"].items()
    ]
    head = ("variant", "size", "p50", "macro-F1", "accuracy", "max |diff|", "agrees")
    return [
        f"run {result['run']}: {result['verdict']}; default {result['default']}; {result['bundle']}",
        *table(head, rows, right=(1, 2, 3, 4, 5, 6)),
    ]
