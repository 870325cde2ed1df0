"""Keys one after another, however fast they come."""

import asyncio
import contextlib
from typing import Any

from textual import events
from textual.app import App, ScreenStackError

_ROUNDS = 2
"""What a key sets off may set off something else: a submitted field closes, then the focus moves."""
_PATIENCE = (5.0, 0.5)
"""Seconds after which a part of the screen that does not answer holds up the keys no longer. The second time is for a
program that stood still as a whole, on a disk that took long to write: its clock ran on, its parts could not answer."""


class KeyOrder:
    """Hands the App one key at a time, the next one only when all that the last one set off is done.

    Textual hands a key to what has the focus at that moment, while the key before it may still be on its way to move
    that focus. A slow line sends keys in bursts, and a search typed in one would then act on rows: the digits of
    `/12 angry` would be labels. So a mark is passed behind each key through every message queue from the focus up to
    the App, and the next key waits for it.
    """

    def __init__(self, app: App[Any]) -> None:
        self._app = app
        self._waiting: asyncio.Queue[events.Key] = asyncio.Queue()
        self._turn: events.Key | None = None
        self._passed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin; called once the App runs."""
        self._task = asyncio.create_task(self._run())

    def stop(self) -> None:
        """End."""
        if self._task is not None:
            self._task.cancel()

    def holds(self, event: events.Key) -> bool:
        """Whether the key has to wait; it then comes back to the App when its turn has come."""
        if event is self._turn or self._task is None or self._task.done():
            return False
        self._waiting.put_nowait(event)
        return True

    async def _run(self) -> None:
        while True:
            self._turn = await self._waiting.get()
            self._app.post_message(self._turn)
            for _ in range(_ROUNDS):
                # While the program ends there may be no screen any more.
                with contextlib.suppress(ScreenStackError):
                    await self._pass_through()

    async def _pass_through(self) -> None:
        """Wait until every queue that a key or its consequences go through has come to where it is now."""
        lowest = self._app.focused or self._app.screen
        for node in (self._app, *lowest.ancestors_with_self):
            # One event for all: Textual looks up a callback's signature anew for every other object.
            self._passed.clear()
            if not node.call_later(self._passed.set):
                continue
            for patience in _PATIENCE:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._passed.wait(), patience)
                    break
