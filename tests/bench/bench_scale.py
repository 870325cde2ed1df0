"""A million rows: time to the first of them, memory, how quickly keys answer, and whether each lands on its row.

    python tests/bench/bench_scale.py [--rows 1000000] [--keys 2000] [--starts 3] [--folder FOLDER]

Writes a Parquet and a CSV file of `--rows` rows (some 100 characters each), opens them with the real program in a
pseudo-terminal of 140×45 cells, types into it and times what comes back. `--keys 10000` types for 200 seconds.
`--folder` keeps the files. Prints every figure with its bar; status 1 when one is missed.
"""

import argparse
import os
import random
import re
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import psutil
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from tests.tui.terminal import Terminal  # noqa: E402
from tlworkbench.jobs.folder import list_jobs  # noqa: E402
from tlworkbench.jobs.follow import read_run  # noqa: E402
from tlworkbench.jobs.stop import force_stop  # noqa: E402
from tlworkbench.workspace import Workspace, open_workspace  # noqa: E402

LABELS = ("negative", "neutral", "positive")
WORDS = """
the a to of and in is it you that he was for on are with as his they be at one have this from or by not what
all were when we there can an your which their said if do will each about how up out them then she many some
so these would other into has more her two like him see time could no make than first been its who now people
my made over did down only way find use may water long little very after words called just where most know get
through back much before go good new write our me man too any day same right look think also around another
came come work three must because does part even place well such here take why things help put years different
away again off refund order delivery broken happy support waiting battery screen update password invoice
charged twice great
"""
RATE = 50.0
"""Keys a second, faster than a person decides."""
WAIT = 120.0


class Figures:
    """What was measured, against its bars."""

    def __init__(self) -> None:
        self.missed: list[str] = []

    def tell(self, what: str, value: float, unit: str, bar: float | None = None) -> None:
        """Print a figure; `bar` is the most it may be."""
        missed = bar is not None and value > bar
        verdict = "" if bar is None else f"   bar {bar:g} {unit}   {'MISSED' if missed else 'ok'}"
        print(f"{what:<52} {value:10.3f} {unit}{verdict}", flush=True)
        if missed:
            self.missed.append(what)


class Tapped(Terminal):
    """A terminal that keeps what the program writes, with its time, and emulates nothing: that would cost CPU."""

    def __init__(self, command: Sequence[str], home: Path, columns: int = 140, lines: int = 45) -> None:
        self._written = bytearray()
        self._came = threading.Condition()
        self.began = time.monotonic()
        environment = {**os.environ, "TLWORKBENCH_HOME": str(home), "PYTHONPATH": str(ROOT)}
        super().__init__(command, environment, columns, lines)

    def mark(self) -> int:
        """How much was written so far."""
        with self._came:
            return len(self._written)

    def seen(self, pattern: str, since: int = 0, seconds: float = WAIT) -> float:
        """Seconds on the clock when something that fits came after `since`."""
        wanted = re.compile(pattern.encode())
        end = time.monotonic() + seconds
        with self._came:
            while not wanted.search(self._written, since):
                left = end - time.monotonic()
                assert left > 0 and self.process.poll() is None, f"'{pattern}' did not come"
                self._came.wait(min(left, 1.0))
        return time.monotonic()

    def _read(self) -> None:
        while True:
            try:
                chunk = os.read(self._master, 65536)
            except OSError:
                return
            if not chunk:
                return
            with self._came:
                self._written += chunk
                self._came.notify_all()


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--keys", type=int, default=2_000, help="digits typed at 50 a second")
    parser.add_argument("--starts", type=int, default=3, help="starts of which the median counts")
    parser.add_argument("--folder", type=Path, help="where the files are kept")
    options = parser.parse_args()
    figures = Figures()
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.folder or Path(scratch)
        files = {kind: generate(folder, kind, options.rows) for kind in ("parquet", "csv")}
        print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores", flush=True)
        first_rows(figures, Path(scratch), files, options.starts)
        for kind, file in files.items():
            home = Path(scratch) / f"home-{kind}"
            at_work(figures, home, kind, file, options.rows, options.keys if kind == "csv" else 0)
            if kind == "csv":
                bulk(figures, home)
    print("all bars met" if not figures.missed else f"missed: {', '.join(figures.missed)}")
    return 1 if figures.missed else 0


def generate(folder: Path, kind: str, rows: int) -> Path:
    """The file of a kind, written unless it is there."""
    path = folder / f"messages-{rows}.{kind}"
    if path.exists():
        return path
    folder.mkdir(parents=True, exist_ok=True)
    drawn, words = random.Random(7), WORDS.split()
    sentences = pa.array([" ".join(drawn.choices(words, k=drawn.randint(5, 13))) for _ in range(20_000)])
    chosen = np.random.default_rng(7)
    halves = [sentences.take(pa.array(chosen.integers(0, len(sentences), rows))) for _ in range(2)]
    numbers = pc.cast(pa.array(range(1, rows + 1)), pa.string())
    labels = pa.array(LABELS).take(pa.array(chosen.integers(0, len(LABELS), rows)))
    languages = pa.array(["en", "de", "fr"]).take(pa.array(chosen.integers(0, 3, rows)))
    texts = pc.binary_join_element_wise(pc.binary_join_element_wise("n", numbers, ""), *halves, ", ")
    table = pa.table({"text": texts, "label": labels, "language": languages})
    if kind == "csv":
        pyarrow.csv.write_csv(table, path)
    else:
        pyarrow.parquet.write_table(table, path)
    length = pc.mean(pc.utf8_length(texts)).as_py()
    print(f"{path.name}: {path.stat().st_size / 1e6:.0f} MB, {length:.0f} characters a row")
    return path


def first_rows(figures: Figures, scratch: Path, files: dict[str, Path], starts: int) -> None:
    """Time from the command to the first rows on the screen, beyond the start on an empty workspace."""
    homes = (scratch / f"home-start-{number}" for number in range(100))
    taken: dict[str, list[float]] = {"bare": [], **{kind: [] for kind in files}}
    for _ in range(starts):
        taken["bare"].append(_start(next(homes), ["-w", "empty"], "No dataset yet"))
        for kind, file in files.items():
            taken[kind].append(_start(next(homes), ["open", str(file), "--screen"], "n1, "))
    bare = statistics.median(taken["bare"])
    figures.tell("bare start", bare, "s")
    for kind, bar in (("parquet", 1.0), ("csv", 3.0)):
        figures.tell(f"first rows of {kind} beyond it", statistics.median(taken[kind]) - bare, "s", bar)


def _start(home: Path, arguments: list[str], expected: str) -> float:
    terminal = Tapped([sys.executable, "-m", "tlworkbench", *arguments], home)
    try:
        return terminal.seen(expected) - terminal.began
    finally:
        terminal.close()
        _end_jobs(home)


def at_work(figures: Figures, home: Path, kind: str, file: Path, rows: int, keys: int) -> None:
    """Import with keys pressed meanwhile, then label, go about, search, and type ahead."""
    terminal = Tapped([sys.executable, "-m", "tlworkbench", "open", str(file), "--screen"], home)
    try:
        terminal.seen("row 1 of .*so far")
        workspace = _workspace(home)
        job = list_jobs(workspace.jobs_dir, "import")[0]
        answers = []
        place = 1
        while not job.state().ended:
            place += 1
            answers.append(_answer(terminal, "j", f"row {place} of "))
            time.sleep(0.05)
        # The last look at the unfinished file holds all rows too; keys that edit work only after it.
        terminal.seen(f"row {place} of {rows:,}(?! so far)".replace(",", " "))
        state = read_run(job)
        assert state.status == "done", state.what
        figures.tell(f"{kind}: import", state.ended_at - state.started_at, "s")
        figures.tell(f"{kind}: any key during import, p95 of {len(answers)}", 1000 * p95(answers), "ms", 100)
        _memory(figures, terminal, f"{kind}: screen after the import", 400)
        if keys:
            _label(figures, terminal)
            _go_about(figures, terminal, rows)
            _memory(figures, terminal, f"{kind}: screen after going about", 400)
            _type_ahead(figures, terminal, workspace, keys)
            _memory(figures, terminal, f"{kind}: screen after {keys} labels", 400)
    finally:
        terminal.close()
        _end_jobs(home)


def _label(figures: Figures, terminal: Tapped, count: int = 200) -> None:
    drawn = random.Random(11)
    _answer(terminal, "\x1b[H", "row 1 of ")
    answers = []
    for place in range(2, count + 2):
        answers.append(_answer(terminal, drawn.choice("123"), f"row {place} of "))
        time.sleep(0.05)
    figures.tell(f"label key until its repaint, p95 of {count}", 1000 * p95(answers), "ms", 50)
    figures.tell("label key until its repaint, median", 1000 * statistics.median(answers), "ms")


def _go_about(figures: Figures, terminal: Tapped, rows: int) -> None:
    last = f"{rows:,}".replace(",", " ")
    figures.tell("end", 1000 * _answer(terminal, "\x1b[F", f"row {last} of "), "ms", 100)
    figures.tell("home", 1000 * _answer(terminal, "\x1b[H", "row 1 of "), "ms", 100)
    pages = []
    for _ in range(40):
        pages.append(_answer(terminal, "\x1b[6~", "row [0-9 ]+ of "))
        time.sleep(0.03)
    figures.tell("page down, p95 of 40", 1000 * p95(pages), "ms", 100)
    middle = rows // 2
    terminal.press(":")
    terminal.seen("Go to row", terminal.mark() - 4000 if terminal.mark() > 4000 else 0)
    terminal.press(str(middle))
    figures.tell(
        "jump to the middle", 1000 * _answer(terminal, "\r", f"row {middle:,} of ".replace(",", " ")), "ms", 200
    )


def _type_ahead(figures: Figures, terminal: Tapped, workspace: Workspace, count: int) -> None:
    drawn = random.Random(13)
    typed = [drawn.randrange(len(LABELS)) for _ in range(count)]
    _answer(terminal, "\x1b[H", "row 1 of ")
    since = terminal.mark()
    process = psutil.Process(terminal.process.pid)
    used = sum(process.cpu_times()[:2])
    began = time.monotonic()
    for number, label in enumerate(typed):
        time.sleep(max(0.0, began + number / RATE - time.monotonic()))
        terminal.press(str(label + 1))
    last = f"row {count + 1:,} of ".replace(",", " ")
    pressed = time.monotonic()
    behind = terminal.seen(last, since) - pressed
    used = sum(process.cpu_times()[:2]) - used
    labelling = workspace.labelling()
    names = {label.id: label.name for label in labelling.label_set.labels}
    wrong = sum(names[int(labelling.current[row])] != LABELS[label] for row, label in enumerate(typed))
    labelling.journal.close()
    figures.tell(f"{count} digits at {RATE:g} a second: on a wrong row", wrong, "rows", 0)
    figures.tell("screen behind the last of them", behind, "s")
    figures.tell("CPU time of the screen for each", 1000 * used / count, "ms")


def bulk(figures: Figures, home: Path, count: int = 50_000) -> None:
    """Label many rows in one edit, until the column of labels knows it."""
    workspace = _workspace(home)
    every, labelling = workspace.rows(), workspace.labelling()
    with labelling.journal as journal:
        rows = np.random.default_rng(3).choice(len(every), count, replace=False)
        keys = every.keys[rows].tolist()
        target = labelling.label_set.labels[0].id
        began = time.perf_counter()
        journal.set_label(keys, target, "bulk")
        labelling.refresh()
        labelling.counts()
        took = time.perf_counter() - began
        assert (labelling.current[rows] == target).all()
    figures.tell(f"bulk label of {count} rows", took, "s", 1)


def _answer(terminal: Tapped, key: str, expected: str) -> float:
    since, began = terminal.mark(), time.monotonic()
    terminal.press(key)
    return terminal.seen(expected, since) - began


def _memory(figures: Figures, terminal: Tapped, what: str, bar: float) -> None:
    process = psutil.Process(terminal.process.pid)
    whole = process.memory_info()
    figures.tell(f"{what}: resident", whole.rss / 1e6, "MB", bar)
    figures.tell(f"{what}: of it not mapped from files", (whole.rss - whole.shared) / 1e6, "MB")


def _workspace(home: Path) -> Workspace:
    root = next(path.parent for path in home.rglob("workspace.json"))
    return open_workspace(str(root))


def _end_jobs(home: Path) -> None:
    for folder in home.rglob("jobs"):
        for job in list_jobs(folder):
            state = job.state()
            if state.pid and not state.ended:
                force_stop(job)


def p95(values: Sequence[float]) -> float:
    """The 95th percentile."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]


if __name__ == "__main__":
    sys.exit(main())
