"""All checks on rows with planted faults: what each costs, and whether every fault is counted exactly.

    python tests/bench/bench_checks.py [--rows 100000] [--file TEXTS.csv]

Prints seconds and count of each check, and the memory above what the rows took. With `--file` the texts of a CSV file's
`text` column are checked instead, and nothing is planted. Exit status 1 when a planted fault is miscounted, or when all
checks of 100 000 rows take more than 15 s or 300 MB.
"""

import argparse
import csv
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.data.planted import plant
from tlworkbench.data.checks.subject import Subject, TextFacts
from tlworkbench.data.checks.table import CHECKS, run_checks
from tlworkbench.data.journal import Journal
from tlworkbench.data.labelling import Labelling
from tlworkbench.data.rows import Rows
from tlworkbench.data.rows_writer import write_rows

SECONDS_A_ROW = 15 / 100_000
BYTES_A_ROW = 300e6 / 100_000


def main() -> int:
    """Run it once."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--file", type=Path)
    parser.add_argument("--write", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.write:
        print(json.dumps(write(given.write, given.rows, given.file)))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.arrow"
        # Made in a process of its own, whose memory does not count here.
        made = subprocess.run(
            [sys.executable, __file__, *sys.argv[1:], "--write", str(path)], check=True, capture_output=True, text=True
        )
        rows = Rows.open(path)
        with Journal.open(Path(folder) / "labels.sqlite", rows.meta.label_values) as journal:
            return measure(Subject.of(TextFacts(rows), Labelling(rows, journal)), json.loads(made.stdout))


def write(path: Path, count: int, file: Path | None) -> dict[str, int]:
    """Write the rows; what is planted in them."""
    if file is None:
        return plant(path, count)[1]
    with file.open(newline="", encoding="utf-8") as lines:
        write_rows(path, {"train": {"text": [line["text"] for line in csv.DictReader(lines)]}}, label="")
    return {}


def measure(subject: Subject, planted: dict[str, int]) -> int:
    """Print what each check costs; 1 where a bar is missed."""
    before = peak()
    began = last = time.perf_counter()
    wrong = []
    print(f"{len(subject.rows)} rows")
    for number, (check, found) in enumerate(run_checks(subject), 1):
        now = time.perf_counter()
        expected = planted.get(check.id)
        verdict = "" if expected is None else "as planted" if expected == found.count else f"{expected} planted"
        wrong += [check.id] if expected not in (None, found.count) else []
        print(f"{number:2}/{len(CHECKS)} {check.id:16} {now - last:7.2f} s  {found.count!s:>7}  {verdict}")
        last = now
    seconds, size = last - began, peak() - before
    print(f"all checks: {seconds:.1f} s, {size / 1e6:.0f} MB more at most than with the rows alone")
    if wrong:
        print(f"miscounted: {', '.join(wrong)}")
    return int(bool(wrong) or seconds > SECONDS_A_ROW * len(subject.rows) or size > BYTES_A_ROW * len(subject.rows))


def peak() -> float:
    """Most memory this process ever held, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024.0


if __name__ == "__main__":
    sys.exit(main())
