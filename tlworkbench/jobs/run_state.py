"""The picture of a job: its events folded into one value, without side effects."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tlworkbench.jobs.events import (
    Baseline,
    Evaluated,
    Event,
    Finished,
    Gauge,
    Note,
    Progress,
    Started,
    Step,
    TrainingBegan,
    Trial,
)
from tlworkbench.jobs.state import ENDED, JobState, Status
from tlworkbench.jobs.steps import Steps


@dataclass(frozen=True)
class RunState:
    """All that is known of a job, as a screen or a command shows it."""

    status: Status = "starting"
    kind: str = ""
    device: str = ""
    started_at: float = 0.0
    """When the child first spoke, in seconds since the epoch; 0 before."""
    resumed_at: float = 0.0
    """When the child of this attempt first spoke."""
    begun_at: tuple[float, ...] = ()
    """The same of every attempt so far."""
    ended_at: float = 0.0
    progress: Progress | None = None
    training: TrainingBegan | None = None
    steps: Steps = field(default_factory=Steps)
    """The training curve, by step; a resumed run replaces what it repeats."""
    evaluations: tuple[Evaluated, ...] = ()
    baselines: tuple[Baseline, ...] = ()
    """What its figures are held against, one of each name, in the order in which they came."""
    trials: tuple[Trial, ...] = ()
    """What a search has tried so far."""
    gauge: Gauge | None = None
    notes: tuple[Note, ...] = ()
    what: str = ""
    hint: str = ""
    result: dict[str, Any] | None = None
    queued_at: float = 0.0
    """When it was put into the queue; 0 where it isn't there."""

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen by itself."""
        return self.status in ENDED

    @property
    def best(self) -> Evaluated | None:
        """The evaluation whose checkpoint is kept."""
        return next((evaluated for evaluated in reversed(self.evaluations) if evaluated.best), None)

    @property
    def last_step(self) -> int:
        """Number of the last optimizer step seen."""
        return self.steps[-1].step if self.steps else 0

    @property
    def share(self) -> float:
        """Share of the work done, 0 to 1; 0 where it isn't known."""
        if self.training is not None:
            return min(1.0, self.last_step / max(1, self.training.total_steps))
        return self.progress.share if self.progress is not None else 0.0

    def with_status(self, state: JobState) -> "RunState":
        """The same with what the job's state file and its processes say; they know of an end without a last word."""
        if state.status in ("lost", "interrupted") and self.status in ("done", "stopped", "failed"):
            return self
        if state.status == "queued":
            # What its last attempt came to is over.
            return replace(self, status="queued", what="", hint="", result=None, queued_at=state.at)
        what, hint = state.what or self.what, state.hint or self.hint
        return replace(self, status=state.status, what=what, hint=hint, queued_at=0.0)


def reduce(state: RunState, event: Event) -> RunState:
    """The state after one more event."""
    match event:
        case Started():
            return replace(
                state,
                status="running",
                kind=event.kind,
                device=event.device,
                started_at=state.started_at or event.at,
                resumed_at=event.at,
                begun_at=(*state.begun_at, event.at),
                ended_at=0.0,
                progress=None,
                what="",
                hint="",
                result=None,
            )
        case Progress():
            return replace(state, progress=event)
        case TrainingBegan():
            # A resumed run goes on from its last checkpoint: what came after that happens again.
            return replace(
                state,
                training=event,
                steps=state.steps.until(event.first_step),
                evaluations=tuple(done for done in state.evaluations if done.step <= event.first_step),
            )
        case Step():
            return replace(state, steps=state.steps.grown((event,)))
        case Baseline():
            others = tuple(baseline for baseline in state.baselines if baseline.name != event.name)
            return replace(state, baselines=(*others, event))
        case Gauge():
            return replace(state, gauge=event)
        case Evaluated() | Trial() | Note():
            return _with_one_more(state, event)
        case Finished():
            return replace(
                state,
                status=event.status,
                what=event.what,
                hint=event.hint,
                result=event.result,
                ended_at=event.at,
            )


def _with_one_more(state: RunState, event: Evaluated | Trial | Note) -> RunState:
    match event:
        case Evaluated():
            return replace(state, evaluations=(*state.evaluations, event))
        case Trial():
            return replace(state, trials=(*state.trials, event))
        case Note():
            return replace(state, notes=(*state.notes, event))


def fold(state: RunState, events: Iterable[Event]) -> RunState:
    """The state after many events; a run of steps is appended at once, so that long curves fold in linear time."""
    steps: list[Step] = []
    for event in events:
        if isinstance(event, Step):
            steps.append(event)
            continue
        state = reduce(_with_steps(state, steps), event)
        steps = []
    return _with_steps(state, steps)


def _with_steps(state: RunState, steps: Sequence[Step]) -> RunState:
    return replace(state, steps=state.steps.grown(steps)) if steps else state
