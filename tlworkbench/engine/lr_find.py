"""`lrfind`: a short training whose learning rate rises step by step, on weights that are thrown away."""

import math
import time
from pathlib import Path
from typing import Any

from tlworkbench.catalog.resolve import resolve_model
from tlworkbench.data.findings import refuse
from tlworkbench.data.trainable import judge
from tlworkbench.engine.choice import Chosen, choose_examples, texts_of
from tlworkbench.engine.context import JobContext
from tlworkbench.engine.gauges import Gauges
from tlworkbench.errors import UserError
from tlworkbench.jobs.events import Finished
from tlworkbench.jobs.spec import LrFindSpec
from tlworkbench.workspace import open_workspace


def run(context: JobContext, spec: LrFindSpec) -> Finished:
    """Emit a Step event for each rate, and tell the curve and the rate it speaks for.

    The rate rises from `lowest` to `highest` by the same factor a step, until the loss diverges. All else is as the
    run is set, but for its schedule. Raises UserError as a training run does.
    """
    began = time.monotonic()
    workspace = open_workspace(str(context.workspace))
    rows = workspace.rows()
    chosen = choose_examples(workspace, rows, spec.run)
    refuse(judge(chosen.drawn, spec.run.class_weights))
    if spec.highest <= spec.lowest:
        raise UserError(
            f"highest = {spec.highest:g} is not above lowest = {spec.lowest:g}", "Set highest to ten times it at least."
        )
    source = resolve_model(spec.run.model, workspace.jobs_dir)
    texts = texts_of(rows, chosen.examples.train.keys)
    context.progress("loading the model", 0)
    with Gauges(context):
        return _find(context, spec, chosen, source, texts, began)


def _find(
    context: JobContext, spec: LrFindSpec, chosen: Chosen, source: Path, texts: list[str], began: float
) -> Finished:
    from tlworkbench.engine.lr_curve import lr_curve
    from tlworkbench.engine.rising import rise
    from tlworkbench.engine.stopping import Stopped

    try:
        rates, losses = rise(context, spec, chosen.examples, source, texts, began)
    except Stopped:
        rates, losses = [], []
    if context.stop_requested or not rates:
        return Finished(status="stopped", what=f"stopped after {len(rates)} of {spec.steps} rates")
    seen = [(rate, loss) for rate, loss in zip(rates, losses, strict=True) if math.isfinite(loss)]
    if not seen:
        raise UserError(
            f"the loss is no number even at a learning rate of {spec.lowest:g}",
            "Try precision = fp32, or look at the model: its weights may be damaged.",
        )
    curve = lr_curve(*zip(*seen, strict=True))
    told: dict[str, Any] = {
        "suggestion": curve.suggestion,
        "steepest": curve.steepest,
        "lowest_loss_at": curve.lowest,
        "diverged": len(rates) < spec.steps,
        "curve": [list(point) for point in zip(curve.rates, curve.losses, curve.smoothed, strict=True)],
    }
    if curve.suggestion is None:
        what = f"the loss falls at no learning rate from {spec.lowest:g} to {rates[-1]:g}"
    else:
        what = f"learning_rate = {curve.suggestion:.1e}: the loss is lowest at {curve.lowest:.1e}"
    return context.done(what, run=context.job.run, model=spec.run.model, **told)
