"""What a training run leaves: the best weights as its model, proved on validation, and the figures of it all."""

import gc
import shutil
import time
from typing import Any

from tlworkbench.engine.baseline_store import as_result, read_lines
from tlworkbench.engine.checkpoint import Checkpoint, find_checkpoint, keep_as_model
from tlworkbench.engine.fitting import Fitted
from tlworkbench.engine.model_folder import load_trained
from tlworkbench.engine.plan import Plan
from tlworkbench.engine.reference_lines import tell_if_below
from tlworkbench.engine.reporter import LONG_EVALUATION, out_of_patience
from tlworkbench.engine.run_record import end_record, read_record
from tlworkbench.engine.scored import Scored, write_predictions
from tlworkbench.engine.scoring import score
from tlworkbench.engine.stopping import Stopped, telling
from tlworkbench.engine.told_speed import remember_run
from tlworkbench.engine.windows import Texts
from tlworkbench.jobs.events import Finished
from tlworkbench.preflight.work import PADDING

_SAME = 1e-9
"""Two evaluations of the same weights in the same process differ by nothing; room for a rounded JSON number."""


def finish(plan: Plan, fitted: Fitted, validation: Texts) -> Finished:
    """Keep the best checkpoint as model/, load it anew, measure it again, drop the checkpoints, tell the result."""
    context = plan.context
    last = _last(plan)
    if not is_over(plan, last):
        raise Stopped
    best = _best(plan, last)
    if plan.device == "cuda":
        gc.collect()  # A trainer and its model hold on to each other, and to the GPU's memory.
    _keep(plan, last)
    saved = load_trained(context.job.model_dir, f"run {context.job.run}").model.to(plan.device)
    told = telling(context, "measuring the saved model", len(validation), patience=LONG_EVALUATION)
    examples = plan.examples.validation
    scored = score(saved, validation, examples.classes, plan.names, plan.precision, told)
    write_predictions(context.job.path, examples.keys, examples.classes, plan.names, scored)
    _compare(plan, best, scored)
    if fitted.timing is not None:
        tokens = float((validation.lengths + PADDING).sum())
        remember_run(plan.spec, context.job.path.parent, fitted.timing, time.monotonic() - plan.began, tokens)
    early = last.step < plan.total_steps
    if early:
        context.note(
            f"stopped early after epoch {last.step / plan.steps_per_epoch:g}: "
            f"no better {plan.spec.metric.replace('_', '-')} in {plan.spec.early_stopping} evaluations"
        )
    tell_if_below(context, plan.spec, best)
    result = _result(plan, "done", last, fitted.examples_per_second)
    end_record(context.job, plan.began, result)
    shutil.rmtree(context.job.checkpoints_dir, ignore_errors=True)
    return context.done(
        f"macro-F1 {best['macro_f1']:.3f}, accuracy {best['accuracy']:.3f} after epoch {best['epoch']:g}", **result
    )


def _compare(plan: Plan, best: dict[str, float], saved: Scored) -> None:
    """Say so where the saved model's figures are not those that training measured."""
    again = {"macro_f1": saved.figures.macro_f1, "accuracy": saved.figures.accuracy}
    for name in ("macro_f1", "accuracy"):
        if abs(again[name] - best[name]) > _SAME:
            plan.context.note(
                f"the saved model's {name.replace('_', '-')} on validation is {again[name]:.4f}, "
                f"while training measured {best[name]:.4f}",
                warning=True,
            )


def stopped(plan: Plan, fitted: Fitted) -> Finished:
    """The last word of a run that was asked to stop; the best weights so far, if any were measured, become model/."""
    context = plan.context
    last, _ = find_checkpoint(context.job.checkpoints_dir)
    if last is None:
        result: dict[str, Any] = {"run": context.job.run, "status": "stopped", "steps": 0}
        what = "stopped before its first checkpoint; a resume begins anew"
    else:
        if last.best_step is not None:
            _keep(plan, last)
        result = _result(plan, "stopped", last, fitted.examples_per_second)
        what = f"stopped at step {last.step} of {plan.total_steps}; a resume goes on from there"
    end_record(context.job, plan.began, None)
    return Finished(status="stopped", what=what, result=result)


def is_over(plan: Plan, checkpoint: Checkpoint) -> bool:
    """Whether a run has nothing left to train once it has come to `checkpoint`."""
    patience = plan.spec.early_stopping
    return checkpoint.step >= plan.total_steps or (patience > 0 and out_of_patience(checkpoint.evaluations, plan.spec))


def _keep(plan: Plan, last: Checkpoint) -> None:
    """The best checkpoint so far becomes model/."""
    job = plan.context.job
    best = job.checkpoints_dir / f"checkpoint-{last.best_step}"
    if plan.spec.strategy == "lora":
        from tlworkbench.engine.lora_model import keep_merged

        keep_merged(plan, best)
    else:
        keep_as_model(best, job.model_dir)


def _last(plan: Plan) -> Checkpoint:
    last, _ = find_checkpoint(plan.context.job.checkpoints_dir)
    if last is None:
        raise Stopped
    return last


def _best(plan: Plan, last: Checkpoint) -> dict[str, float]:
    """Figures of the best evaluation so far; empty before the first."""
    for entry in last.evaluations:
        if entry["step"] == last.best_step:
            return {
                "epoch": entry["step"] / plan.steps_per_epoch,
                "step": entry["step"],
                "accuracy": entry["eval_accuracy"],
                "macro_f1": entry["eval_macro_f1"],
                "loss": entry["eval_loss"],
            }
    return {}


def _result(plan: Plan, status: str, last: Checkpoint, examples_per_second: float) -> dict[str, Any]:
    context = plan.context
    record = read_record(context.job.path)
    before = record.seconds if record else 0.0
    best = _best(plan, last)
    return {
        "run": context.job.run,
        "status": status,
        "best": best,
        "majority": {
            "label": plan.names[plan.most],
            "accuracy": plan.majority.accuracy,
            "macro_f1": plan.majority.macro_f1,
        },
        "baselines": as_result(read_lines(context.job.path)),
        "seconds": round(before + time.monotonic() - plan.began, 1),
        "examples_per_second": round(examples_per_second, 1),
        "steps": last.step,
        "total_steps": plan.total_steps,
        "rows_a_step": plan.spec.rows_a_step,
        "rows_at_once": last.rows_at_once or plan.spec.batch_size,
        "train_rows": len(plan.examples.train),
        "eval_rows": len(plan.examples.validation),
        "precision": plan.precision,
        "devices": plan.team.place.count,
        "model": plan.spec.model,
        "folder": str(context.job.model_dir) if best else "",
        "classes": list(plan.names),
    }
