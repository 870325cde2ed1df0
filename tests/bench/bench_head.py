"""The `head` strategy: how long a run takes the first time and after some rows were relabelled, and what it is worth.

    python tests/bench/bench_head.py TRAIN.csv VALIDATION.csv [--rows 5000] [--eval-rows 2000] [--edits 100]

The files have the columns text and label. Each run is a process of its own, as the command starts it; seconds are
counted from the start of that process. The first one computes every feature, the others find them. Status 1 where the
first takes more than 60 seconds or one after relabelling more than 3.
"""

import argparse
import csv
import os
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import msgspec

from tlworkbench.data.rows_writer import write_rows
from tlworkbench.jobs.folder import JobFolder, create_job
from tlworkbench.jobs.follow import follow_events, read_run
from tlworkbench.jobs.launch import launch
from tlworkbench.jobs.spec import TrainSpec
from tlworkbench.workspace import Workspace, open_workspace

FIRST_SECONDS = 60.0
AGAIN_SECONDS = 3.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("train", type=Path)
    parser.add_argument("validation", type=Path)
    parser.add_argument("--rows", type=int, default=5000)
    parser.add_argument("--eval-rows", type=int, default=2000)
    parser.add_argument("--edits", type=int, default=100)
    parser.add_argument("--model", default="bundled")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ.setdefault("TLWORKBENCH_HOME", f"{folder}/home")
        workspace = open_workspace(f"{folder}/tweets", create=True)
        splits = {"train": (options.train, options.rows), "validation": (options.validation, options.eval_rows)}
        write_rows(workspace.rows_file, {name: read(*of) for name, of in splits.items()}, validation=0.2)
        first, _ = run(workspace, options.model, "first time")
        relabel(workspace, options.edits)
        again, _ = run(workspace, options.model, f"after {options.edits} relabelled rows")
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    if first > FIRST_SECONDS or again > AGAIN_SECONDS:
        print(f"missed: at most {FIRST_SECONDS:g} s the first time and {AGAIN_SECONDS:g} s again")
        sys.exit(1)


def read(path: Path, count: int) -> dict[str, list[str]]:
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    random.Random(1).shuffle(rows)
    return {name: [row[name] for row in rows[:count]] for name in ("text", "label")}


def run(workspace: Workspace, model: str, what: str) -> tuple[float, dict[str, Any]]:
    spec = TrainSpec(model=model, strategy="head", journal_version=workspace.journal().version)
    began = time.monotonic()
    job: JobFolder = create_job(workspace.jobs_dir, spec)
    launch(job)
    follow_events(job, lambda _: None)
    seconds = time.monotonic() - began
    state = read_run(job)
    result = state.result or {}
    if state.status != "done":
        sys.exit(f"{what}: {state.status}, {state.what}")
    print(
        f"{what}: {seconds:.1f} s, {result['features_computed']} features computed at "
        f"{result['examples_per_second']:g} a second, penalty {result['penalty']:g}, "
        f"macro-F1 {result['best']['macro_f1']:.4f}, accuracy {result['best']['accuracy']:.4f}",
        flush=True,
    )
    return seconds, msgspec.to_builtins(result)


def relabel(workspace: Workspace, count: int) -> None:
    rows = workspace.rows()
    journal = workspace.journal(rows)
    labels = list(workspace.labelling().label_set.labels)
    journal.set_label([int(key) for key in rows.keys[:count]], labels[0].id, means="bulk")


if __name__ == "__main__":
    main()
