"""Macro-F1 against a plain `Trainer` script with the same budget: rows, epochs, batch size, learning rate, length.

    python -m tests.bench.bench_budget tweets FOLDER [--seeds 7 8 9]
    python -m tests.bench.bench_budget reviews FOLDER

`tweets`: 6 000 rows, 3 epochs, measured on 3 000 rows of test.csv; FOLDER also holds train.csv and validation.csv.
`reviews`: the rows of train.csv less the fifth that this program cuts off for validation (the script learns from the
same four fifths), 3 epochs, measured on all of test.csv. All files have the columns text and label.

Status 1 where the mean over the seeds is more than 0.3 points below that of the script. Figures don't depend on what
else the machine does; `--only` runs one side.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

import msgspec

from tests.bench.training_sides import Budget, Side, make_workspace, measure

POINTS = 0.3
BUDGETS = {
    "tweets": (("train", "validation", "test"), Budget(rows=6000, epochs=3, test_rows=3000)),
    "reviews": (("train", "test"), Budget(rows=0, epochs=3, test_rows=1000)),
}


def main() -> int:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", choices=BUDGETS)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seeds", type=int, nargs="+", default=[7, 8, 9])
    parser.add_argument("--only", choices=["ours", "plain"])
    parser.add_argument("--set", action="append", default=[], metavar="K=V", help="other settings for our run")
    options = parser.parse_args()
    splits, budget = BUDGETS[options.name]
    sides: tuple[Side, ...] = (options.only,) if options.only else ("plain", "ours")
    found: dict[Side, list[float]] = {side: [] for side in sides}
    with tempfile.TemporaryDirectory() as folder:
        os.environ["TLWORKBENCH_HOME"] = f"{folder}/home"
        files = {split: options.folder / f"{split}.csv" for split in splits}
        workspace = make_workspace(Path(folder) / "workspace", files)
        for seed in options.seeds:
            for side in sides:
                began = time.monotonic()
                given = tuple(options.set)
                figures = measure(side, workspace, msgspec.structs.replace(budget, seed=seed, settings=given))
                found[side].append(figures["macro-F1"])
                seconds = time.monotonic() - began
                shown = "  ".join(f"{name} {value:.4g}" for name, value in figures.items())
                print(f"{side:<6} seed {seed}  {shown}  whole process {seconds:.0f} s", flush=True)
    means = {side: 100 * statistics.fmean(values) for side, values in found.items()}
    print("macro-F1, mean of seeds: " + ", ".join(f"{side} {value:.2f}" for side, value in means.items()))
    if len(means) < 2:
        return 0
    points = means["ours"] - means["plain"]
    print(f"ours is {points:+.2f} points beside the script (at least -{POINTS})")
    return 0 if points >= -POINTS else 1


if __name__ == "__main__":
    sys.exit(main())
