"""The processes of a run that learn together: rows divided, gradients added up, one voice.

Each process runs the same training loop over the same order of rows. Of a step's rows it takes every n-th; the
gradients of all are added up, so that each process makes the very step that one alone would have made, up to rounding.
The first process alone measures, writes and speaks; the others hear from it what can't be worked out twice. What is
agreed on at a step (memory that ran out, a wish to stop) goes by a small exchange that all take part in.
"""

import contextlib
import json
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from types import TracebackType
from typing import Any

import numpy as np
import torch
import torch.distributed as dist
from torch.distributed import PrefixStore, Store  # type: ignore[attr-defined]

from tlworkbench.engine.context import JobContext
from tlworkbench.engine.machine import usable_cores
from tlworkbench.engine.meeting import dead, launcher_needed, store_of, this_process
from tlworkbench.engine.place import Place
from tlworkbench.errors import UserError

_PATIENCE = timedelta(minutes=30)
"""A process that doesn't come to a step for so long is taken for stuck; the first one may be writing a checkpoint."""
_LOOK_SECONDS = 0.02
_WATCH_SECONDS = 0.5
_LAST_WORD_SECONDS = 5.0
"""What died is looked for so long when a step fails; and a process stuck in a step may take so long to notice."""
_BUCKET = 8_000_000
"""Gradients that are sent at once."""
_HINT = "It may have been killed for want of memory: lower batch_size, then resume the run. engine.log holds more."


class Left(Exception):
    """The first process has left, and with it the run is over for this one."""


class Lost(Exception):
    """An exchange failed: another process is gone, or can't be reached."""


class Team:
    """The processes of a run. This is the team of one, which has nobody to agree with."""

    def __init__(self, context: JobContext | None = None, place: Place | None = None) -> None:
        self.place = place or Place()
        self._context = context

    @property
    def first(self) -> bool:
        """Whether this process measures, writes and speaks."""
        return self.place.first

    @property
    def stop_requested(self) -> bool:
        """Whether the run is to stop: the same in all processes between two steps."""
        return self._context is not None and self._context.stop_requested

    def share(self, rows: Sequence[int]) -> Sequence[int]:
        """Those of a step's rows that this process learns from: every n-th, as rows of like length stand together."""
        return rows

    def seed(self, seed: int, step: int) -> None:
        """Draw other random numbers than the other processes do, and the same ones where a step is done again."""

    def failed(self, model: torch.nn.Module, rows: int) -> int:
        """With how many rows at once memory ran out in any process; here with `rows`, 0 where it did not."""
        return rows

    def add_up(self, loss: torch.Tensor) -> torch.Tensor:
        """Add up the gradients of all processes, in place; returns the sum of their losses. Call after `failed`."""
        return loss

    def same(self, value: Any) -> Any:
        """What the first process gives here, in all of them: anything JSON holds."""
        return value

    @contextlib.contextmanager
    def whole_machine(self) -> Iterator[None]:
        """What the first process does while the others wait for it has all the processor's cores."""
        yield

    def __enter__(self) -> "Team":
        """From here on steps are made together."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Each goes on alone. An error that comes of another process's end is raised as a UserError that says so."""


class Several(Team):
    """The processes that a launcher started for one run; `with` it they are connected."""

    def __init__(self, context: JobContext, place: Place, ended: Callable[[UserError], None]) -> None:
        """Meet the others on the launcher's store.

        ended: called from a thread, before this process is ended, in a first process that is stuck in a step while
        another one is gone.
        """
        super().__init__(context, place)
        self._ended = ended
        self._store = store_of(place)
        self._told = 0
        self._stop = False
        self._reduced: list[torch.nn.Parameter] = []
        self._over = threading.Lock()
        self._alone = threading.Event()
        self._store.set(f"here/{place.rank}", json.dumps(this_process()))
        threading.Thread(target=self._watch, name="team", daemon=True).start()

    @property
    def stop_requested(self) -> bool:
        return self._stop

    def share(self, rows: Sequence[int]) -> Sequence[int]:
        return rows[self.place.rank :: self.place.count]

    def seed(self, seed: int, step: int) -> None:
        torch.manual_seed(int(np.random.SeedSequence((seed, step, self.place.rank)).generate_state(1)[0]))

    def failed(self, model: torch.nn.Module, rows: int) -> int:
        learning = [weight for weight in model.parameters() if weight.requires_grad]
        asked = self._context is not None and self._context.asked
        # What no row passes through has no gradient, and the optimizer leaves it alone: here too.
        facts = torch.tensor([rows, asked, *(weight.grad is not None for weight in learning)], dtype=torch.int64)
        _all_reduce(facts, dist.ReduceOp.MAX)
        self._hear_stop(bool(facts[1]))
        self._reduced = [weight for weight, has in zip(learning, facts[2:].tolist(), strict=True) if has]
        return int(facts[0])

    def add_up(self, loss: torch.Tensor) -> torch.Tensor:
        bucket: list[torch.Tensor] = []
        for weight in self._reduced:
            if weight.grad is None:
                weight.grad = torch.zeros_like(weight)
            if bucket and (bucket[0].dtype != weight.grad.dtype or sum(map(torch.numel, bucket)) >= _BUCKET):
                _add_up(bucket)
                bucket = []
            bucket.append(weight.grad)
        if bucket:
            _add_up(bucket)
        whole = loss.detach().clone()
        _all_reduce(whole, dist.ReduceOp.SUM)
        return whole

    def same(self, value: Any) -> Any:
        key, self._told = f"told/{self._told}", self._told + 1
        with launcher_needed():
            value, stop = self._exchanged(key, value)
        self._hear_stop(stop)
        return value

    def _exchanged(self, key: str, value: Any) -> tuple[Any, bool]:
        if self.first:
            stop = self._context is not None and self._context.asked
            self._store.set(key, json.dumps([value, stop]))
            self._store.check([key])  # Setting waits for no answer, and would not notice that nobody is there.
        else:
            while not self._store.check([key]):
                if self._first_is_gone(self._store):
                    raise Left
                time.sleep(_LOOK_SECONDS)
            value, stop = json.loads(self._store.get(key))
        return value, stop

    @contextlib.contextmanager
    def whole_machine(self) -> Iterator[None]:
        share = torch.get_num_threads()
        torch.set_num_threads(usable_cores())
        yield
        torch.set_num_threads(share)

    def __enter__(self) -> Team:
        # Waits by asking, without a limit: the first process may have much to do before.
        self.same(None)
        # It means well, but dividing the rows is not left to it.
        logging.getLogger("transformers.training_args").setLevel(logging.ERROR)
        dist.init_process_group(
            "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo",
            store=PrefixStore("group", store_of(self.place)),
            rank=self.place.rank,
            world_size=self.place.count,
            timeout=_PATIENCE,
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with launcher_needed():
            reason = self._why() if isinstance(error, Lost) else None
        self._alone.set()
        if not self._over.acquire(blocking=False):
            time.sleep(_LAST_WORD_SECONDS)  # The watching thread says the last word.
        if reason is not None:
            raise reason from error
        if error is None:
            dist.destroy_process_group()

    def fail(self, what: str, hint: str) -> None:
        """Tell the first process why this one can't go on."""
        with contextlib.suppress(RuntimeError):
            self._store.compare_set("reason", "", json.dumps([what, hint]))

    def leave(self) -> None:
        """Tell the first process that this one has done its part."""
        self._store.set(f"done/{self.place.rank}", "")

    def _hear_stop(self, stop: bool) -> None:
        self._stop = self._stop or stop
        if stop and self._context is not None and not self._context.asked:
            self._context.ask_to_stop()

    def _why(self) -> UserError:
        until = time.monotonic() + _LAST_WORD_SECONDS
        while time.monotonic() < until:
            if not self.first and self._first_is_gone(self._store):
                raise Left
            if self.first and (found := self._found(self._store)) is not None:
                return found
            time.sleep(_LOOK_SECONDS)
        return UserError("the processes of this run lost one another", _HINT)

    def _watch(self) -> None:
        # An exchange between GPUs waits for ever for a process that has died, and the main thread with it.
        store = store_of(self.place)
        while not self._alone.wait(_WATCH_SECONDS):
            try:
                reason = self._found(store) if self.first else None
                gone = not self.first and self._first_is_gone(store)
            except (RuntimeError, ValueError):
                return  # The launcher's store is gone, and the launcher with it.
            if reason is None and not gone:
                continue
            time.sleep(_LAST_WORD_SECONDS)
            if self._over.acquire(blocking=False):
                if reason is not None:
                    self._ended(reason)
                os._exit(1)

    def _found(self, store: Store) -> UserError | None:
        """Why another process ended: in its own words, else that it did."""
        gone = [rank for rank in range(1, self.place.count) if dead(store, rank) and not store.check([f"done/{rank}"])]
        if store.check(["reason"]):
            what, hint = json.loads(store.get("reason"))
            return UserError(what, hint)
        if gone:
            return UserError(f"process {gone[0] + 1} of {self.place.count} ended without a last word", _HINT)
        return None

    def _first_is_gone(self, store: Store) -> bool:
        return bool(store.check(["left"])) or dead(store, 0)


def _add_up(tensors: Sequence[torch.Tensor]) -> None:
    flat = torch.cat([tensor.reshape(-1) for tensor in tensors])
    _all_reduce(flat, dist.ReduceOp.SUM)
    start = 0
    for tensor in tensors:
        tensor.copy_(flat[start : start + tensor.numel()].view_as(tensor))
        start += tensor.numel()


def _all_reduce(tensor: torch.Tensor, how: Any) -> None:
    try:
        dist.all_reduce(tensor, how)
    except RuntimeError as error:
        raise Lost(str(error)) from error
