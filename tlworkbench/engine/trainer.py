"""`transformers.Trainer` as this program uses it: its loop and checkpoints, our order of rows and figures."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader
from transformers import PrinterCallback, Trainer, TrainingArguments

from tlworkbench.engine.checkpoint import ROWS_AT_ONCE
from tlworkbench.engine.class_weights import Weights
from tlworkbench.engine.depth import learning_groups
from tlworkbench.engine.distributed import Team
from tlworkbench.engine.lora import plain
from tlworkbench.engine.portions import attempt, most_rows, portions, smaller, token_budget
from tlworkbench.engine.precision import Precision
from tlworkbench.engine.processor_pass import training_pass
from tlworkbench.engine.sampler import BalancedSampler, LengthGroupedSampler
from tlworkbench.engine.scored import Scored
from tlworkbench.engine.shared_batches import WHOLE, Collate, SharedBatches
from tlworkbench.engine.texts import Batch, TrainingBatches
from tlworkbench.engine.windows import COUNTS, Texts, pooled_logits
from tlworkbench.jobs.spec import TrainSpec

_SCHEDULES = {"linear": "linear", "cosine": "cosine", "constant": "constant_with_warmup"}


class TextTrainer(Trainer):
    """Fine-tunes a classifier on tokenised texts; resumed anywhere, it ends where it would have ended."""

    def __init__(
        self,
        model: Any,
        tokenizer: Any,
        arguments: TrainingArguments,
        spec: TrainSpec,
        texts: Texts,
        classes: np.ndarray[Any, np.dtype[np.int64]],
        weights: Weights | None,
        evaluated: Callable[["TextTrainer"], Scored],
        lowered: Callable[["TextTrainer", int], None],
        team: Team | None = None,
    ) -> None:
        """`weights` are those of the classes; None counts every row the same.

        `evaluated` measures `self.model` on the validation rows. `lowered` hears that memory ran out with so many rows
        and that `rows_at_once` is less now. `team` are the processes a step's rows are divided among.
        """
        self._team = team or Team()
        self.sampler = (
            BalancedSampler(texts.lengths, spec.rows_a_step, spec.seed, classes)
            if spec.balanced_sampler
            else LengthGroupedSampler(texts.lengths, spec.rows_a_step, spec.seed)
        )
        self.rows_at_once = spec.batch_size
        self._spec = spec
        self._batches: Collate = TrainingBatches(texts, classes)
        if not self._team.place.alone:
            self._batches = SharedBatches(self._batches, classes, weights, self._team)
        self._tokens = token_budget(spec.tokens_per_batch, arguments.device.type)
        self._pad_left = texts.pad_left
        self._weights = None if weights is None else torch.tensor(weights, dtype=torch.float32, device=arguments.device)
        self._evaluated = evaluated
        self._lowered = lowered
        super().__init__(model=model, args=arguments, processing_class=tokenizer)
        self.remove_callback(PrinterCallback)

    def training_step(
        self, model: torch.nn.Module, inputs: Batch, num_items_in_batch: torch.Tensor | int | None = None
    ) -> torch.Tensor:
        """Gradients of one whole step: its rows in parts of `rows_at_once`, and in smaller ones when memory runs out.

        transformers' own accumulation knows equal batches only, and none that is tried again.
        """
        model.train()
        batch = self._prepare_inputs(inputs)
        whole = batch.pop(WHOLE, None)
        while True:
            alone = self.rows_at_once == 1
            work = partial(self._gradients, model, batch, whole)
            loss = work() if alone else attempt(model, work)
            # Where memory ran out in one process, all do the step again, or they would not have learned the same.
            most = 0 if loss is not None else most_rows(batch, self.rows_at_once, self._tokens)
            before = self._team.failed(model, most)
            if loss is not None and not before:
                return self._team.add_up(loss)
            model.zero_grad(set_to_none=True)
            self.rows_at_once = smaller(before) if before > 1 else 1
            self._lowered(self, before)

    def _gradients(self, model: torch.nn.Module, batch: Batch, whole: torch.Tensor | None) -> torch.Tensor:
        """Add up the gradients of the loss over all rows of `batch`; returns that loss.

        Each part is divided by what the mean over the whole step is divided by: its rows, or the sum of the weights
        of their classes. So it doesn't matter how it is cut. whole: that number, where other processes have rows of
        the step too.
        """

        def forward(inputs: Batch) -> torch.Tensor:
            with training_pass(labels.device.type, self.args.bf16):
                logits: torch.Tensor = model(**inputs).logits
            return logits.float()

        self._remember_rows_at_once()
        self._team.seed(self._spec.seed, self.state.global_step)
        labels = batch["labels"]
        total: Any = whole
        if total is None:
            total = len(labels) if self._weights is None else self._weights[labels].sum()
        loss = torch.zeros((), device=labels.device)
        most = most_rows(batch, self.rows_at_once, self._tokens)
        for part in portions(batch, self.rows_at_once, self._tokens, self._pad_left):
            inputs = {name: values for name, values in part.items() if name not in ("labels", COUNTS)}
            logits = pooled_logits(forward, inputs, part[COUNTS], most) if COUNTS in part else forward(inputs)
            # Every architecture's own loss would do the same, but for those that take it for a regression.
            summed = torch.nn.functional.cross_entropy(
                logits,
                part["labels"],
                weight=self._weights,
                reduction="sum",
                label_smoothing=self._spec.label_smoothing,
            )
            share = summed / total
            self.accelerator.backward(share)
            loss += share.detach()
        return loss

    def _remember_rows_at_once(self) -> None:
        # In the state, so that every checkpoint carries it and a resumed run cuts its batches the same way.
        known = [entry[ROWS_AT_ONCE] for entry in self.state.log_history if ROWS_AT_ONCE in entry]
        if self.rows_at_once != (known[-1] if known else self._spec.batch_size):
            self.state.log_history.append({ROWS_AT_ONCE: self.rows_at_once, "step": self.state.global_step})

    def create_optimizer(self, model: Any = None) -> torch.optim.Optimizer:
        """AdamW as transformers makes it, or with a learning rate for each layer."""
        if self.optimizer is None and self._spec.layer_decay < 1:
            classifier = plain(self.model)
            kind, settings = self.get_optimizer_cls_and_kwargs(self.args, classifier)
            decaying = self.get_decay_parameter_names(classifier)
            groups = learning_groups(
                classifier, decaying, self._spec.learning_rate, self._spec.weight_decay, self._spec.layer_decay
            )
            self.optimizer = kind(list(groups), **settings)
        made: torch.optim.Optimizer = super().create_optimizer(model)
        return made

    def floating_point_ops(self, inputs: Batch) -> int:
        """Not counted."""
        return 0

    def get_train_dataloader(self) -> DataLoader[Any]:
        loader: DataLoader[Any] = DataLoader(
            range(len(self.sampler)),  # type: ignore[arg-type]
            batch_size=self.args.per_device_train_batch_size,
            sampler=self.sampler,
            collate_fn=self._batches,
            pin_memory=self.args.device.type == "cuda",
        )
        prepared: DataLoader[Any] = self.accelerator.prepare(loader)
        return prepared

    def evaluate(self, *args: Any, **kwargs: Any) -> dict[str, float]:
        metrics: dict[str, float] = self._team.same(self._measured() if self._team.first else {})
        self.log(metrics)
        self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, metrics)
        return metrics

    def _measured(self) -> dict[str, float]:
        scored = self._evaluated(self)
        return {
            "eval_loss": scored.loss,
            "eval_accuracy": scored.figures.accuracy,
            "eval_macro_f1": scored.figures.macro_f1,
        }

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        if self._team.first:
            super()._save_checkpoint(model, trial)

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """Tell the callbacks; only evaluations are kept in the state, which every checkpoint carries."""
        if "eval_loss" in logs:
            self.state.log_history.append({**logs, "step": self.state.global_step})
        self.control = self.callback_handler.on_log(self.args, self.state, self.control, logs)


def training_arguments(
    spec: TrainSpec, checkpoints: Path, total_steps: int, precision: Precision, device: str
) -> TrainingArguments:
    """The run's settings in `transformers`' words: evaluate and save each epoch, log when our callback says so."""
    arguments = TrainingArguments(
        output_dir=str(checkpoints),
        max_steps=total_steps,
        # A step's rows come as one batch, which TextTrainer cuts into parts.
        per_device_train_batch_size=spec.rows_a_step,
        learning_rate=spec.learning_rate,
        lr_scheduler_type=_SCHEDULES[spec.schedule],
        warmup_steps=round(total_steps * spec.warmup),
        weight_decay=spec.weight_decay,
        max_grad_norm=spec.max_grad_norm,
        # Our callback asks for the evaluations, as transformers would want a dataset of its own for that.
        eval_strategy="no",
        save_strategy="epoch",
        # Room for the best one, which transformers counts among the kept.
        save_total_limit=spec.checkpoint_limit + 1,
        metric_for_best_model=f"eval_{spec.metric}",
        greater_is_better=spec.metric != "loss",
        logging_strategy="no",
        logging_nan_inf_filter=False,
        seed=spec.seed,
        bf16=precision == "bf16",
        fp16=precision == "fp16",
        use_cpu=device == "cpu",
        dataloader_pin_memory=device == "cuda",
        # From pinned memory rows are copied while the GPU still computes.
        accelerator_config={"non_blocking": device == "cuda"},
        remove_unused_columns=False,
        report_to="none",
        disable_tqdm=True,
        log_level="warning",
    )
    if device == "cuda":
        # Several GPUs in one process would be torch's DataParallel; more than one GPU means torchrun here.
        arguments._n_gpu = 1
    return arguments
