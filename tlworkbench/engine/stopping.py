"""Leaving a job early because it was asked to."""

import time
from collections.abc import Callable

from tlworkbench.engine.context import JobContext

_TOLD_EVERY = 1.0


class Stopped(Exception):
    """The job was asked to stop and has nothing more to save."""


def telling(context: JobContext, what: str, total: int, patience: float = 0.0) -> Callable[[int], None]:
    """A function that tells how many rows are done, once a second, and raises `Stopped` when the job is to stop.

    patience: seconds from now during which a stop is not heard, for work that is nearly done.
    """
    began = told_at = time.monotonic()

    def told(done: int) -> None:
        nonlocal told_at
        now = time.monotonic()
        if context.stop_requested and now - began >= patience:
            raise Stopped
        if now - told_at >= _TOLD_EVERY:
            told_at = now
            left = (now - began) * (total - done) / done if done else -1.0
            context.progress(what, done, total, seconds_left=left)

    return told
