"""How quickly the Train screen answers keys while a training run uses all cores.

    python -m tests.bench.bench_train_keys [--keys 200]

Starts a real run of the bundled model on the sample, waits until it steps, and opens the real program in a
pseudo-terminal of 80×24 and then of 140×45 cells. Each key is timed from the write to the terminal until something
that only its answer prints has come back. Status 1 where the 95th percentile is above 100 ms at either size.

Escape is told apart and has no bar: a terminal sends the same byte at the beginning of other keys, and Textual waits
100 ms for what may follow it.
"""

import argparse
import itertools
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

import psutil

from tests.bench.bench_scale import Figures, Tapped, p95
from tlworkbench import paths
from tlworkbench.jobs.folder import JobFolder, create_job
from tlworkbench.jobs.follow import follow_events, read_run
from tlworkbench.jobs.launch import launch
from tlworkbench.jobs.queue import submit
from tlworkbench.jobs.spec import ImportSpec, TrainSpec
from tlworkbench.jobs.stop import force_stop
from tlworkbench.workspace import open_workspace

BAR = 100.0
SIZES = ((80, 24), (140, 45))
PROGRAM = "import sys; from tlworkbench.cli import main; main(['-w', 'messages'])"
ESCAPE = "esc"
ANSWERS = (
    ("l", "Log "),
    ("l", "Runs"),
    ("c", "Config "),
    ("\x1b", "Runs"),
    ("?", "Keys"),
    ("\x1b", "Runs"),
    ("x", "Stop"),
    ("\x1b", "Runs"),
)
"""Keys in turn, each with what its answer prints; what a run prints by itself while it steps has none of these."""


def main() -> int:
    """Start the run, type, judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keys", type=int, default=200)
    options = parser.parse_args()
    figures = Figures()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["TLWORKBENCH_HOME"] = folder
        workspace = open_workspace("messages", create=True)
        rows = create_job(workspace.jobs_dir, ImportSpec(source=str(paths.sample_file("messages.csv"))))
        launch(rows)
        follow_events(rows, lambda _: None)
        workspace.update(model="bundled", where={"screen": "train"})
        job = submit(workspace.jobs_dir, TrainSpec(model="bundled", epochs=10_000, early_stopping=0), "messages")
        try:
            while read_run(job).last_step < 5:
                time.sleep(0.2)
            for columns, lines in SIZES:
                type_at(figures, Path(folder), job, columns, lines, options.keys)
        finally:
            force_stop(job)
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    return 1 if figures.missed else 0


def type_at(figures: Figures, home: Path, job: JobFolder, columns: int, lines: int, count: int) -> None:
    """Type so many keys into a screen of this size."""
    terminal = Tapped([sys.executable, "-c", PROGRAM], home, columns, lines)
    # The run's figures are there, so all that the start has to do is done.
    terminal.seen("ex/s")
    time.sleep(2)
    engine, before = psutil.Process(job.state().pid), read_run(job).last_step
    engine.cpu_percent()
    by_key: dict[str, list[float]] = {}
    for key, expected in itertools.islice(itertools.cycle(ANSWERS), count):
        since, began = terminal.mark(), time.monotonic()
        terminal.press(key)
        name = f"{key} {expected}".strip().replace("\x1b", ESCAPE)
        by_key.setdefault(name, []).append(terminal.seen(expected, since) - began)
        # What is left of the same picture must not be taken for the next answer.
        time.sleep(0.3)
    busy = engine.cpu_percent() / (os.cpu_count() or 1)
    stepped = read_run(job).last_step - before
    terminal.close()
    size = f"{columns}×{lines}"
    answers = [each for name, times in by_key.items() if not name.startswith(ESCAPE) for each in times]
    escapes = [each for name, times in by_key.items() if name.startswith(ESCAPE) for each in times]
    figures.tell(f"{size}: a key while training, p95 of {len(answers)}", 1000 * p95(answers), "ms", BAR)
    figures.tell(f"{size}: median", 1000 * statistics.median(answers), "ms")
    figures.tell(f"{size}: escape, p95 of {len(escapes)}", 1000 * p95(escapes), "ms")
    medians = (f"{key} {1000 * statistics.median(times):.0f}" for key, times in by_key.items())
    print(f"  medians by key and answer, ms: {', '.join(medians)}")
    print(f"  meanwhile the run made {stepped} steps and used {busy:.0f} % of all cores")


if __name__ == "__main__":
    sys.exit(main())
