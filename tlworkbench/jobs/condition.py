"""How a run stands, in one word and its reason: what run lists, notices and `tlworkbench runs` say."""

from collections.abc import Sequence
from dataclasses import dataclass

from tlworkbench.jobs.run_state import RunState
from tlworkbench.jobs.stall import Stall, stall


@dataclass(frozen=True)
class Condition:
    """`word`: queued, starting, running, stalled, stopping, stopped, failed, lost, interrupted or done."""

    word: str
    reason: str
    """Why, or until when; empty where the word says it all."""


def condition(state: RunState, now: float, ahead: Sequence[str] = ()) -> Condition:
    """How the run stands at `now` (seconds since the epoch). ahead: numbers of the runs a queued one waits for."""
    found = stall(state, now)
    if found is not None:
        return Condition("stalled", stalled_for(found))
    return Condition(state.status, _reason(state, ahead))


def stalled_for(found: Stall) -> str:
    """`no step for 0:45, usual 0:02`; before and between steps what it was at: `nothing heard for 5:12, loading …`."""
    if found.doing:
        return f"nothing heard for {_clock(found.silent)}, was {found.doing}"
    return f"no step for {_clock(found.silent)}, usual {_clock(found.usual)}"


def waits_for(ahead: Sequence[str]) -> str:
    """`after 0007`; with several before it how many."""
    if not ahead:
        return "next"
    return f"after {ahead[0]}" if len(ahead) == 1 else f"after {ahead[0]} and {len(ahead) - 1} more"


def _reason(state: RunState, ahead: Sequence[str]) -> str:
    match state.status:
        case "queued":
            return waits_for(ahead)
        case "starting":
            return "its process is only just beginning"
        case "running":
            total = state.training.total_steps if state.training is not None else 0
            return f"step {state.last_step} of {total}" if total else state.progress.what if state.progress else ""
        case "stopping":
            return "finishes its step and writes a checkpoint"
        case "stopped":
            return state.what or "by request"
        case "interrupted":
            return f"resume it? {state.what or 'the machine was restarted'}"
        case _:
            return state.what


def _clock(seconds: float) -> str:
    if seconds < 0.95:
        return f"{max(0.1, seconds):.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
