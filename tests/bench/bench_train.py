"""Training speed and quality against a plain `transformers.Trainer` script, on the same rows, one after the other.

    python tests/bench/bench_train.py FOLDER [--rows 4000] [--test-rows 3000] [--model bundled] [--set k=v …]

FOLDER holds train.csv, validation.csv and test.csv with the columns text and label. The plain script pads
dynamically, batch 32, learning rate 5e-5, everything else as `Trainer` has it. Both learn `--rows` rows for one epoch.
"""

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tlworkbench.catalog.resolve import resolve_model
from tlworkbench.data.examples import examples
from tlworkbench.data.rows_writer import write_rows
from tlworkbench.engine.context import JobContext
from tlworkbench.jobs.events import Event
from tlworkbench.jobs.folder import create_job
from tlworkbench.jobs.spec import EvaluateSpec, TrainSpec, with_settings
from tlworkbench.workspace import Workspace, open_workspace

SPLITS = ("train", "validation", "test")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rows", type=int, default=4000)
    parser.add_argument("--test-rows", type=int, default=3000)
    parser.add_argument("--model", default="bundled")
    parser.add_argument("--set", action="append", default=[], metavar="K=V", help="other settings for our run")
    parser.add_argument("--only", choices=["ours", "plain"])
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        print(json.dumps({"ours": ours, "plain": plain}[options.only](options.child, options)))
        return
    with tempfile.TemporaryDirectory() as folder:
        workspace = open_workspace(f"{folder}/workspace", create=True)
        write_rows(workspace.rows_file, {split: read(options.folder / f"{split}.csv") for split in SPLITS})
        for name in [options.only] if options.only else ["plain", "ours"]:
            child = [sys.executable, __file__, *sys.argv[1:], "--only", name, "--child", str(workspace.root)]
            began = time.monotonic()
            # As jobs.launch starts a run; a script has what the shell gives it.
            waiting = {"OMP_WAIT_POLICY": "PASSIVE"} if name == "ours" else {}
            printed = subprocess.run(
                child, stdout=subprocess.PIPE, text=True, check=True, env={**os.environ, **waiting}
            ).stdout
            figures = json.loads(printed.splitlines()[-1])
            shown = "  ".join(f"{key} {value:.4g}" for key, value in figures.items())
            print(f"{name:6} {shown}  whole process {time.monotonic() - began:.0f} s", flush=True)
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")


def read(path: Path) -> dict[str, list[str]]:
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return {name: [row[name] for row in rows] for name in ("text", "label")}


def ours(root: Path, options: Any) -> dict[str, float]:
    from tlworkbench.engine import evaluate, train

    workspace = open_workspace(str(root))
    given = (f"model={options.model}", f"max_train_rows={options.rows}", "max_eval_rows=500", "epochs=1", *options.set)
    spec = with_settings(TrainSpec(model=""), given)
    context = _Timed(workspace, spec)
    trained = train.run(context, spec).result
    began = time.monotonic()
    test = EvaluateSpec(model=context.job.run, split="test", max_rows=options.test_rows)
    measured = evaluate.run(JobContext(create_job(workspace.jobs_dir, test)), test).result
    seconds = options.rows * spec.epochs / trained["examples_per_second"]
    return {
        "examples/s": trained["examples_per_second"],
        "macro-F1": measured["macro_f1"],
        "accuracy": measured["accuracy"],
        "evaluated/s": options.test_rows / (time.monotonic() - began),
        "events": context.count,
        "events' share %": 100 * context.seconds / seconds,
    }


class _Timed(JobContext):
    """Measures what telling costs."""

    def __init__(self, workspace: Workspace, spec: TrainSpec) -> None:
        super().__init__(create_job(workspace.jobs_dir, spec))
        self.seconds = 0.0
        self.count = 0

    def emit(self, event: Event) -> None:
        began = time.perf_counter()
        super().emit(event)
        self.seconds += time.perf_counter() - began
        self.count += 1


def plain(root: Path, options: Any) -> dict[str, float]:
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
    )

    workspace = open_workspace(str(root))
    rows, labelling = workspace.rows(), workspace.labelling()
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    torch.manual_seed(7)
    folder = resolve_model(options.model, None)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForSequenceClassification.from_pretrained(folder, num_labels=len(labelling.label_set.names))

    def dataset(split: str, count: int) -> Any:
        drawn = examples(rows, labelling, split, count)
        texts = Dataset.from_dict({"text": rows.texts(drawn.indices.tolist()), "label": drawn.classes})
        return texts.map(lambda batch: tokenizer(batch["text"], truncation=True, max_length=256), batched=True)

    arguments = TrainingArguments(
        output_dir=str(root / "plain"),
        num_train_epochs=1,
        per_device_train_batch_size=32,
        per_device_eval_batch_size=64,
        learning_rate=5e-5,
        use_cpu=not torch.cuda.is_available(),
        report_to="none",
        disable_tqdm=True,
        save_strategy="no",
        seed=7,
    )
    train, test = dataset("train", options.rows), dataset("test", options.test_rows)
    trainer = Trainer(
        model=model, args=arguments, train_dataset=train, data_collator=DataCollatorWithPadding(tokenizer)
    )
    began = time.monotonic()
    trainer.train()
    trained = time.monotonic()
    output = trainer.predict(test)
    answers = np.argmax(np.asarray(output.predictions), axis=1)
    return {
        "examples/s": options.rows / (trained - began),
        "macro-F1": float(f1_score(output.label_ids, answers, average="macro")),
        "accuracy": float(accuracy_score(output.label_ids, answers)),
        "evaluated/s": options.test_rows / (time.monotonic() - trained),
    }


if __name__ == "__main__":
    main()
