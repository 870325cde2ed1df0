"""A process that learns along with the first one of its run, and how the first one finds it."""

import logging
import time
import warnings

from tlworkbench.data.run_examples import read_examples
from tlworkbench.engine.context import JobContext, SilentContext
from tlworkbench.engine.distributed import Left, Several, Team
from tlworkbench.engine.ending import after
from tlworkbench.engine.machine import lower_priority
from tlworkbench.errors import UserError
from tlworkbench.jobs.events import Finished
from tlworkbench.jobs.spec import TrainSpec


def gather(context: JobContext) -> Team:
    """The processes of the run, for the first one of them."""
    if context.place.alone:
        return Team(context)

    def speak(reason: UserError) -> None:
        finished = Finished(status="failed", what=reason.what, hint=reason.hint)
        context.finish(finished)
        after(context, finished)

    return Several(context, context.place, speak)


def help_out(context: SilentContext) -> int:
    """Learn with the first process until the run is over; 0 unless this one could not go on.

    It says nothing but errors, which go to engine.log with its number; the first process tells the reason.
    """
    job, place = context.job, context.place
    logging.basicConfig(level=logging.ERROR, format=f"process {place.rank + 1}: %(message)s", force=True)
    warnings.simplefilter("ignore")
    lower_priority()
    spec = job.spec()
    if not isinstance(spec, TrainSpec) or spec.strategy == "head":
        return 0
    team = Several(context, place, lambda reason: None)
    try:
        _learn(context, spec, team)
        team.leave()
    except Left:
        return 0
    except UserError as error:
        team.fail(error.what, error.hint)
        return 1
    except Exception as error:
        logging.exception("it could not go on")
        team.fail(f"{type(error).__name__}: {error}"[:500], f"The whole story is in {job.log_file}.")
        return 1
    return 0


def _learn(context: SilentContext, spec: TrainSpec, team: Several) -> None:
    from tlworkbench.engine.checkpoint import read_checkpoint
    from tlworkbench.engine.choice import texts_of
    from tlworkbench.engine.fitting import fit, prepare
    from tlworkbench.engine.plan import plan_run
    from tlworkbench.engine.train import loaded_from
    from tlworkbench.workspace import open_workspace

    told = team.same(None)
    if told["over"]:
        return
    examples = read_examples(context.job.path)
    if examples is None:
        raise UserError(f"{context.job.path} can't be read by all processes of the run", "Put it on a shared disk.")
    workspace = open_workspace(str(context.workspace))
    checkpoint = read_checkpoint(context.job.checkpoints_dir, told["step"]) if told["step"] else None
    source = loaded_from(spec, checkpoint, workspace)
    plan = plan_run(context, spec, examples, time.monotonic(), team)
    # Only the first process measures.
    train = texts_of(workspace.rows(), examples.train.keys)
    prepared = prepare(plan, source, train, train[:1])
    with team:
        fit(plan, prepared, checkpoint)
