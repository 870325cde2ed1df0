"""Telling every two seconds what the job uses of the machine, whatever else it is doing."""

import threading
from types import TracebackType

from tlworkbench.engine.context import JobContext
from tlworkbench.engine.machine import gauge

_EVERY = 2.0


class Gauges:
    """Emits Gauge events from a thread of its own while the `with` block runs."""

    def __init__(self, context: JobContext) -> None:
        self._context = context
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="gauges", daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        gauge()
        while not self._over.wait(_EVERY):
            self._context.emit(gauge())
