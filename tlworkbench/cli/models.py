"""`models`: what can be chosen, and fetching from the Hub."""

from typing import Any

import click
import msgspec

from tlworkbench.cli.output import emit, json_option, table
from tlworkbench.cli.running import run_job, workspace_of
from tlworkbench.errors import UserError
from tlworkbench.jobs.spec import FetchSpec
from tlworkbench.settings import load_settings


@click.command()
@click.argument("query", default="")
@click.option("--hub", is_flag=True, help="Search the Hub instead of this machine.")
@click.option("--fetch", metavar="ID", help="Fetch a model from the Hub into this machine's cache.")
@click.option("--choose", metavar="ID", help="Make a model the one this workspace trains.")
@json_option
@click.pass_context
def models(context: click.Context, query: str, hub: bool, fetch: str | None, choose: str | None, as_json: bool) -> None:
    """Models on this machine that fit QUERY: bundled, in the Hugging Face cache, in folders, earlier runs."""
    if fetch:
        _, result = run_job(workspace_of(context), FetchSpec(model=fetch), fetch)
        emit(result, as_json, lambda: [f"{fetch} is on this machine: {result.get('path')}"])
        return
    if choose:
        _choose(context, choose, as_json)
        return
    from tlworkbench.catalog.hub import search_hub
    from tlworkbench.catalog.listing import list_models

    folders = load_settings().model_folders
    found = search_hub(query) if hub else list_models(_jobs_dir(context), folders, query)
    result = {"models": [msgspec.to_builtins(model) for model in found]}
    emit(result, as_json, lambda: _lines(result["models"]))


def _choose(context: click.Context, model: str, as_json: bool) -> None:
    from tlworkbench.catalog.resolve import model_reference, resolve_model

    workspace = workspace_of(context)
    model = model_reference(model, workspace.jobs_dir)
    path = resolve_model(model, workspace.jobs_dir)
    workspace.update(model=model)
    emit({"model": model, "path": str(path)}, as_json, lambda: [f"'{workspace.name}' trains {model} from now on"])


def _jobs_dir(context: click.Context) -> Any:
    # The list makes sense before any workspace exists; then there are simply no runs in it.
    try:
        return workspace_of(context).jobs_dir
    except UserError:
        if context.obj:
            raise
        return None


def _lines(found: list[dict[str, Any]]) -> list[str]:
    if not found:
        return ["no model found; fetch one: tlworkbench models --fetch distilbert/distilbert-base-uncased"]
    rows = [
        (
            model["id"],
            model["where"],
            model["task"],
            model["architecture"],
            f"{model['params'] / 1e6:.1f} M" if model["params"] else "",
            f"{model['bytes'] / 1e6:.0f} MB" if model["bytes"] else "",
            ", ".join(model["labels"][:4]) if model["usable"] else model["why"],
        )
        for model in found
    ]
    return table(("id", "where", "task", "architecture", "params", "size", "head"), rows, right=(4, 5))
