"""What past runs answered to a row: read from the `predictions.arrow` that runs and evaluations leave."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

FILE_NAME = "predictions.arrow"
"""In a job's folder: key uint64, class and answer (dictionaries of class names), score float32."""
_LOOK_SECONDS = 2.0
"""How often the jobs' folders are looked through for new files."""


@dataclass(frozen=True)
class Prediction:
    """One answer of one run to one row."""

    run: str
    """Number of the run or evaluation: `0003`."""
    label: str
    probability: float


class Predictions:
    """The answers of all runs of a workspace, mapped into memory; a row is looked for when it is asked for."""

    def __init__(self, jobs_dir: Path) -> None:
        self._folder = jobs_dir
        self._looked_at = -np.inf
        self._files: dict[Path, tuple[tuple[int, int], _Answers | None]] = {}

    def of(self, key: int) -> list[Prediction]:
        """Answers to the row with this key, oldest run first; files that are damaged are passed over."""
        self._look()
        return [
            found
            for path in sorted(self._files)
            if (answers := self._files[path][1]) is not None and (found := answers.to(key)) is not None
        ]

    def _look(self) -> None:
        if time.monotonic() - self._looked_at < _LOOK_SECONDS:
            return
        self._looked_at = time.monotonic()
        there: dict[Path, tuple[tuple[int, int], _Answers | None]] = {}
        for path in self._folder.glob(f"[0-9]*/{FILE_NAME}"):
            try:
                status = path.stat()
            except OSError:
                continue
            stamp = (status.st_ino, status.st_mtime_ns)
            known = self._files.get(path)
            there[path] = known if known is not None and known[0] == stamp else (stamp, _open(path))
        self._files = there


class _Answers:
    """The answers of one run."""

    def __init__(self, run: str, table: Any) -> None:
        self._run = run
        self._keys = np.asarray(table.column("key").to_numpy(), np.uint64)
        self._answers = table.column("answer")
        self._scores = table.column("score")

    def to(self, key: int) -> Prediction | None:
        places = np.flatnonzero(self._keys == np.uint64(key))
        if not len(places):
            return None
        place = int(places[0])
        return Prediction(self._run, str(self._answers[place].as_py()), float(self._scores[place].as_py()))


def _open(path: Path) -> _Answers | None:
    try:
        with pa.memory_map(str(path)) as source:
            return _Answers(path.parent.name.partition("-")[0], pa.ipc.open_file(source).read_all())
    except (OSError, pa.ArrowException, KeyError):
        return None
