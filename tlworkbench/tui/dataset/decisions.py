"""The last labels given: what they were, the way back to their rows, and how quickly they come."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

_KEPT = 200
"""Decisions that can be gone back to."""
_WINDOW = 60.0
"""Seconds that the speed looks back."""
_LULL = 20.0
"""Seconds without a decision after which the speed begins anew: someone fetched a coffee."""
_ENOUGH = 3
"""Decisions before a speed is told; fewer say nothing."""


@dataclass(frozen=True)
class Decision:
    """A row that was given a label."""

    key: int
    label: int
    """Id of the label, -1 for none."""


class Decisions:
    """Newest first. `clock` gives seconds; tests bring their own."""

    def __init__(self, before: Iterable[Decision] = (), clock: Callable[[], float] = time.monotonic) -> None:
        self._all = list(before)[:_KEPT]
        self._clock = clock
        self._times: list[float] = []
        self._back = -1
        """Decision that `back` led to last; -1 when none since the last one was made."""

    def made(self, decision: Decision) -> None:
        """A key gave a row its label. The same row again replaces what was decided before."""
        self._all = [decision, *(old for old in self._all if old.key != decision.key)][:_KEPT]
        self._back = -1
        now = self._clock()
        if self._times and now - self._times[-1] > _LULL:
            self._times.clear()
        self._times = [at for at in self._times if now - at <= _WINDOW]
        self._times.append(now)

    def undone(self, key: int) -> None:
        """The label of a row was taken back."""
        self._all = [old for old in self._all if old.key != key]
        self._back = -1
        if self._times:
            self._times.pop()

    def last(self, count: int) -> list[Decision]:
        """The newest ones."""
        return self._all[:count]

    def back(self) -> Decision | None:
        """The decision before the one gone back to last; None at the end."""
        if self._back + 1 >= len(self._all):
            return None
        self._back += 1
        return self._all[self._back]

    def per_minute(self) -> int:
        """Labels a minute, over the last minute of work; 0 where that can't be said yet or work has stopped."""
        now = self._clock()
        times = [at for at in self._times if now - at <= _WINDOW]
        if len(times) < _ENOUGH or now - times[-1] > _LULL:
            return 0
        return round((len(times) - 1) / max(times[-1] - times[0], 0.1) * 60)
