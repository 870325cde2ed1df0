"""The training itself: model and texts made ready, the loop run, validation measured after each epoch."""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
from safetensors import SafetensorError
from transformers import set_seed

from tlworkbench.data import trainable
from tlworkbench.engine.checkpoint import Checkpoint, drop_part
from tlworkbench.engine.class_weights import class_weights, told_weights
from tlworkbench.engine.depth import freeze
from tlworkbench.engine.failures import disk_full, explained
from tlworkbench.engine.gpu_speed import compile_for
from tlworkbench.engine.lora import learning_weights, merged, with_adapters
from tlworkbench.engine.model_folder import Classifier, load_for_training
from tlworkbench.engine.pace import Pace
from tlworkbench.engine.plan import Plan
from tlworkbench.engine.probe import longest_rows, probe
from tlworkbench.engine.reporter import LONG_EVALUATION, Reporter, diverged
from tlworkbench.engine.run_record import MAX_LENGTH_KEY, RUN_KEY, Probe, note_probe, note_smaller_portions
from tlworkbench.engine.scored import Scored
from tlworkbench.engine.scoring import score
from tlworkbench.engine.stopping import telling
from tlworkbench.engine.told_speed import Timing, timing_of
from tlworkbench.engine.trainer import TextTrainer, training_arguments
from tlworkbench.engine.windows import Texts, WindowedTexts, as_rows, longest, save_windows, tokenised, windows_for
from tlworkbench.inference.text_limit import effective_length
from tlworkbench.jobs.checkpoint_space import CheckpointSpace
from tlworkbench.jobs.events import Evaluated, TrainingBegan


@dataclass(frozen=True)
class Prepared:
    """A model and the run's texts as it takes them."""

    classifier: Classifier
    train: Texts
    validation: Texts
    max_length: int


@dataclass(frozen=True)
class Fitted:
    """What the loop tells of itself."""

    examples_per_second: float
    """Over this process's steps, evaluations not counted."""
    timing: Timing | None = None
    """None for a resumed run."""


def prepare(plan: Plan, source: Path, train: Sequence[str], validation: Sequence[str]) -> Prepared:
    """Load the model from `source` (the run's base, or a checkpoint of it) and tokenise both splits.

    Raises UserError for what can't be loaded, Stopped when the job is asked to stop meanwhile.
    """
    context, spec = plan.context, plan.spec
    set_seed(spec.seed)
    classifier = load_for_training(source, plan.names, spec.model)
    kept = None
    if spec.strategy == "lora":
        classifier = with_adapters(classifier, spec)
    else:
        kept = freeze(classifier.model, spec.freeze, spec.model)
    for note in (*classifier.notes, *([kept] if kept else ())):
        context.note(note)
    max_length = effective_length(spec.max_length, classifier.limit)
    config = classifier.model.config
    windows = windows_for(spec, classifier.tokenizer, max_length)
    setattr(config, MAX_LENGTH_KEY, max_length)
    save_windows(config, windows)
    setattr(config, RUN_KEY, context.job.run)
    learn = learning_weights(classifier.model) if spec.strategy == "lora" else None
    space = CheckpointSpace.of(context.job.path, classifier.model.num_parameters(), spec.checkpoint_limit, learn)
    if refusal := space.refusal():
        raise refusal
    if doubt := space.doubt():
        context.note(doubt, warning=True)

    def tokens(texts: Sequence[str]) -> Texts:
        told = telling(context, "tokenising", len(texts))
        return tokenised(classifier.tokenizer, texts, max_length, windows, told, context.note)

    return Prepared(classifier, tokens(train), tokens(validation), max_length)


def fit(plan: Plan, prepared: Prepared, checkpoint: Checkpoint | None) -> Fitted:
    """Train from `checkpoint` (or the start) to the end, to a stop, or until nothing gets better.

    Raises UserError where it can't go on: numbers that overflow, memory or disk that ran out.
    """
    pace = Pace(len(prepared.train), plan.spec.rows_a_step, plan.total_steps)
    arguments = training_arguments(
        plan.spec, plan.context.job.checkpoints_dir, plan.total_steps, plan.precision, plan.device
    )
    model = prepared.classifier.model
    if plan.spec.compile and (refused := compile_for(model, plan.device)):
        plan.context.note(refused, warning=True)
    trainer = TextTrainer(
        model,
        prepared.classifier.tokenizer,
        arguments,
        plan.spec,
        prepared.train,
        plan.examples.train.classes,
        class_weights(plan.spec.class_weights, plan.examples),
        _evaluation(plan, prepared.validation, pace),
        _lowered(plan),
        plan.team,
    )
    trainer.add_callback(
        Reporter(plan.context, plan.spec, trainer.sampler, pace, len(prepared.validation), plan.total_steps, plan.team)
    )
    try:
        probed = None
        if checkpoint is None:
            if plan.team.first:
                probed = _probed(plan, prepared, trainer)
            trainer.rows_at_once = plan.team.same(probed.rows if probed else 0)
        elif checkpoint.rows_at_once:
            trainer.rows_at_once = checkpoint.rows_at_once
        _announce(plan, prepared, checkpoint, probed)
        trainer.train(resume_from_checkpoint=str(checkpoint.path) if checkpoint else None)
    except (RuntimeError, OSError, MemoryError, SafetensorError) as error:
        folder = plan.context.job.checkpoints_dir
        if disk_full(error):
            drop_part(folder, trainer.state.global_step)
        reason = explained(error, trainer.rows_at_once, longest(prepared.train), str(folder))
        if reason is None:
            raise
        raise reason from error
    timing = timing_of(pace, prepared.train, model, probed)
    return Fitted(pace.mean_examples_per_second, timing)


def _probed(plan: Plan, prepared: Prepared, trainer: TextTrainer) -> Probe:
    plan.context.progress("trying the longest batch", 0)

    def lowered(before: int, rows: int, why: str) -> None:
        trainer.rows_at_once = rows
        _tell_lowered(plan, rows, why if "GB" in why else f"{why} with {before} {_at_once(plan)} at once")

    spec = plan.spec
    texts, share = as_rows(prepared.train, plan.rows_a_step_here)
    rows = min(longest_rows(spec, texts, plan.device), share)
    probed = probe(trainer.model, texts, rows, share, plan.precision, lowered, plan.context.place.here)
    note_probe(plan.context.job.path, probed)
    return msgspec.structs.replace(probed, rows=probed.rows if probed.rows < rows else spec.batch_size)


def _announce(plan: Plan, prepared: Prepared, checkpoint: Checkpoint | None, probed: Probe | None) -> None:
    count = len(plan.names)
    truncated = prepared.train.truncated / len(prepared.train)
    windows = len(prepared.train.windows) if isinstance(prepared.train, WindowedTexts) else 0
    plan.context.emit(
        TrainingBegan(
            classes=plan.names,
            train_rows=len(prepared.train),
            eval_rows=len(prepared.validation),
            total_steps=plan.total_steps,
            epochs=plan.total_steps / plan.steps_per_epoch if plan.spec.steps else plan.spec.epochs,
            batch_size=plan.spec.rows_a_step,
            max_length=prepared.max_length,
            precision=plan.precision,
            truncated=truncated,
            windows=windows,
            train_counts=tuple(np.bincount(plan.examples.train.classes, minlength=count).tolist()),
            eval_counts=tuple(np.bincount(plan.examples.validation.classes, minlength=count).tolist()),
            majority_accuracy=plan.majority.accuracy,
            majority_macro_f1=plan.majority.macro_f1,
            first_step=checkpoint.step if checkpoint else 0,
            step_seconds=probed.step_seconds if probed else 0.0,
            peak_memory=probed.peak_bytes if probed else 0,
        )
    )
    if checkpoint is not None:
        plan.context.note(f"resumed at step {checkpoint.step} of {plan.total_steps}")
        return
    weights = class_weights(plan.spec.class_weights, plan.examples)
    if weights is not None:
        plan.context.note(f"a row counts by its class: {told_weights(weights, plan.names)}")
        if plan.spec.balanced_sampler:
            plan.context.note(
                "class_weights and balanced_sampler both make up for rare classes: together they overdo it",
                warning=True,
            )
    if isinstance(prepared.train, WindowedTexts):
        plan.context.note(prepared.train.told(prepared.max_length))
        cut = trainable.unread(truncated, plan.spec.max_windows, prepared.max_length)
    else:
        cut = trainable.truncated(truncated, prepared.max_length)
    if cut:
        plan.context.note(cut.text, warning=True)


def _lowered(plan: Plan) -> Callable[[TextTrainer, int], None]:
    def lowered(trainer: TextTrainer, before: int) -> None:
        step = trainer.state.global_step + 1
        why = f"out of memory with {before} {_at_once(plan)} at once at step {step}"
        _tell_lowered(plan, trainer.rows_at_once, why, step)

    return lowered


def _tell_lowered(plan: Plan, rows: int, why: str, step: int = 1) -> None:
    whole, count = plan.spec.rows_a_step, plan.team.place.count
    # A text may have any number of windows, so it can't be told into how many parts a step falls.
    windows = plan.spec.long_texts == "windows"
    parts = f"{rows} at once" if windows else f"{rows} × {math.ceil(plan.rows_a_step_here / rows)}"
    parts += f" on each of {count} devices" if count > 1 else ""
    plan.context.note(f"{why}: goes on with {parts}, a step still learns from {whole} rows", warning=True)
    if plan.team.first:
        note_smaller_portions(plan.context.job.path, step, rows)


def _evaluation(plan: Plan, texts: Texts, pace: Pace) -> Callable[[TextTrainer], Scored]:
    classes = plan.examples.validation.classes

    def evaluated(trainer: TextTrainer) -> Scored:
        began = time.monotonic()
        step = trainer.state.global_step
        # A long one is not waited for when the run is to stop: Reporter wrote a checkpoint just before it.
        patience = 0.0 if pace.evaluation_expected(len(texts)) > LONG_EVALUATION else math.inf
        told = telling(plan.context, "measuring on validation", len(texts), patience)
        with plan.team.whole_machine(), merged(trainer.model):
            scored = score(trainer.model, texts, classes, plan.names, plan.precision, told)
        pace.evaluation_took(time.monotonic() - began)
        if not np.isfinite(scored.loss):
            raise diverged("validation loss", scored.loss, step, plan.spec)
        plan.context.emit(
            Evaluated(
                step=step,
                epoch=step / plan.steps_per_epoch,
                split="validation",
                loss=scored.loss,
                accuracy=scored.figures.accuracy,
                macro_f1=scored.figures.macro_f1,
                per_class=scored.figures.per_class,
                confusion=scored.figures.confusion,
                best=_is_best(plan, trainer.state.best_metric, scored),
            )
        )
        return scored

    return evaluated


def _at_once(plan: Plan) -> str:
    return "windows" if plan.spec.long_texts == "windows" else "rows"


def _is_best(plan: Plan, best: float | None, scored: Scored) -> bool:
    if plan.spec.metric == "loss":
        return best is None or scored.loss < best
    value = scored.figures.macro_f1 if plan.spec.metric == "macro_f1" else scored.figures.accuracy
    return best is None or value > best
