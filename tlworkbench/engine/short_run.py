"""Real runs that leave nothing: trained from the model's weights to their end, measured once, thrown away."""

import gc
import math
import shutil
import time
from collections.abc import Sequence
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
from tlworkbench.engine.fitting import Prepared, prepare
from tlworkbench.engine.lora import merged
from tlworkbench.engine.plan import Plan, plan_run
from tlworkbench.engine.probe import probe
from tlworkbench.engine.scoring import score
from tlworkbench.engine.stopping import Stopped, telling
from tlworkbench.engine.trainer import TextTrainer, training_arguments
from tlworkbench.engine.windows import as_rows, longest
from tlworkbench.jobs.events import Trial
from tlworkbench.jobs.search_plan import Setting
from tlworkbench.jobs.spec import TrainSpec

_TOLD_EVERY = 0.2
_SURE_STEPS = 5
_SURE_SECONDS = 1.0
"""After so many steps and so much time what a step takes is known."""


class TooLong(Exception):
    """A run would not have ended in time."""

    def __init__(self, seconds: float) -> None:
        """seconds: what all of it would have taken."""
        super().__init__(seconds)
        self.seconds = seconds


class ShortRuns:
    """Trains the same model on the same rows with the same seed again and again, with other rates and epochs."""

    def __init__(
        self,
        context: JobContext,
        spec: TrainSpec,
        examples: RunExamples,
        source: Path,
        train: Sequence[str],
        validation: Sequence[str],
    ) -> None:
        self._context = context
        self._spec = spec
        self._examples = examples
        self._needs = source, train, validation
        self._rows_at_once = 0
        """How many fit into memory; 0 where nothing was tried yet."""

    def measure(self, setting: Setting, name: str, until: float) -> Trial:
        """Train and measure on validation; `name` is told with the progress.

        until: time.monotonic() at which it has to be done. Raises TooLong as soon as is clear that it won't be, Stopped
        when the job is asked to stop, UserError where memory doesn't last even for one row at a time.
        """
        began = time.monotonic()
        spec = msgspec.structs.replace(
            self._spec, learning_rate=setting.learning_rate, epochs=setting.epochs, steps=0, early_stopping=0
        )
        plan = plan_run(self._context, spec, self._examples, began)
        prepared = prepare(plan, *self._needs)
        trainer = self._trainer(plan, prepared)
        watch = _Watch(self._context, trainer, f"{name}: {setting.words}", plan, until)
        trainer.add_callback(watch)
        try:
            if not self._rows_at_once:
                self._try_longest(plan, prepared, trainer)
            trainer.rows_at_once = self._rows_at_once
            trainer.train()
            self._rows_at_once = trainer.rows_at_once
            trained = time.monotonic() - watch.began
            if self._context.stop_requested:
                raise Stopped
            if watch.too_long:
                raise TooLong(watch.expected)
            told = telling(self._context, f"{name}: measuring", len(prepared.validation))
            classes = self._examples.validation.classes
            with merged(trainer.model):
                scored = score(trainer.model, prepared.validation, classes, plan.names, plan.precision, told)
        except (RuntimeError, MemoryError) as error:
            folder = str(self._context.job.path)
            reason = explained(error, trainer.rows_at_once, longest(prepared.train), folder)
            if reason is None:
                raise
            raise reason from error
        finally:
            # An empty folder: nothing was saved.
            shutil.rmtree(self._context.job.checkpoints_dir, ignore_errors=True)
            del trainer, prepared
            gc.collect()
            if torch.cuda.is_initialized():
                torch.cuda.empty_cache()
        seconds = time.monotonic() - began
        tried = Trial(learning_rate=setting.learning_rate, epochs=setting.epochs, seconds=seconds)
        if watch.lost or not math.isfinite(scored.loss):
            return msgspec.structs.replace(tried, lost="the loss became NaN")
        return msgspec.structs.replace(
            tried,
            fixed=max(0.0, seconds - trained),
            accuracy=scored.figures.accuracy,
            macro_f1=scored.figures.macro_f1,
            loss=scored.loss,
        )

    def _trainer(self, plan: Plan, prepared: Prepared) -> TextTrainer:
        folder = self._context.job.checkpoints_dir
        arguments = training_arguments(plan.spec, folder, plan.total_steps, plan.precision, plan.device)
        arguments.save_strategy = SaveStrategy.NO
        return TextTrainer(
            prepared.classifier.model,
            prepared.classifier.tokenizer,
            arguments,
            plan.spec,
            prepared.train,
            self._examples.train.classes,
            class_weights(plan.spec.class_weights, self._examples),
            _never,
            lambda trainer, before: self._tell_lowered(before, trainer.rows_at_once),
        )

    def _try_longest(self, plan: Plan, prepared: Prepared, trainer: TextTrainer) -> None:
        self._context.progress("trying the longest batch", 0)
        texts, share = as_rows(prepared.train, plan.rows_a_step_here)
        rows = min(plan.spec.batch_size, share, len(texts))

        def lowered(before: int, fits: int, why: str) -> None:
            self._tell_lowered(before, fits)

        fits = probe(trainer.model, texts, rows, share, plan.precision, lowered).rows
        self._rows_at_once = fits if fits < rows else plan.spec.batch_size

    def _tell_lowered(self, before: int, rows: int) -> None:
        self._context.note(f"out of memory with {before} rows at once: goes on with {rows}", warning=True)


class _Watch(TrainerCallback):
    """Tells how far a trial is, and ends one that is lost, stopped or too slow."""

    def __init__(self, context: JobContext, trainer: TextTrainer, name: str, plan: Plan, until: float) -> None:
        self.lost = False
        self.too_long = False
        self.expected = 0.0
        """Seconds the trial would take, by its speed so far."""
        self.began = time.monotonic()
        self._context = context
        self._trainer = trainer
        self._name = name
        self._plan = plan
        self._until = until
        self._told_at = 0.0
        self._warm_at = 0.0

    def on_epoch_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        self._trainer.sampler.epoch = state.global_step // self._plan.steps_per_epoch

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        now, step, total = time.monotonic(), state.global_step, self._plan.total_steps
        if step == 1:
            # The first step makes ready what the others use.
            self._warm_at = now
        each = (now - self._warm_at) / max(1, step - 1)
        left = (total - step) * each
        if step > _SURE_STEPS and now - self._warm_at > _SURE_SECONDS:
            self.expected = now - self.began + left
            self.too_long = step < total and now + left > self._until
        if now - self._told_at >= _TOLD_EVERY:
            self._told_at = now
            self._context.progress(self._name, step, total, "steps", seconds_left=left if step > 1 else -1.0)
            control.should_log = True
        if self.too_long or self._context.stop_requested:
            control.should_training_stop = True

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, float] | None = None,
        **kwargs: Any,
    ) -> None:
        if logs and not math.isfinite(logs.get("loss", 0.0)):
            self.lost = control.should_training_stop = True


def _never(trainer: TextTrainer) -> Any:
    raise AssertionError("a trial is measured once it has ended")
