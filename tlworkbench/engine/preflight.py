"""`preflight`: try the longest batch of a run that is to be, and tell what the run would take."""

import time

import numpy as np

from tlworkbench.catalog.resolve import resolve_model
from tlworkbench.data.findings import refuse
from tlworkbench.data.trainable import judge
from tlworkbench.engine.choice import choose_examples, texts_of
from tlworkbench.engine.context import JobContext
from tlworkbench.jobs.events import Finished
from tlworkbench.jobs.spec import PreflightSpec
from tlworkbench.preflight.words import in_short
from tlworkbench.workspace import open_workspace

_SAMPLE = 5000


def run(context: JobContext, spec: PreflightSpec) -> Finished:
    """Tell time and memory as `Tried` has them; trains nothing and keeps nothing.

    Of many rows a sample is looked at, the longest texts among it. Raises UserError as a training run does.
    """
    began = time.monotonic()
    workspace = open_workspace(str(context.workspace))
    rows = workspace.rows()
    chosen = choose_examples(workspace, rows, spec.run)
    refuse(judge(chosen.drawn, spec.run.class_weights))
    source = resolve_model(spec.run.model, workspace.jobs_dir)
    texts = texts_of(rows, chosen.examples.train.keys)
    if len(texts) > _SAMPLE:
        longest = np.argsort([-len(text) for text in texts], kind="stable")[: spec.run.batch_size]
        # In the order they were drawn the first ones are a fair sample.
        texts = [texts[place] for place in np.union1d(longest, np.arange(_SAMPLE)).tolist()]
    context.progress("loading the model", 0)
    from tlworkbench.engine.stopping import Stopped
    from tlworkbench.engine.trial import try_out

    try:
        tried = try_out(context, spec.run, chosen.examples, source, texts, began)
    except Stopped:
        return Finished(status="stopped", what="stopped before it could tell")
    return context.done(in_short(tried), **{name: getattr(tried, name) for name in tried.__struct_fields__})
