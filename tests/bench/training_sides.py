"""The sides that the training benchmarks compare, each a process of its own on the rows of one workspace.

`ours` is a run of this program. `plain` is the script a practitioner writes: `transformers.Trainer` with dynamic
padding, `group_by_length`, fp32. `tutorial` is the one of the usual tutorials: every text padded to 512 tokens, batches
of 8, fp32. All draw the same rows by the same seed, train with the same learning rate and are measured on the same
test rows.

    python -m tests.bench.training_sides SIDE WORKSPACE BUDGET-AS-JSON

prints the figures as one JSON object; the benchmarks call it so.
"""

import csv
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import msgspec

from tlworkbench.data.examples import Examples, examples
from tlworkbench.data.rows_writer import write_rows
from tlworkbench.jobs.spec import EvaluateSpec, TrainSpec
from tlworkbench.jobs.spec_text import with_settings
from tlworkbench.workspace import Workspace, open_workspace

Side = Literal["ours", "plain", "tutorial"]
Figures = dict[str, float]


class Budget(msgspec.Struct, frozen=True, kw_only=True):
    """What a side may spend."""

    rows: int
    """Training rows, drawn by seed."""
    test_rows: int
    """Rows of the split `test` it is measured on; 0 measures nothing."""
    seed: int = 7
    epochs: float = 1.0
    steps: int = 0
    """Ends after so many steps; 0 goes by epochs."""
    batch_size: int = 32
    learning_rate: float = TrainSpec(model="").learning_rate
    max_length: int = 256
    model: str = "bundled"
    settings: tuple[str, ...] = ()
    """Further settings of our run, each `key=value`."""


def make_workspace(root: Path, files: dict[str, Path], validation: float = 0.2) -> Workspace:
    """A workspace with the rows of CSV files by split (columns text and label), shuffled by a fixed seed."""
    workspace = open_workspace(str(root), create=True)
    write_rows(workspace.rows_file, {split: _read(path) for split, path in files.items()}, validation=validation)
    return workspace


def _read(path: Path) -> dict[str, list[str]]:
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    random.Random(1).shuffle(rows)
    return {name: [row[name] for row in rows] for name in ("text", "label")}


def measure(side: Side, workspace: Workspace, budget: Budget) -> Figures:
    """Run a side to its end and return its figures: examples/s, macro-F1 and accuracy where it was measured."""
    # As jobs.launch starts a run; a script has what the shell gives it.
    waiting = {"OMP_WAIT_POLICY": "PASSIVE"} if side == "ours" else {}
    given = (side, str(workspace.root), msgspec.json.encode(budget).decode())
    child = [sys.executable, "-m", "tests.bench.training_sides", *given]
    printed = subprocess.run(child, stdout=subprocess.PIPE, text=True, check=True, env={**os.environ, **waiting})
    figures: Figures = msgspec.json.decode(printed.stdout.splitlines()[-1], type=dict[str, float])
    return figures


def ours(workspace: Workspace, budget: Budget) -> Figures:
    """A run as `tlworkbench train` does it, and the `evaluate` after it."""
    from tlworkbench.engine import evaluate, train
    from tlworkbench.engine.context import JobContext
    from tlworkbench.jobs.folder import create_job

    spec = TrainSpec(
        model=budget.model,
        max_train_rows=budget.rows,
        max_eval_rows=500,
        seed=budget.seed,
        epochs=budget.epochs,
        steps=budget.steps,
        batch_size=budget.batch_size,
        learning_rate=budget.learning_rate,
        max_length=budget.max_length,
    )
    spec = with_settings(spec, budget.settings)
    context = JobContext(create_job(workspace.jobs_dir, spec))
    result = train.run(context, spec).result
    figures = {"examples/s": float(result["examples_per_second"])}
    if budget.test_rows:
        test = EvaluateSpec(model=context.job.run, split="test", max_rows=budget.test_rows)
        measured = evaluate.run(JobContext(create_job(workspace.jobs_dir, test)), test).result
        figures |= {"macro-F1": measured["macro_f1"], "accuracy": measured["accuracy"]}
    return figures


def plain(workspace: Workspace, budget: Budget) -> Figures:
    """`Trainer` with dynamic padding and batches of like length."""
    return _script(workspace, budget, padding=False, grouping="group_by_length")


def tutorial(workspace: Workspace, budget: Budget) -> Figures:
    """`Trainer` on texts padded to 512 tokens."""
    of_it = msgspec.structs.replace(budget, batch_size=8, max_length=512)
    return _script(workspace, of_it, padding="max_length", grouping="random")


def _script(workspace: Workspace, budget: Budget, padding: str | bool, grouping: str) -> Figures:
    import numpy as np
    import torch
    from datasets import Dataset
    from sklearn.metrics import accuracy_score, f1_score
    from transformers import (
        AutoModelForSequenceClassification,
        AutoTokenizer,
        DataCollatorWithPadding,
        Trainer,
        TrainingArguments,
        set_seed,
    )

    from tlworkbench.catalog.resolve import resolve_model

    rows, labelling = workspace.rows(), workspace.labelling()
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    set_seed(budget.seed)
    folder = resolve_model(budget.model, None)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForSequenceClassification.from_pretrained(folder, num_labels=len(labelling.label_set.names))

    def dataset(drawn: Examples) -> Any:
        texts = Dataset.from_dict({"text": rows.texts(drawn.indices.tolist()), "label": drawn.classes})
        return texts.map(
            lambda some: tokenizer(some["text"], truncation=True, max_length=budget.max_length, padding=padding),
            batched=True,
        )

    arguments = TrainingArguments(
        output_dir=str(workspace.root / "script"),
        num_train_epochs=budget.epochs,
        max_steps=budget.steps or -1,
        per_device_train_batch_size=budget.batch_size,
        per_device_eval_batch_size=64,
        learning_rate=budget.learning_rate,
        train_sampling_strategy=grouping,
        use_cpu=not torch.cuda.is_available(),
        report_to="none",
        disable_tqdm=True,
        save_strategy="no",
        seed=budget.seed,
    )
    train = dataset(examples(rows, labelling, "train", budget.rows, budget.seed))
    trainer = Trainer(
        model=model, args=arguments, train_dataset=train, data_collator=DataCollatorWithPadding(tokenizer)
    )
    began = time.monotonic()
    trainer.train()
    learned = min(budget.steps * budget.batch_size, len(train)) if budget.steps else len(train) * budget.epochs
    figures = {"examples/s": learned / (time.monotonic() - began)}
    if budget.test_rows:
        output = trainer.predict(dataset(examples(rows, labelling, "test", budget.test_rows)))
        answers = np.argmax(np.asarray(output.predictions), axis=1)
        figures["macro-F1"] = float(f1_score(output.label_ids, answers, average="macro"))
        figures["accuracy"] = float(accuracy_score(output.label_ids, answers))
    return figures


SIDES: dict[Side, Callable[[Workspace, Budget], Figures]] = {"ours": ours, "plain": plain, "tutorial": tutorial}


if __name__ == "__main__":
    _name, _root, _budget = sys.argv[1:]
    _figures = SIDES[_name](open_workspace(_root), msgspec.json.decode(_budget, type=Budget))  # type: ignore[index]
    print(msgspec.json.encode(_figures).decode())
