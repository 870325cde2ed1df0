"""`baseline`: what a run's figures will be held against, measured before anything is trained and kept for later."""

import time
from pathlib import Path

from tlworkbench.catalog.resolve import resolve_model
from tlworkbench.data.findings import refuse
from tlworkbench.data.rows import Rows
from tlworkbench.data.run_examples import RunExamples
from tlworkbench.data.trainable import counted, judge
from tlworkbench.engine.baseline_store import Place, as_result, knows_head, place_of, recall, remember
from tlworkbench.engine.choice import choose_examples, texts_of
from tlworkbench.engine.context import JobContext
from tlworkbench.engine.gauges import Gauges
from tlworkbench.engine.label_matching import label_names, match_labels, unfit_head
from tlworkbench.engine.reference_lines import AS_IT_IS, HEAD, head_line, line_of, majority_line
from tlworkbench.engine.stopping import Stopped
from tlworkbench.errors import UserError
from tlworkbench.jobs.events import Baseline, Finished
from tlworkbench.jobs.spec import BaselineSpec, TrainSpec
from tlworkbench.workspace import open_workspace


def run(context: JobContext, spec: BaselineSpec) -> Finished:
    """Emit a Baseline for the majority class, for the checkpoint as it is, and for its head fitted alone.

    Each is remembered in the workspace as soon as it is known. Raises UserError as a training run does.
    """
    began = time.monotonic()
    workspace = open_workspace(str(context.workspace))
    rows = workspace.rows()
    chosen = choose_examples(workspace, rows, spec.run)
    refuse(judge(chosen.drawn, spec.run.class_weights))
    examples = chosen.examples
    source = resolve_model(spec.run.model, workspace.jobs_dir)
    place = place_of(workspace.root, source, spec.run, examples)
    lines: list[Baseline] = []

    def tell(line: Baseline) -> None:
        lines.append(line)
        context.emit(line)

    tell(majority_line(examples))
    stopped = False
    try:
        with Gauges(context):
            for name, measure in ((AS_IT_IS, _as_it_is), (HEAD, _head)):
                line = _remembered(place, name)
                if line is None:
                    if context.stop_requested:
                        raise Stopped
                    line = measure(context, spec.run, examples, rows, source)
                    remember(place, line)
                tell(line)
    except Stopped:
        stopped = True
    result = {
        "run": context.job.run,
        "status": "stopped" if stopped else "done",
        "model": spec.run.model,
        "journal_version": examples.journal_version,
        "train_rows": len(examples.train),
        "eval_rows": len(examples.validation),
        "baselines": as_result(lines),
        "seconds": round(time.monotonic() - began, 1),
    }
    if stopped:
        return Finished(status="stopped", what="stopped; what was measured so far is kept", result=result)
    return context.done(f"measured on {counted(len(examples.validation), 'validation row')}", **result)


def _remembered(place: Place, name: str) -> Baseline | None:
    known = next((line for line in recall(place) if line.name == name), None)
    return known if name != HEAD or knows_head(place) else None


def _as_it_is(context: JobContext, spec: TrainSpec, examples: RunExamples, rows: Rows, source: Path) -> Baseline:
    classes = examples.validation.classes
    if why := unfit_head(source, examples.class_names, classes):
        return Baseline(name=AS_IT_IS, words=why)
    context.progress("loading the model", 0)
    from tlworkbench.engine.checkpoint_score import score_checkpoint

    matched = match_labels(examples.class_names, label_names(source), classes, spec.model)
    texts = texts_of(rows, examples.validation.keys)
    try:
        scored = score_checkpoint(
            context, source, spec.model, texts, matched, spec.precision, "measuring the model as it is"
        ).scored
    except UserError as error:
        # Its configuration promises a head that its weights don't hold.
        return Baseline(name=AS_IT_IS, words=error.what)
    return line_of(AS_IT_IS, scored.figures, scored.loss, matched.words)


def _head(context: JobContext, spec: TrainSpec, examples: RunExamples, rows: Rows, source: Path) -> Baseline:
    try:
        return head_line(context, spec, examples, rows, source)
    except UserError as error:
        return Baseline(name=HEAD, words=error.what)
