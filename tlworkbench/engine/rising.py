"""A training loop whose learning rate rises by the same factor each step."""

import math
import shutil
from pathlib import Path
from typing import Any

import msgspec
import torch
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments
from transformers.trainer_utils import SaveStrategy

from tlworkbench.data.run_examples import RunExamples
from tlworkbench.engine.class_weights import class_weights
from tlworkbench.engine.context import JobContext
from tlworkbench.engine.failures import explained
from tlworkbench.engine.fitting import prepare
from tlworkbench.engine.lr_curve import diverged
from tlworkbench.engine.plan import plan_run
from tlworkbench.engine.trainer import TextTrainer, training_arguments
from tlworkbench.engine.windows import longest
from tlworkbench.jobs.events import Step
from tlworkbench.jobs.spec import LrFindSpec


def rise(
    context: JobContext, spec: LrFindSpec, examples: RunExamples, source: Path, texts: list[str], began: float
) -> tuple[list[float], list[float]]:
    """Rates and the losses of the steps taken with them, until the loss diverges or the job is to stop.

    Nothing is kept of the weights. Raises UserError where memory doesn't last even for one row at a time.
    """
    run = msgspec.structs.replace(
        spec.run, steps=spec.steps, learning_rate=spec.lowest, schedule="constant", warmup=0.0
    )
    plan = plan_run(context, run, examples, began)
    prepared = prepare(plan, source, texts, texts[:1])
    arguments = training_arguments(run, context.job.checkpoints_dir, spec.steps, plan.precision, plan.device)
    arguments.save_strategy = SaveStrategy.NO
    trainer = TextTrainer(
        prepared.classifier.model,
        prepared.classifier.tokenizer,
        arguments,
        run,
        prepared.train,
        examples.train.classes,
        class_weights(run.class_weights, examples),
        _never,
        lambda trainer, before: context.note(
            f"out of memory with {before} rows at once: goes on with {trainer.rows_at_once}", warning=True
        ),
    )
    factor = (spec.highest / spec.lowest) ** (1 / max(1, spec.steps - 1))
    optimizer = trainer.create_optimizer()
    trainer.lr_scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: factor**step)
    seen = _Rising(context, trainer, plan.steps_per_epoch)
    trainer.add_callback(seen)
    try:
        trainer.train()
    except (RuntimeError, MemoryError) as error:
        reason = explained(error, trainer.rows_at_once, longest(prepared.train), str(context.job.path))
        if reason is None:
            raise
        raise reason from error
    finally:
        # An empty folder: nothing was saved.
        shutil.rmtree(context.job.checkpoints_dir, ignore_errors=True)
    return seen.rates, seen.losses


class _Rising(TrainerCallback):
    def __init__(self, context: JobContext, trainer: TextTrainer, steps_per_epoch: int) -> None:
        self.rates: list[float] = []
        self.losses: list[float] = []
        self._context = context
        self._trainer = trainer
        self._steps_per_epoch = steps_per_epoch

    def on_epoch_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        self._trainer.sampler.epoch = state.global_step // self._steps_per_epoch

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        control.should_log = True

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, float] | None = None,
        **kwargs: Any,
    ) -> None:
        if not logs or "loss" not in logs:
            return
        rate, loss = logs["learning_rate"], logs["loss"]
        self.rates.append(rate)
        self.losses.append(loss)
        if math.isfinite(loss):
            epoch = float(state.epoch or 0.0)
            self._context.emit(Step(step=state.global_step, epoch=epoch, loss=loss, learning_rate=rate))
        if diverged(self.losses) or self._context.stop_requested:
            control.should_training_stop = True


def _never(trainer: TextTrainer) -> Any:
    raise AssertionError("a learning rate finder measures nothing on validation")
