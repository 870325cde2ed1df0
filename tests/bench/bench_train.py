"""Training speed against a plain `Trainer` script and against the usual tutorial's, on the same rows, in one run.

    python -m tests.bench.bench_train FOLDER [--rows 4000] [--seeds 7 8 9] [--tutorial-steps 8] [--set k=v …]

FOLDER holds train.csv, validation.csv and test.csv with the columns text and label. `ours` and `plain` learn `--rows`
rows for one epoch, batches of 32, once for each seed, and are measured on 3 000 test rows; the tutorial's recipe, whose
speed doesn't change, takes `--tutorial-steps` steps of 8 rows. See `training_sides` for what each of them does.

Also tells which part of the processor's peak the training reaches: the floating-point operations that the model needs
for the tokens there are (padding not counted), against the quickest matrix product measured in the same run.

Status 1 where ours is less than 50 times as fast as the tutorial, less than 1.3 times as fast as the plain script, or
more than half a point of macro-F1 below it.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from tests.bench.training_sides import Budget, Figures, Side, make_workspace, measure
from tlworkbench.data.examples import examples
from tlworkbench.workspace import Workspace

TIMES_TUTORIAL, TIMES_PLAIN, POINTS = 50.0, 1.3, 0.5
TEST_ROWS = 3000


def main() -> int:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rows", type=int, default=4000)
    parser.add_argument("--seeds", type=int, nargs="+", default=[7, 8, 9])
    parser.add_argument("--tutorial-steps", type=int, default=8)
    parser.add_argument("--model", default="bundled")
    parser.add_argument("--set", action="append", default=[], metavar="K=V", help="other settings for our run")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["TLWORKBENCH_HOME"] = f"{folder}/home"
        files = {split: options.folder / f"{split}.csv" for split in ("train", "validation", "test")}
        workspace = make_workspace(Path(folder) / "workspace", files)

        def run(side: Side, seed: int, rows: int, test_rows: int, steps: int = 0) -> Figures:
            budget = Budget(
                rows=rows, test_rows=test_rows, seed=seed, steps=steps, model=options.model, settings=tuple(options.set)
            )
            began = time.monotonic()
            figures = measure(side, workspace, budget)
            shown = "  ".join(f"{name} {value:.4g}" for name, value in figures.items())
            print(f"{side:<9} seed {seed}  {shown}  whole process {time.monotonic() - began:.0f} s", flush=True)
            return figures

        tutorial = run("tutorial", options.seeds[0], 8 * options.tutorial_steps, 0, options.tutorial_steps)
        # In turns, so that what else the machine does befalls both.
        pairs = [[run(side, seed, options.rows, TEST_ROWS) for side in ("plain", "ours")] for seed in options.seeds]
        plain, ours = ([pair[place] for pair in pairs] for place in (0, 1))
        speed, plain_speed = mean(ours, "examples/s"), mean(plain, "examples/s")
        over_tutorial, over_plain = speed / tutorial["examples/s"], speed / plain_speed
        points = 100 * (mean(ours, "macro-F1") - mean(plain, "macro-F1"))
        print(f"examples/s: tutorial {tutorial['examples/s']:.2f}, plain {plain_speed:.1f}, ours {speed:.1f}")
        print(f"ours is {over_tutorial:.0f} times the tutorial (at least {TIMES_TUTORIAL:g}),")
        print(f"        {over_plain:.2f} times the plain script (at least {TIMES_PLAIN}),")
        print(f"        {points:+.2f} points of macro-F1 beside it (at least -{POINTS})")
        tell_peak(workspace, options.model, options.rows, options.seeds[0], speed)
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    return 0 if over_tutorial >= TIMES_TUTORIAL and over_plain >= TIMES_PLAIN and points >= -POINTS else 1


def mean(figures: list[Figures], name: str) -> float:
    return statistics.fmean(figure[name] for figure in figures)


def tell_peak(workspace: Workspace, model: str, rows: int, seed: int, examples_per_second: float) -> None:
    """Print the share of the measured peak that the model's own operations make."""
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    from tlworkbench.catalog.resolve import resolve_model

    torch.set_num_threads(len(os.sched_getaffinity(0)))
    drawn = examples(workspace.rows(), workspace.labelling(), "train", rows, seed)
    folder = resolve_model(model, None)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    texts = workspace.rows().texts(drawn.indices.tolist())
    lengths = [len(ids) for ids in tokenizer(texts, truncation=True, max_length=256)["input_ids"]]
    network = AutoModelForSequenceClassification.from_pretrained(folder)
    embeddings = sum(part.weight.numel() for part in network.modules() if isinstance(part, torch.nn.Embedding))
    weights = network.num_parameters() - embeddings
    config = network.config
    # Forward and backward: 6 operations a weight and token, and attention's 12 × layers × width × tokens of the text.
    attention = 12 * config.num_hidden_layers * config.hidden_size
    a_text = statistics.fmean(6 * weights * length + attention * length**2 for length in lengths)
    for name, kind in (("bf16", torch.bfloat16), ("fp32", torch.float32)):
        peak = matrix_peak(kind)
        share = a_text * examples_per_second / peak
        print(f"peak {name} {peak / 1e9:.0f} GFLOP/s, of which training's own operations take {share:.1%}")
    print(f"({statistics.fmean(lengths):.1f} tokens a text, {a_text / 1e9:.2f} GFLOP)")


def matrix_peak(kind: "torch.dtype") -> float:  # type: ignore[name-defined]  # noqa: F821
    """Operations a second of the quickest of several products of two 2048 × 2048 matrices."""
    import torch

    left, right = (torch.randn(2048, 2048).to(kind) for _ in range(2))
    quickest = float("inf")
    for _ in range(20):
        began = time.perf_counter()
        left @ right
        quickest = min(quickest, time.perf_counter() - began)
    return 2 * 2048**3 / quickest


if __name__ == "__main__":
    sys.exit(main())
