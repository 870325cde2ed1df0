"""When a run stands still, and how each state is told, on made-up streams of events."""

import pytest

from tlworkbench.jobs.condition import condition, waits_for
from tlworkbench.jobs.events import Evaluated, Event, Finished, Progress, Started, Step, TrainingBegan
from tlworkbench.jobs.run_state import RunState, fold
from tlworkbench.jobs.stall import stall, usual_seconds
from tlworkbench.jobs.state import JobState


def step(number: int, at: float) -> Step:
    return Step(at=at, step=number, epoch=0, loss=1, learning_rate=1)


def evaluated(number: int, at: float) -> Evaluated:
    return Evaluated(
        at=at, step=number, epoch=1, split="validation", loss=1, accuracy=1, macro_f1=1, per_class=(), confusion=()
    )


def began(at: float, first_step: int = 0) -> TrainingBegan:
    return TrainingBegan(
        at=at, classes=("a",), train_rows=1, eval_rows=1, total_steps=100, epochs=1, batch_size=1, max_length=1,
        precision="fp32", first_step=first_step,
    )  # fmt: skip


START: tuple[Event, ...] = (Started(at=5, kind="train", pid=1), began(10))


def training(*events: Event) -> RunState:
    return fold(RunState(), (*START, *events))


def steps(first: int, last: int, every: float, begin: float) -> list[Step]:
    return [step(number, begin + every * (number - first + 1)) for number in range(first, last + 1)]


def test_three_times_the_usual_is_the_limit_and_told_in_words() -> None:
    state = training(*steps(1, 20, 15, 10))
    assert usual_seconds(state) == 15 and state.steps[-1].at == 310
    assert stall(state, 310 + 44) is None
    assert condition(state, 310 + 44).word == "running"
    found = condition(state, 310 + 46)
    assert (found.word, found.reason) == ("stalled", "no step for 0:46, usual 0:15")


def test_quick_steps_may_pause_some_seconds() -> None:
    state = training(*steps(1, 50, 0.2, 10))
    assert condition(state, 20 + 9).word == "running"
    assert condition(state, 20 + 11).reason == "no step for 0:11, usual 0.2 s"


def test_a_report_of_many_steps_is_measured_by_reports() -> None:
    # Ten steps a report, one each 6 seconds: a step takes 0.6 s, yet nothing is wrong for 6.
    state = training(*[step(10 * n, 10 + 6 * n) for n in range(1, 9)])
    assert usual_seconds(state) == 6
    assert stall(state, 58 + 17) is None and stall(state, 58 + 19) is not None


def test_an_evaluation_has_a_patience_of_its_own_and_makes_no_step_look_slow() -> None:
    first = steps(1, 10, 1, 10)
    state = training(*first, Progress(at=21, what="validating", done=10, total=900))
    assert stall(state, 21 + 29) is None
    told = condition(state, 21 + 31)
    assert (told.word, told.reason) == ("stalled", "nothing heard for 0:31, was validating")
    # It tells of itself: as long as it does, all is well however long it takes.
    state = training(*first, *[Progress(at=20 + n, what="validating", done=n, total=900) for n in range(1, 600)])
    assert stall(state, 620) is None
    after = training(*first, evaluated(10, 620), *steps(11, 12, 1, 700))
    assert usual_seconds(after) == 1


def test_a_checkpoint_may_take_minutes() -> None:
    state = training(*steps(1, 10, 1, 10), Progress(at=21, what="writing a checkpoint", done=0))
    assert stall(state, 21 + 290) is None
    assert condition(state, 21 + 310).reason == "nothing heard for 5:10, was writing a checkpoint"
    saving = training(*steps(1, 10, 1, 10), evaluated(10, 30))
    assert stall(saving, 30 + 290) is None and stall(saving, 30 + 310) is not None


def test_a_first_step_that_compiles_is_waited_for() -> None:
    assert stall(training(), 10 + 290) is None
    assert condition(training(), 10 + 310).word == "stalled"
    assert stall(fold(RunState(), START[:1]), 290) is None


def test_what_was_before_a_resume_is_not_its_pace() -> None:
    state = training(
        *steps(1, 10, 1, 10), Finished(at=30, status="stopped"),
        Started(at=5000, kind="train", pid=2), began(5010, first_step=10), *steps(11, 14, 20, 5010),
    )  # fmt: skip
    assert usual_seconds(state) == 20
    assert stall(state, 5090 + 59) is None and stall(state, 5090 + 61) is not None
    waiting = fold(state, (Started(at=9000, kind="train", pid=3),))
    assert stall(waiting, 9000 + 290) is None


@pytest.mark.parametrize("status", ["done", "stopped", "failed", "lost", "interrupted", "queued", "stopping"])
def test_what_does_not_run_does_not_stall(status: str) -> None:
    state = training(*steps(1, 20, 1, 10)).with_status(JobState(status=status))  # type: ignore[arg-type]
    assert condition(state, 1e9).word == status


def test_each_state_has_its_reason() -> None:
    state = training(*steps(1, 20, 1, 10))
    assert condition(state, 30).reason == "step 20 of 100"
    lost = state.with_status(JobState(status="lost", what="its process ended without a last word"))
    assert condition(lost, 30).reason == "its process ended without a last word"
    down = state.with_status(JobState(status="interrupted", what="the machine was restarted while it ran"))
    assert condition(down, 30).reason == "resume it? the machine was restarted while it ran"
    assert condition(RunState(), 30).word == "starting"
    again = fold(state, [Finished(at=40, status="stopped", what="stopped at step 20")])
    queued = again.with_status(JobState(status="queued", at=50))
    assert condition(queued, 60, ("0007", "0006")).reason == "after 0007 and 1 more"
    assert waits_for(("0007",)) == "after 0007" and waits_for(()) == "next"
