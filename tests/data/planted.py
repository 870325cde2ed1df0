"""A dataset with faults planted in it, and how many of each."""

from collections.abc import Collection, Iterator
from pathlib import Path

import numpy as np

from tlworkbench.data.rows import Rows
from tlworkbench.data.rows_writer import write_rows

FAULTS = ("empty", "duplicates", "leaks", "conflicts", "rare")
CLASSES = ("negative", "neutral", "positive")
SPLITS = (("train", 0.7), ("validation", 0.15), ("test", 0.15))
_BLANK = ("", " ", "\n\t", "\u00a0")


def plant(path: Path, count: int, faults: Collection[str] = FAULTS, seed: int = 7) -> tuple[Rows, dict[str, int]]:
    """Write `count` rows to `path` with 1 % empty texts, 1 % duplicates, 0.5 % leaks, 20 conflicts and two rare
    classes, as far as `faults` names them; the rows, and how often each check should find something."""
    rng = np.random.default_rng(seed)
    words = rng.integers(0, 20_000, (count, 12)).tolist()
    texts = [" ".join([f"n{row}", *(f"w{word}" for word in line)]) for row, line in enumerate(words)]
    labels = [CLASSES[place] for place in rng.integers(0, 3, count).tolist()]
    splits = np.repeat(np.arange(3), np.diff([0, int(count * 0.7), int(count * 0.85), count]))
    fresh = iter(rng.permutation(count).tolist())
    planted = dict.fromkeys(FAULTS, 0)
    shares = {"empty": count // 100, "duplicates": count // 100, "leaks": count // 200, "conflicts": 20, "rare": 2}
    for fault in FAULTS:
        for number in range(shares[fault] if fault in faults else 0):
            if fault == "empty":
                texts[next(fresh)] = _BLANK[number % len(_BLANK)]
            elif fault == "rare":
                for split, rows in ((0, 6), (1, 2)):
                    for _ in range(rows):
                        labels[_next(fresh, splits, split)] = f"rare {number}"
            else:
                original = next(fresh)
                if fault == "leaks":
                    original = original if splits[original] else _next(fresh, splits, 1 + number % 2)
                copy = _next(fresh, splits, 0 if fault == "leaks" else int(splits[original]))
                texts[copy] = texts[original]
                others = [name for name in CLASSES if name != labels[original]]
                labels[copy] = others[number % 2] if fault == "conflicts" else labels[original]
            planted[fault] += 1
    write_rows(
        path,
        {
            name: {
                "text": [texts[row] for row in np.flatnonzero(splits == number)],
                "label": [labels[row] for row in np.flatnonzero(splits == number)],
            }
            for number, (name, _) in enumerate(SPLITS)
        },
    )
    return Rows.open(path), planted


def _next(fresh: Iterator[int], splits: np.ndarray[tuple[int], np.dtype[np.int64]], split: int) -> int:
    return next(row for row in fresh if splits[row] == split)
