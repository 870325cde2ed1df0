"""`transformers.Trainer` as this program uses it: its loop and checkpoints, our order of rows and figures."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader
from transformers import PrinterCallback, Trainer, TrainingArguments

from tlworkbench.engine.precision import Precision
from tlworkbench.engine.sampler import LengthGroupedSampler
from tlworkbench.engine.scoring import Scored
from tlworkbench.engine.texts import TokenisedTexts, TrainingBatches
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
        texts: TokenisedTexts,
        classes: np.ndarray[Any, np.dtype[np.int64]],
        evaluated: Callable[["TextTrainer"], Scored],
    ) -> None:
        """`evaluated` measures `self.model` on the validation rows; `spec` gives batch size, seed and smoothing."""
        self.sampler = LengthGroupedSampler(texts.lengths, spec.batch_size, spec.seed)
        self._batches = TrainingBatches(texts, classes)
        self._evaluated = evaluated

        def loss(outputs: Any, labels: torch.Tensor, num_items_in_batch: Any = None) -> torch.Tensor:
            return torch.nn.functional.cross_entropy(
                outputs.logits.float(), labels, label_smoothing=spec.label_smoothing
            )

        # Every architecture's own loss would do the same, but for those that take it for a regression.
        super().__init__(model=model, args=arguments, processing_class=tokenizer, compute_loss_func=loss)
        self.remove_callback(PrinterCallback)

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
        scored = self._evaluated(self)
        metrics = {
            "eval_loss": scored.loss,
            "eval_accuracy": scored.figures.accuracy,
            "eval_macro_f1": scored.figures.macro_f1,
        }
        self.log(metrics)
        self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, metrics)
        return metrics

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
        num_train_epochs=spec.epochs,
        per_device_train_batch_size=spec.batch_size,
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
        use_cpu=device == "cpu",
        dataloader_pin_memory=device == "cuda",
        remove_unused_columns=False,
        report_to="none",
        disable_tqdm=True,
        log_level="warning",
    )
    if device == "cuda":
        # Several GPUs in one process would be torch's DataParallel; more than one GPU means torchrun here.
        arguments._n_gpu = 1
    return arguments
