"""The label journal: kills at random moments, ten thousand edits undone and redone, a bulk edit among a million rows.

    python -m tests.bench.bench_journal [--kills 200] [--edits 10000] [--rows 1000000] [--bulk 50000]

From the repository's root. Prints a figure a part, and ends with status 1 where one misses its bar: no edit that was
acknowledged lost and the file opened after every kill; all undone is the label table of before, all redone the edited
one, by hash; the bulk edit, until the labelling has it, in a second at most.
"""

import argparse
import hashlib
import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.data.journal_killing import kill_editors
from tlworkbench.data.journal import Journal
from tlworkbench.data.label_rules import parse_rules
from tlworkbench.data.labelling import Labelling
from tlworkbench.data.row_edits import Edit
from tlworkbench.data.rows import Rows
from tlworkbench.data.rows_writer import write_rows

BULK_SECONDS = 1.0
_VALUES = ("1", "2", "3", "4", "5")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--edits", type=int, default=10_000)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--bulk", type=int, default=50_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        passed = [
            kills(folder, options.kills),
            there_and_back(folder, options.edits),
            bulk(folder, options.rows, options.bulk),
        ]
    sys.exit(0 if all(passed) else 1)


def kills(folder: Path, count: int) -> bool:
    """Editors killed at random moments."""
    try:
        told = kill_editors(folder / "killed.sqlite", count, seed=random.randrange(2**32))
    except AssertionError as error:
        print(f"kill -9: FAILED: {error}")
        return False
    print(f"kill -9: {count} times, {len(told)} edits acknowledged, none lost, opened every time")
    return True


def there_and_back(folder: Path, count: int) -> bool:
    """Edits of all kinds, then all of them undone and redone after a restart."""
    rows = made(folder / "small.arrow", 2000)
    path = folder / "edited.sqlite"
    draw = random.Random(5)
    began = time.perf_counter()
    with Journal.open(path, rows.meta.label_values) as journal:
        original = fingerprint(rows, journal)
        edits = 0
        while edits < count:
            edits += edit(rows, journal, draw) is not None
        edited = fingerprint(rows, journal)
        in_force = journal.edit_count
    seconds = time.perf_counter() - began
    with Journal.open(path, rows.meta.label_values) as journal:
        while journal.undo() is not None:
            pass
        undone = fingerprint(rows, journal)
    with Journal.open(path, rows.meta.label_values) as journal:
        for _ in range(in_force):
            assert journal.redo() is not None
        redone = fingerprint(rows, journal)
    print(
        f"{edits} mixed edits ({seconds:.0f} s, {in_force} of them in force): undone {undone[:12]} of {original[:12]},"
        f" redone {redone[:12]} of {edited[:12]}: {'ok' if (undone, redone) == (original, edited) else 'FAILED'}"
    )
    return (undone, redone) == (original, edited) and original != edited


def bulk(folder: Path, count: int, size: int) -> bool:
    """One edit of many rows, of a dataset that was labelled before."""
    rows = made(folder / "large.arrow", count)
    with Journal.open(folder / "bulk.sqlite", rows.meta.label_values) as journal:
        labelling = Labelling(rows, journal)
        seconds, worked = [], []
        for number in range(3):
            keys = rows.keys[number::3][:size]
            began, before = time.perf_counter(), time.process_time()
            journal.set_label(keys, 2, means="bulk")
            labelling.refresh()
            seconds.append(time.perf_counter() - began)
            worked.append(time.process_time() - before)
        began = time.perf_counter()
        journal.undo()
        labelling.refresh()
        undo = time.perf_counter() - began
    print(
        f"bulk: {size} of {count} rows labelled and shown in {', '.join(f'{taken:.2f}' for taken in seconds)} s"
        f" ({max(worked):.2f} s of a processor at most), undone in {undo:.2f} s"
    )
    return max(seconds) <= BULK_SECONDS


def made(path: Path, count: int) -> Rows:
    """Rows of short texts."""
    labels = [_VALUES[number % len(_VALUES)] for number in range(count)]
    write_rows(path, {"train": {"text": [f"text {number}" for number in range(count)], "label": labels}})
    return Rows.open(path)


def edit(rows: Rows, journal: Journal, draw: random.Random) -> Edit | None:
    """One edit of any kind, as a person makes them: mostly single labels, the set seldom, a step back at times."""
    key = int(rows.keys[draw.randrange(len(rows))])
    start = draw.randrange(len(rows) - 200)
    labels = journal.label_set().labels
    rules = ("..2=1; 3=2; *=3", "1=1; 2=2; 3=3; 4=4; 5=5", "4..=4")
    kinds: list[tuple[int, Callable[[], Edit | None]]] = [
        (6, lambda: journal.set_label([key], draw.choice((-1, None)))),
        (6, lambda: journal.set_excluded([key], draw.random() < 0.6, means="check")),
        (6, lambda: journal.set_flagged([key], draw.random() < 0.6)),
        (6, lambda: journal.set_note(key, draw.choice(("", "ask Ann", "12", "why?")))),
        (2, lambda: journal.map_by_rule(parse_rules(draw.choice(rules)))),
        (4, journal.undo),
    ]
    if labels:
        label = draw.choice(labels)
        kinds += [
            (60, lambda: journal.set_label([key], label.id)),
            (4, lambda: journal.set_label(rows.keys[start : start + 200], label.id, means="bulk")),
            (3, lambda: journal.map_labels({label.name: draw.choice((*_VALUES, "other", "6"))})),
            (2, lambda: journal.reorder(draw.sample([label.name for label in labels], len(labels)))),
            (1, lambda: journal.set_shortcut(label.name, draw.choice("1234567890"))),
        ]
    return draw.choices([make for _, make in kinds], [weight for weight, _ in kinds])[0]()


def fingerprint(rows: Rows, journal: Journal) -> str:
    """Hash of the label table: label, exclusion, flag and note of every row, and the set with its keys."""
    labelling = Labelling(rows, journal)
    names = {label.id: label.name for label in labelling.label_set.labels}
    notes = journal.notes()
    table = [
        (names.get(label, ""), excluded, flagged, notes.get(key, ""))
        for key, label, excluded, flagged in zip(
            rows.keys.tolist(),
            labelling.current.tolist(),
            labelling.excluded.tolist(),
            labelling.flagged.tolist(),
            strict=True,
        )
    ]
    whole = (table, [(label.name, label.shortcut) for label in labelling.label_set.labels])
    return hashlib.sha256(repr(whole).encode()).hexdigest()


if __name__ == "__main__":
    main()
