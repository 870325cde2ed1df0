"""What a training run tells while it runs, and when it saves and stops."""

import math
import time
from collections.abc import Mapping, Sequence
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from tlworkbench.engine.context import JobContext
from tlworkbench.engine.distributed import Team
from tlworkbench.engine.pace import Pace
from tlworkbench.engine.sampler import LengthGroupedSampler
from tlworkbench.errors import UserError
from tlworkbench.jobs.events import Step
from tlworkbench.jobs.spec import TrainSpec

STEP_EVERY = 0.2
"""Seconds between two Step events at least; a step that takes longer always makes one."""
SAVE_EVERY = 300.0
"""Seconds of work a process that is killed may lose."""
_FP16_OVERFLOWS = 30
"""Logged steps in a row whose gradients are not finite, from which a run in fp16 is lost."""
LONG_EVALUATION = 20.0
"""Seconds from which an evaluation isn't waited for when the run is to stop; a checkpoint is written just before."""


class Reporter(TrainerCallback):
    """Emits Step events, checkpoints in the middle of long epochs, and carries out stops: asked for or early."""

    def __init__(
        self,
        context: JobContext,
        spec: TrainSpec,
        sampler: LengthGroupedSampler,
        pace: Pace,
        eval_rows: int,
        total_steps: int,
        team: Team,
    ) -> None:
        self._context = context
        self._team = team
        self._spec = spec
        self._sampler = sampler
        self._pace = pace
        self._eval_rows = eval_rows
        self._total_steps = total_steps
        self._told_at = 0.0
        self._overflows = 0
        self._saved_at = time.monotonic()

    def on_epoch_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        # Not through set_epoch: a loader resumed in the middle of an epoch doesn't hand it on to the sampler.
        self._sampler.epoch = state.global_step // self._pace.steps_per_epoch

    def on_step_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        self._pace.go()

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        step = state.global_step
        self._pace.step_done(step)
        now = time.monotonic()
        # At the end of an epoch the evaluation belongs to the step: a checkpoint without it would lose it for good.
        if self._ends_epoch(step):
            pass
        elif self._team.stop_requested:
            control.should_save = control.should_training_stop = True
        elif now - self._saved_at >= SAVE_EVERY or self._evaluation_is_long_and_next(step):
            control.should_save = True
        if control.should_save or now - self._told_at >= STEP_EVERY:
            control.should_log = True
            self._told_at = now
        if control.should_save:
            self._pace.pause()
            self._context.progress("writing a checkpoint", 0)

    def on_epoch_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        self._pace.pause()
        if not self._ends_epoch(state.global_step):
            # Stopped in the middle: the checkpoint is written, and an epoch that isn't over is not evaluated.
            control.should_save = False
            return
        control.should_log = control.should_evaluate = True
        if self._team.stop_requested:
            control.should_training_stop = True

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
        loss, norm = logs["loss"], logs.get("grad_norm", 0.0)
        if not math.isfinite(loss) or self._lost(norm):
            raise diverged("loss" if not math.isfinite(loss) else "gradient", loss, state.global_step, self._spec)
        self._context.emit(
            Step(
                step=state.global_step,
                epoch=float(state.epoch or 0.0),
                loss=loss,
                learning_rate=logs["learning_rate"],
                grad_norm=norm if math.isfinite(norm) else 0.0,
                examples_per_second=self._pace.examples_per_second,
                seconds_left=self._pace.seconds_left(state.global_step, self._eval_rows),
            )
        )

    def _lost(self, norm: float) -> bool:
        # In fp16 gradients overflow until their scale is found: such steps are left out and the scale is halved.
        self._overflows = 0 if math.isfinite(norm) else self._overflows + 1
        return self._overflows > _FP16_OVERFLOWS if self._spec.precision == "fp16" else math.isnan(norm)

    def on_evaluate(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        if self._spec.early_stopping and out_of_patience(state.log_history, self._spec):
            control.should_training_stop = True
        if self._team.stop_requested:
            control.should_training_stop = True

    def on_save(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        self._saved_at = time.monotonic()
        # A pickle that nothing here reads.
        checkpoint = self._context.job.checkpoints_dir / f"checkpoint-{state.global_step}"
        (checkpoint / "training_args.bin").unlink(missing_ok=True)

    def _ends_epoch(self, step: int) -> bool:
        return step % self._pace.steps_per_epoch == 0 or step >= self._total_steps

    def _evaluation_is_long_and_next(self, step: int) -> bool:
        return self._ends_epoch(step + 1) and self._pace.evaluation_expected(self._eval_rows) > LONG_EVALUATION


def out_of_patience(history: Sequence[Mapping[str, Any]], spec: TrainSpec) -> bool:
    """Whether the last `early_stopping` evaluations in a trainer's history brought nothing better than those before."""
    values = [entry[f"eval_{spec.metric}"] for entry in history if "eval_loss" in entry]
    if not values:
        return False
    # The first of equal ones counts as the best, as it is the one whose checkpoint is kept.
    best = values.index(min(values) if spec.metric == "loss" else max(values))
    return len(values) - 1 - best >= spec.early_stopping


def diverged(what: str, value: float, step: int, spec: TrainSpec) -> UserError:
    """The refusal to go on once numbers are no longer finite."""
    became = "infinite" if math.isinf(value) else "NaN"
    return UserError(
        f"the {what} became {became} at step {step}",
        f"Lower the learning rate (now {spec.learning_rate:g}), or clip gradients harder "
        f"(max_grad_norm, now {spec.max_grad_norm:g}).",
    )
