"""`train`: fine-tune a checkpoint on the labelled rows of the workspace, or take such a run up where it stopped."""

import time
from pathlib import Path

from tlworkbench.catalog.resolve import resolve_model
from tlworkbench.data.checks.subject import Subject, TextFacts
from tlworkbench.data.findings import refuse
from tlworkbench.data.rows import Rows
from tlworkbench.data.run_examples import RunExamples, read_examples, write_examples
from tlworkbench.data.trainable import counted, judge
from tlworkbench.engine.checkpoint import Checkpoint, find_checkpoint
from tlworkbench.engine.choice import choose_examples, texts_of
from tlworkbench.engine.context import JobContext
from tlworkbench.engine.gauges import Gauges
from tlworkbench.engine.reference_lines import begin_with_lines, measure_as_loaded
from tlworkbench.engine.run_record import begin_record, changed_since, read_record
from tlworkbench.jobs.events import Finished
from tlworkbench.jobs.spec import TrainSpec
from tlworkbench.preflight.ahead import repeats
from tlworkbench.workspace import Workspace, open_workspace


def run(context: JobContext, spec: TrainSpec) -> Finished:
    """Run the job to its end or to a stop; see `TrainSpec` for what can be set.

    Leaves in the job's folder: model/ (best weights), examples.arrow, predictions.arrow (answers of the best weights
    to the validation rows), baselines.json, run.json; checkpoints/ until it is done. Raises UserError for rows nothing
    can be learned from, before torch is even imported.
    """
    began = time.monotonic()
    record = read_record(context.job.path)
    if record is not None and record.result is not None:
        return context.done(f"run {context.job.run} was done already", **record.result)
    workspace = open_workspace(str(context.workspace))
    rows = workspace.rows()
    begun = read_examples(context.job.path)
    examples = begun or _begin(context, spec, workspace, rows)
    checkpoint = _resumed(context, begun is not None and spec.strategy != "head")
    source = loaded_from(spec, checkpoint, workspace)
    if checkpoint is None:
        begin_with_lines(context, spec, examples, rows, source)
    if spec.strategy == "head":
        from tlworkbench.engine.head_train import run_head

        return run_head(context, spec, examples, rows, source, began)
    train, validation = texts_of(rows, examples.train.keys), texts_of(rows, examples.validation.keys)
    with Gauges(context):
        return _train(context, spec, examples, checkpoint, (source, train, validation), began)


def loaded_from(spec: TrainSpec, checkpoint: Checkpoint | None, workspace: Workspace) -> Path:
    """Folder of the weights that a run begins or goes on with."""
    # A checkpoint of LoRA holds what has learnt and nothing else.
    whole = checkpoint is not None and spec.strategy != "lora"
    return checkpoint.path if checkpoint and whole else resolve_model(spec.model, workspace.jobs_dir)


def _begin(context: JobContext, spec: TrainSpec, workspace: Workspace, rows: Rows) -> RunExamples:
    chosen = choose_examples(workspace, rows, spec)
    subject = Subject.of(TextFacts(rows), chosen.labelling)
    for finding in (*refuse(judge(chosen.drawn, spec.class_weights)), *repeats(subject)):
        context.note(finding.text, finding.level == "warning")
    drawn = len(chosen.examples.train)
    if drawn < chosen.drawn.usable_rows:
        usable = counted(chosen.drawn.usable_rows, "training row")
        context.note(f"trains on {counted(drawn, 'row')} drawn from {usable}")
    write_examples(context.job.path, chosen.examples)
    return chosen.examples


def _resumed(context: JobContext, begun: bool) -> Checkpoint | None:
    checkpoint, damaged = find_checkpoint(context.job.checkpoints_dir)
    if begun and checkpoint is None and not damaged:
        context.note("there is no checkpoint to go on from: the run begins anew")
    for fault in damaged:
        instead = f"goes on from step {checkpoint.step}" if checkpoint else "begins anew"
        context.note(f"{fault}: the run {instead}", warning=True)
    return checkpoint


def _train(
    context: JobContext,
    spec: TrainSpec,
    examples: RunExamples,
    checkpoint: Checkpoint | None,
    needs: tuple[Path, list[str], list[str]],
    began: float,
) -> Finished:
    context.progress("loading the model", 0)
    # Only now torch: what can be refused without it has been.
    from tlworkbench.engine.fitting import Fitted, fit, prepare
    from tlworkbench.engine.outcome import finish, is_over, stopped
    from tlworkbench.engine.peer import gather
    from tlworkbench.engine.plan import plan_run, set_up_libraries
    from tlworkbench.engine.stopping import Stopped

    team = gather(context)
    plan = plan_run(context, spec, examples, began, team)
    over = checkpoint is not None and is_over(plan, checkpoint)
    # From here on the other processes know the rows, and can make themselves ready too.
    team.same({"step": checkpoint.step if checkpoint else 0, "over": over})
    fitted = Fitted(0.0)
    try:
        prepared = prepare(plan, *needs)
        if checkpoint is None:
            with team.whole_machine():
                measure_as_loaded(plan, prepared, needs[0])
        before = read_record(context.job.path)
        record = begin_record(context.job, spec, examples, prepared.max_length, plan.precision)
        if checkpoint is not None and before is not None and (others := changed_since(before, record)):
            words = f"taken up under other conditions ({'; '.join(others)}): it may end in slightly other weights"
            context.note(words, warning=True)
        validation = prepared.validation
        if not over:
            with team:
                fitted = fit(plan, prepared, checkpoint)
            set_up_libraries()
        del prepared
        return finish(plan, fitted, validation)
    except Stopped:
        return stopped(plan, fitted)
