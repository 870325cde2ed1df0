"""What a training run works out before it begins and what all its parts go by."""

import logging
from dataclasses import dataclass

import torch
from transformers.utils import logging as transformers_logging

from tlworkbench.data.run_examples import RunExamples
from tlworkbench.engine.context import JobContext
from tlworkbench.engine.distributed import Team
from tlworkbench.engine.gpu_speed import quick_products
from tlworkbench.engine.machine import usable_cores
from tlworkbench.engine.metrics import Figures, majority
from tlworkbench.engine.precision import Precision, choose_precision
from tlworkbench.jobs.spec import TrainSpec


@dataclass(frozen=True)
class Plan:
    """A run's settings with everything that follows from them and from its rows."""

    context: JobContext
    spec: TrainSpec
    examples: RunExamples
    device: str
    """`cpu` or `cuda`."""
    precision: Precision
    steps_per_epoch: int
    total_steps: int
    most: int
    """The most frequent training class,"""
    majority: Figures
    """and the figures of always answering it."""
    began: float
    """time.monotonic() at which this process took the run up."""
    team: Team
    """The processes that learn together."""

    @property
    def rows_a_step_here(self) -> int:
        """Rows of a step that this process learns from, at most."""
        return -(-self.spec.rows_a_step // self.team.place.count)

    @property
    def names(self) -> tuple[str, ...]:
        """The class names."""
        return self.examples.class_names


def plan_run(
    context: JobContext, spec: TrainSpec, examples: RunExamples, began: float, team: Team | None = None
) -> Plan:
    """Work it out, and set torch and transformers up for it."""
    device = set_up_libraries(context.place.here, context.place.first)
    quick_products(device)
    most, figures = majority(examples.train.classes, examples.validation.classes, examples.class_names)
    return Plan(
        context=context,
        spec=spec,
        examples=examples,
        device=device,
        precision=choose_precision(spec.precision, device),
        steps_per_epoch=spec.steps_per_epoch(len(examples.train)),
        total_steps=spec.total_steps(len(examples.train)),
        most=most,
        majority=figures,
        began=began,
        team=team or Team(context),
    )


def set_up_libraries(processes: int = 1, speaks: bool = True) -> str:
    """Threads for the cores there are, divided among so many processes, logs without progress bars.

    speaks: whether warnings are logged too. Returns the device: `cuda` or `cpu`.
    """
    torch.set_num_threads(max(1, usable_cores() // processes))
    transformers_logging.set_verbosity_warning() if speaks else transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    # One line for every file it looks for.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    return "cuda" if torch.cuda.is_available() else "cpu"
