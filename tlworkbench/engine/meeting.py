"""Where the processes of a run meet: a store of a few words, kept by the launcher that started them."""

import contextlib
import json
import os
import socket
from collections.abc import Iterator
from typing import Any

from torch.distributed import PrefixStore, Store, TCPStore  # type: ignore[attr-defined]

from tlworkbench.engine.place import Place
from tlworkbench.errors import UserError
from tlworkbench.jobs.state import JobState, alive, process_started


def send_away(place: Place) -> None:
    """Tell the other processes of the run that the first one has left, so that they do too."""
    # Where the launcher is gone they notice it by themselves.
    with contextlib.suppress(RuntimeError):
        store_of(place).set("left", "")


@contextlib.contextmanager
def launcher_needed() -> Iterator[None]:
    """A store that nobody keeps any more is told in words."""
    try:
        yield
    except RuntimeError as error:
        # torch's store says that nobody answers.
        raise UserError("the launcher of this run's processes is gone", "Resume the run.") from error


def store_of(place: Place) -> Store:
    """The store that the launcher keeps, on a connection of its own."""
    return PrefixStore("tlworkbench", TCPStore(place.address, place.port, is_master=False))


def this_process() -> list[Any]:
    """What tells the others whether this process still lives: machine, number, when it began."""
    return [socket.gethostname(), os.getpid(), process_started(os.getpid())]


def dead(store: Store, rank: int) -> bool:
    """Whether a process of this machine is no more; of those elsewhere nobody here can tell."""
    if not store.check([f"here/{rank}"]):
        return False
    host, pid, started = json.loads(store.get(f"here/{rank}"))
    return host == socket.gethostname() and not alive(JobState(status="running", pid=pid, pid_started=started))
