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
from tlworkbench.engine.failures import refused_by_system
from tlworkbench.engine.machine import describe_device, lower_priority
from tlworkbench.engine.place import give_back_gpus, take_place
from tlworkbench.errors import UserError
from tlworkbench.jobs.events import Finished, Started
from tlworkbench.jobs.folder import open_job

_WORK: dict[str, str] = {
    "import": "tlworkbench.engine.importing",
    "train": "tlworkbench.engine.train",
    "lrfind": "tlworkbench.engine.lr_find",
    "search": "tlworkbench.engine.search",
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
        silent = SilentContext(job, own_process=True, place=place)
        from tlworkbench.engine.peer import help_out

        return help_out(silent)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    context = JobContext(job, own_process=True, place=place)
    lower_priority()
    finished = carried_out(context)
    context.finish(finished)
    if not place.alone:
        from tlworkbench.engine.meeting import send_away

        send_away(place)
        give_back_gpus(place)
    if job.kind == "train":
        after(context, finished)
    return 0 if finished.status != "failed" else 1


def carried_out(context: JobContext) -> Finished:
    """Do the job; whatever goes wrong is told in two lines, and what nobody foresaw in engine.log too."""
    job = context.job
    try:
        context.emit(Started(kind=job.kind, pid=os.getpid(), device=describe_device()))
        work: Callable[[JobContext, Any], Finished] = import_module(_WORK[job.kind]).run
        return work(context, job.spec())
    except UserError as error:
        what, hint = error.what, error.hint
    except MemoryError:
        traceback.print_exc()
        what, hint = "out of memory", "Close other programs or use a smaller batch."
    except OSError as error:
        traceback.print_exc()
        reason = refused_by_system(error)
        what, hint = reason.what, reason.hint
    except Exception as error:
        traceback.print_exc()
        what, hint = f"{type(error).__name__}: {error}"[:500], f"The whole story is in {job.log_file}."
    return Finished(status="failed", what=what, hint=hint)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
