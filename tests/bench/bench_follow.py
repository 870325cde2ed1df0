"""A run that outlives its screen: what it costs to come back to it, and what it costs the run to be watched.

    python -m tests.bench.bench_follow [--steps 100000] [--windows 8] [--seconds 4]

Starts a run whose process keeps all cores busy and tells of a step five times a second, as a training run does, after
a past of STEPS steps. Then:

1. The screen that watches is ended by `kill -9`, the next one by hanging up its terminal: the run must go on.
2. Re-attaching: from the start of the program until the curve's last step shows, less the same with a run of ten
   steps. At most 1 s.
3. Watching: the run's work in turns with a screen that watches and one that is halted (SIGSTOP), medians over the
   windows; and the processor time that screen takes. At most 1 % of all cores.

Exit status 1 when a bar is missed. The machine should have nothing else to do: seconds are those of the wall, and the
run's own work is compared with a noise that is printed beside it.
"""

import argparse
import os
import re
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from tests.tui.terminal import Terminal
from tlworkbench.engine.machine import usable_cores
from tlworkbench.jobs import launch
from tlworkbench.jobs.folder import JobFolder
from tlworkbench.jobs.follow import LIVELY_SECONDS, read_run
from tlworkbench.jobs.queue import submit
from tlworkbench.jobs.spec import TrainSpec
from tlworkbench.workspace import open_workspace

ATTACH_SECONDS = 1.0
COST_SHARE = 0.01

ENGINE = """
import sys, time
from pathlib import Path
import numpy as np
from tlworkbench.engine.context import JobContext
from tlworkbench.engine.machine import lower_priority
from tlworkbench.jobs.events import Finished, Gauge, Started, Step, TrainingBegan, encode
from tlworkbench.jobs.folder import open_job
context = JobContext(open_job(Path(sys.argv[-1])), own_process=True)
past = int(sys.argv[1])
lower_priority()
context.emit(Started(kind="train", pid=1, device="a bench"))
context.emit(TrainingBegan(classes=("a", "b"), train_rows=80, eval_rows=20, total_steps=2 * past, epochs=2,
                           batch_size=8, max_length=64, precision="fp32"))
def step(number, speed):
    return Step(step=number, epoch=number / past, loss=1 + 1 / number, learning_rate=1e-4, grad_norm=1.2345,
                examples_per_second=speed, seconds_left=100.0)
with context.job.events_file.open("ab") as events:
    events.write(b"".join(encode(step(number, 71.25)) for number in range(1, past + 1)))
number, matrix = past, np.ones((512, 512), np.float32)
work, told = 0, time.monotonic()
(context.job.path / "ready").touch()
while not context.stop_requested:
    matrix @ matrix
    work += 1
    if time.monotonic() - told >= 0.2:
        told = time.monotonic()
        number += 1
        context.emit(step(number, float(work)))
context.finish(Finished(status="stopped", what=f"stopped at step {number}"))
"""
PROGRAM = """
import sys
from tlworkbench.cli import main
main(["-w", sys.argv[1]])
"""


def until(condition: Callable[[], object], seconds: float = 60) -> None:
    """Wait for a condition."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            sys.exit("it did not come true in time")
        time.sleep(0.01)


def main() -> int:
    """Make the runs, measure, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=100_000)
    parser.add_argument("--windows", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=4.0)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["TLWORKBENCH_HOME"] = folder
        engine = Path(folder) / "engine.py"
        engine.write_text(ENGINE)
        past = arguments.steps
        short, long = started(engine, "short", 10), started(engine, "long", past)
        # It only has to look like a run.
        os.kill(short.state().pid, signal.SIGSTOP)
        try:
            good = survives(long, past)
            good &= attaches(short, long, past)
            return 0 if good & watched(long, past, arguments.windows, arguments.seconds) else 1
        finally:
            for job in (short, long):
                end_by_force(job)


def started(engine: Path, name: str, steps: int) -> JobFolder:
    """A run in a workspace of that name, with so many steps behind it."""
    launch.ENGINE_COMMAND = (sys.executable, str(engine), str(steps))
    workspace = open_workspace(name, create=True)
    workspace.update(model="bundled", where={"screen": "train"})
    job = submit(workspace.jobs_dir, TrainSpec(model="bundled"), "bench")
    until(lambda: (job.path / "ready").exists())
    return job


def screen(name: str) -> Terminal:
    """The program on that workspace, in a terminal of its own."""
    return Terminal([sys.executable, "-c", PROGRAM, name], os.environ)


def whole(job: JobFolder, past: int) -> Callable[[str], object]:
    """Whether a screen's text holds the run's curve up to its last step: the frame tells of that one."""

    def shows(text: str) -> bool:
        found = re.search(r"step ([\d ]+?) +─ train", text)
        return found is not None and int(found[1].replace(" ", "")) >= past and job.run in text

    return shows


def survives(job: JobFolder, past: int) -> bool:
    """End two screens in a rude way, and see whether steps go on."""
    good = True
    for name, end in (("kill -9", Terminal.kill), ("hang-up", Terminal.hang_up)):
        terminal = screen("long")
        terminal.until(whole(job, past))
        end(terminal)
        terminal.process.wait(20)
        before = read_run(job).last_step
        time.sleep(2)
        made = read_run(job).last_step - before
        print(f"{name:<12} of the screen: {made} reports of steps in the 2 s after it")
        good &= made >= 5
    return good


def attach(name: str, job: JobFolder, past: int) -> float:
    """Seconds from the start of the program to the whole curve."""
    began = time.perf_counter()
    terminal = screen(name)
    terminal.until(whole(job, past))
    took = time.perf_counter() - began
    terminal.close()
    return took


def attaches(short: JobFolder, long: JobFolder, past: int) -> bool:
    """Both in turn, three times."""
    pairs = [(attach("short", short, 10), attach("long", long, past)) for _ in range(3)]
    # The quickest of each: what else the machine does only adds.
    few, many = (min(column) for column in zip(*pairs, strict=True))
    began = time.perf_counter()
    read_run(long)
    read = time.perf_counter() - began
    more = many - few
    print(f"re-attach: {many:.2f} s with {past} steps, {few:.2f} s with ten: {more:+.2f} s (at most {ATTACH_SECONDS})")
    print(f"           of it {read:.2f} s to read and fold {long.events_file.stat().st_size / 1e6:.0f} MB of events")
    return bool(more <= ATTACH_SECONDS)


def watched(job: JobFolder, past: int, windows: int, seconds: float) -> bool:
    """The run's work with a screen that watches, and with one that is halted."""
    terminal = screen("long")
    terminal.until(whole(job, past))
    # At first it looks more often, as whoever has just come wants to see.
    time.sleep(LIVELY_SECONDS)
    process = psutil.Process(terminal.process.pid)
    speeds: dict[bool, list[float]] = {True: [], False: []}
    shares = []
    for turn in range(2 * windows):
        watching = turn % 2 == 0
        process.send_signal(signal.SIGCONT if watching else signal.SIGSTOP)
        time.sleep(0.5)
        used, first, began = sum(process.cpu_times()[:2]), read_run(job).steps[-1], time.monotonic()
        time.sleep(seconds)
        last = read_run(job).steps[-1]
        speeds[watching].append((last.examples_per_second - first.examples_per_second) / (last.at - first.at))
        if watching:
            shares.append((sum(process.cpu_times()[:2]) - used) / (time.monotonic() - began))
    process.send_signal(signal.SIGCONT)
    terminal.close()
    alone, seen = statistics.median(speeds[False]), statistics.median(speeds[True])
    share = statistics.median(shares) / usable_cores()
    spread = statistics.stdev(speeds[False]) / alone
    print(
        f"the run's work: {seen:.0f} a second watched, {alone:.0f} alone: {seen / alone - 1:+.1%} (noise {spread:.1%})"
    )
    print(f"the watching screen takes {share:.2%} of {usable_cores()} cores (at most {COST_SHARE:.0%})")
    return bool(share <= COST_SHARE)


def end_by_force(job: JobFolder) -> None:
    """The run, and whatever it is halted by."""
    os.killpg(job.state().pid, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main())
