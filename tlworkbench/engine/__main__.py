"""`python -m tlworkbench.engine JOB-FOLDER`: run one job to its end in this process."""

import logging
import os
import sys
import traceback
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from tlworkbench.engine.context import JobContext, SilentContext
from tlworkbench.engine.ending import after
from tlworkbench.engine.machine import describe_device, lower_priority
from tlworkbench.engine.place import give_back_gpus, take_place
from tlworkbench.errors import UserError
from tlworkbench.jobs.events import Finished, Started
from tlworkbench.jobs.folder import open_job

_WORK: dict[str, str] = {
    "import": "tlworkbench.engine.importing",
    "train": "tlworkbench.engine.train",
    "lrfind": "tlworkbench.engine.lr_find",
    "preflight": "tlworkbench.engine.preflight",
    "baseline": "tlworkbench.engine.baseline",
    "evaluate": "tlworkbench.engine.evaluate",
    "export": "tlworkbench.engine.export",
    "fetch": "tlworkbench.engine.fetch",
    "suspects": "tlworkbench.engine.suspects",
    "gain": "tlworkbench.engine.label_gain",
}
"""Module of each kind of job; it has `run(context, spec) -> Finished`.

Imported when it is needed: torch takes seconds."""


def main(folder: str) -> int:
    """Run the job in `folder`; 0 when it is done or was stopped, 1 when it failed."""
    place = take_place()
    job = open_job(Path(folder).absolute())
    if not place.first:
        silent = SilentContext(job, place)
        from tlworkbench.engine.peer import help_out

        return help_out(silent)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    context = JobContext(job, own_process=True, place=place)
    try:
        context.emit(Started(kind=job.kind, pid=os.getpid(), device=describe_device()))
        lower_priority()
        work: Callable[[JobContext, Any], Finished] = import_module(_WORK[job.kind]).run
        finished = work(context, job.spec())
    except UserError as error:
        finished = Finished(status="failed", what=error.what, hint=error.hint)
    except MemoryError:
        traceback.print_exc()
        finished = Finished(status="failed", what="out of memory", hint="Close other programs or use a smaller batch.")
    except Exception as error:
        traceback.print_exc()
        what = f"{type(error).__name__}: {error}"[:500]
        finished = Finished(status="failed", what=what, hint=f"The whole story is in {job.log_file}.")
    context.finish(finished)
    if not place.alone:
        from tlworkbench.engine.distributed import send_away

        send_away(place)
        give_back_gpus(place)
    if job.kind == "train":
        after(context, finished)
    return 0 if finished.status != "failed" else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
