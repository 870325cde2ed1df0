"""Finding flipped labels: the queue of suspects against cleanlab's own list and against chance, and how long it takes.

    python tests/bench/bench_suspects.py FILE.csv … [--rows 5000] [--model bundled] [--seed 1 …] [--edits 100]

Each file has the columns text and label. 5 % of the labels are flipped, once uniformly and once class by class (each to
the next class); each time the job is run as the command runs it. Of the first 5 % of the queue it prints precision and
recall, the same for `cleanlab.filter.find_label_issues` (as it comes, ranked by self-confidence) on the same
out-of-fold probabilities, and for a random order. Then so many rows are relabelled and the job is run again: seconds in
all, from the start of the process. Status 1 where the queue is worse than cleanlab's list, less than four times as
precise as chance, or the second run takes more than 5 seconds.
"""

import argparse
import csv
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from tlworkbench.data.embeddings import Embeddings, embeddings_folder
from tlworkbench.data.rows_writer import write_rows
from tlworkbench.data.suggestions import FILE_NAME, Suggestions
from tlworkbench.engine.context import JobContext
from tlworkbench.engine.row_vectors import RowVectors
from tlworkbench.engine.suspects import judge_which, out_of_fold
from tlworkbench.jobs.folder import create_job
from tlworkbench.jobs.follow import follow_events
from tlworkbench.jobs.launch import launch
from tlworkbench.jobs.spec import SuspectsSpec
from tlworkbench.jobs.suspects import suspects_spec
from tlworkbench.workspace import Workspace, open_workspace

SHARE = 0.05
AGAIN_SECONDS = 5.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--rows", type=int, default=5000, help="of each file, from its beginning")
    parser.add_argument("--model", default="bundled")
    parser.add_argument("--seed", type=int, nargs="+", default=[1])
    parser.add_argument("--edits", type=int, default=100)
    options = parser.parse_args()
    missed: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        # What is embedded for the first run serves all others; TLWORKBENCH_HOME keeps it beyond them.
        os.environ.setdefault("TLWORKBENCH_HOME", f"{folder}/home")
        for number, file in enumerate(options.files):
            texts, labels = read(file, options.rows)
            for kind in ("uniform", "class pair"):
                for seed in options.seed:
                    root = f"{folder}/{number}-{kind.replace(' ', '-')}-{seed}"
                    missed += measure(root, texts, labels, kind, seed, f"{file.parent.name}/{file.name}", options)
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    for line in missed:
        print(f"missed: {line}")
    sys.exit(1 if missed else 0)


def read(path: Path, rows: int) -> tuple[list[str], list[str]]:
    with path.open(newline="", encoding="utf-8") as file:
        records = list(csv.DictReader(file))[:rows]
    return [record["text"] for record in records], [record["label"] for record in records]


def flip(labels: list[str], kind: str, seed: int) -> tuple[list[str], "np.ndarray[Any, np.dtype[np.bool_]]"]:
    """Labels of which a share is another one, and which."""
    names = sorted(set(labels))
    draws = np.random.default_rng(seed)
    chosen = np.zeros(len(labels), np.bool_)
    chosen[draws.choice(len(labels), int(SHARE * len(labels)), replace=False)] = True
    by = draws.integers(1, len(names), len(labels)) if kind == "uniform" else np.ones(len(labels), np.int64)
    return [
        names[(names.index(label) + by[row]) % len(names)] if chosen[row] else label for row, label in enumerate(labels)
    ], chosen


def measure(
    root: str, texts: list[str], labels: list[str], kind: str, seed: int, shown_as: str, options: Any
) -> list[str]:
    given, flipped = flip(labels, kind, seed)
    workspace = open_workspace(root, create=True)
    write_rows(workspace.rows_file, {"train": {"text": texts, "label": given}})
    # Rows of another order than the file's would be a fault of this script.
    rows = workspace.rows()
    assert rows.text(len(rows) - 1) == texts[-1]
    first, result = run(workspace, options.model)
    found = Suggestions.open(workspace.root / FILE_NAME, rows)
    assert found is not None
    ours = queue(found, workspace)
    theirs = cleanlab_list(workspace, result["model"], found.meta.embeddings)
    many = int(SHARE * len(rows))
    figures = {name: precision_recall(order[:many], flipped) for name, order in (("ours", ours), ("cleanlab", theirs))}
    journal = workspace.journal(rows)
    for row in ours[: options.edits]:
        journal.set_label([int(rows.keys[row])], int(found.suggested[row]))
    again, _ = run(workspace, options.model)
    chance = float(flipped.mean())
    print(
        f"{shown_as} {len(rows)} rows, {kind}, seed {seed}:  "
        + "  ".join(f"{name} precision {p:.3f} recall {r:.3f}" for name, (p, r) in figures.items())
        + f"  chance {chance:.3f}  ({figures['ours'][0] / chance:.1f} ×)"
        + f"  embedded {result['embedded']} and ranked in {first:.1f} s, again {again:.1f} s",
        flush=True,
    )
    missed = []
    if figures["ours"] < figures["cleanlab"]:
        missed.append(f"{shown_as}, {kind}: cleanlab's list is better")
    if figures["ours"][0] < 4 * chance:
        missed.append(f"{shown_as}, {kind}: less than four times as precise as chance")
    if again > AGAIN_SECONDS:
        missed.append(f"{shown_as}, {kind}: again took {again:.1f} s")
    return missed


def run(workspace: Workspace, model: str) -> tuple[float, dict[str, Any]]:
    """Seconds from the launch to the end, and the job's result."""
    began = time.monotonic()
    job = create_job(workspace.jobs_dir, suspects_spec(workspace, model))
    launch(job)
    state = follow_events(job, lambda event: None)
    assert state.status == "done", f"{state.what}\n{state.hint}"
    return time.monotonic() - began, state.result or {}


def queue(found: Suggestions, workspace: Workspace) -> "np.ndarray[Any, np.dtype[np.int64]]":
    """The suspects, then the rest by suspicion."""
    first = found.open_suspects(workspace.labelling())
    rest = np.argsort(-np.nan_to_num(found.suspicion, nan=-1.0), kind="stable")
    return np.concatenate([first, rest[~np.isin(rest, first)]])


def cleanlab_list(workspace: Workspace, model: str, embeddings: str) -> "np.ndarray[Any, np.dtype[np.int64]]":
    """Row indices as `find_label_issues` orders them, from the probabilities the job had."""
    from cleanlab.filter import find_label_issues

    opened = Embeddings.open(embeddings_folder(embeddings))
    assert opened is not None
    rows, spec = workspace.rows(), SuspectsSpec(model=model)
    context = JobContext(create_job(workspace.jobs_dir, spec))
    judged = judge_which(rows, workspace.labelling(), context)
    own = out_of_fold(RowVectors(opened, rows.keys), judged, spec, context)
    context.finish(context.done("compared"))
    found = find_label_issues(judged.classes, own, return_indices_ranked_by="self_confidence", n_jobs=1)
    return np.asarray(judged.rows[found], np.int64)


def precision_recall(first: Any, flipped: Any) -> tuple[float, float]:
    hits = float(flipped[first].sum())
    return hits / max(1, len(first)), hits / float(flipped.sum())


if __name__ == "__main__":
    main()
