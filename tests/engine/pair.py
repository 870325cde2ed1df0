"""A stand-in for torchrun that imports what a run needs only once: `python pair.py [RANK:WHAT …] JOB-FOLDER`.

Starts the engine in two processes. WHAT goes wrong in process RANK: `full:ROWS:PASS`, from that forward pass on memory
ends with more than so many rows; `die:PASS`, it is killed there; `torn:PASS`, it raises what nobody foresaw.
"""

import os
import signal
import socket
import sys
from typing import Any

import torch
from torch.distributed import TCPStore  # type: ignore[attr-defined]
from transformers import BertForSequenceClassification

import tlworkbench.engine.__main__ as engine


def main(wrong: list[str], folder: str) -> int:
    """0 where both processes ended well."""
    torch.set_num_threads(1)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    pids = [_start(rank, port, wrong, folder) for rank in range(2)]
    store = TCPStore("127.0.0.1", port, is_master=True, wait_for_workers=False)
    ends = [os.waitpid(pid, 0)[1] for pid in pids]
    del store
    return 0 if ends == [0, 0] else 1


def _start(rank: int, port: int, wrong: list[str], folder: str) -> int:
    if pid := os.fork():
        return pid
    os.setsid()
    for name, value in {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": 2, "MASTER_PORT": port}.items():
        os.environ[name] = str(value)
    os.environ |= {"MASTER_ADDR": "127.0.0.1", "GLOO_SOCKET_IFNAME": "lo"}
    for what in wrong:
        where, name, *numbers = what.split(":")
        if int(where) == rank:
            _spoil(name, [int(number) for number in numbers])
    os._exit(engine.main(folder))


def _spoil(name: str, numbers: list[int]) -> None:
    forward = BertForSequenceClassification.forward
    passes = 0

    def spoilt(self: Any, input_ids: torch.Tensor, **others: Any) -> Any:
        nonlocal passes
        passes += self.training
        if self.training and passes >= numbers[-1]:
            if name == "full" and len(input_ids) > numbers[0]:
                raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB.")
            if name == "die":
                os.kill(os.getpid(), signal.SIGKILL)
            if name == "torn":
                raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")
        return forward(self, input_ids, **others)

    BertForSequenceClassification.forward = spoilt  # type: ignore[method-assign]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:-1], sys.argv[-1]))
