"""A stand-in for the engine, started as the real one is: `python fake_engine.py SCRIPT… JOB-FOLDER`.

Each word of the script is one thing to do: `steps:N`, `wait` (until told to stop), `deaf` (ignores SIGTERM),
`die` (leaves without a last word), `crash` (ends before its first word), `done`.
"""

import sys
import time
from pathlib import Path

from tlworkbench.engine.context import JobContext
from tlworkbench.engine.ending import after
from tlworkbench.jobs.events import Finished, Started, Step, TrainingBegan
from tlworkbench.jobs.folder import open_job


def main(script: list[str], folder: str) -> None:
    """Do what the script says in the job's folder."""
    if "crash" in script or (Path(folder) / "crash").exists():
        sys.exit("no such thing as torch")
    context = JobContext(open_job(Path(folder)), own_process="deaf" not in script)
    context.emit(Started(kind="train", pid=1, device="a fake"))
    for word in script:
        name, _, count = word.partition(":")
        if name == "steps":
            _steps(context, int(count))
        elif name == "wait":
            until = time.monotonic() + 60
            while not context.stop_requested and time.monotonic() < until:
                time.sleep(0.01)
            _end(context, Finished(status="stopped", what="stopped at step 3"))
            return
        elif name == "die":
            return
    _end(context, Finished(status="done", what="done", result={"best": {"macro_f1": 0.5}}))


def _end(context: JobContext, finished: Finished) -> None:
    context.finish(finished)
    after(context, finished)


def _steps(context: JobContext, count: int) -> None:
    context.emit(
        TrainingBegan(
            classes=("a", "b"),
            train_rows=80,
            eval_rows=20,
            total_steps=count,
            epochs=1,
            batch_size=8,
            max_length=64,
            precision="fp32",
        )
    )
    for number in range(1, count + 1):
        context.emit(Step(step=number, epoch=number / count, loss=1 / number, learning_rate=1e-4))


if __name__ == "__main__":
    main(sys.argv[1:-1], sys.argv[-1])
