"""What waits to be answered: the newest text typed, and texts to keep. One piece of work at a time."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

AT_ONCE = 32
"""Texts to keep that are answered in one go; in between a typed text gets its turn."""


@dataclass(frozen=True)
class Question:
    """Texts for the classifier."""

    texts: tuple[str, ...]
    keep: bool
    """Whether the answers go into the history."""


class Questions:
    """A queue in which a newer typed text takes the place of an older one. Used on the screen's thread alone."""

    def __init__(self) -> None:
        self._typed: str | None = None
        self._kept: deque[str] = deque()
        self._total = 0
        self._kept_last = False

    def ask(self, text: str) -> None:
        """Ask for a text that was typed; what was typed before and not answered yet is forgotten."""
        self._typed = text

    def forget(self) -> None:
        """Nothing typed is waited for any more."""
        self._typed = None

    def keep(self, texts: Sequence[str]) -> None:
        """Ask for texts whose answers are kept, in their order."""
        if not self._kept:
            self._total = 0
        self._kept.extend(texts)
        self._total += len(texts)

    def next(self) -> Question | None:
        """What to answer now, taken out of the queue; where both kinds wait they take turns. None for nothing."""
        if self._kept and (self._typed is None or not self._kept_last):
            self._kept_last = True
            return Question(tuple(self._kept.popleft() for _ in range(min(AT_ONCE, len(self._kept)))), keep=True)
        self._kept_last = False
        if self._typed is None:
            return None
        text, self._typed = self._typed, None
        return Question((text,), keep=False)

    @property
    def progress(self) -> tuple[int, int]:
        """Texts to keep that were taken, and all of them, since the queue was last empty."""
        return self._total - len(self._kept), self._total
