"""Events folded into the picture of a run."""

import time

from tlworkbench.jobs.events import (
    Baseline,
    Evaluated,
    Event,
    Finished,
    Note,
    Progress,
    Started,
    Step,
    TrainingBegan,
    decode,
    encode,
)
from tlworkbench.jobs.run_state import RunState, fold, reduce
from tlworkbench.jobs.state import JobState


def step(number: int) -> Step:
    return Step(step=number, epoch=number / 10, loss=1 / (number + 1), learning_rate=1e-4)


def began(first_step: int = 0) -> TrainingBegan:
    return TrainingBegan(
        classes=("a", "b"),
        train_rows=80,
        eval_rows=20,
        total_steps=10,
        epochs=1,
        batch_size=8,
        max_length=64,
        precision="fp32",
        first_step=first_step,
    )


def evaluated(at_step: int, best: bool) -> Evaluated:
    return Evaluated(
        step=at_step,
        epoch=1,
        split="validation",
        loss=0.5,
        accuracy=0.8,
        macro_f1=0.7,
        per_class=(),
        confusion=((1, 0), (0, 1)),
        best=best,
    )


EVENTS: tuple[Event, ...] = (
    Started(kind="train", pid=1, device="CPU, 2 cores"),
    Progress(what="tokenising", done=5, total=10),
    Baseline(name="majority", accuracy=0.4, macro_f1=0.2, words="always 'a'"),
    began(),
    *(step(number) for number in range(1, 6)),
    evaluated(5, best=True),
    *(step(number) for number in range(6, 11)),
    evaluated(10, best=False),
    Note(text="a word"),
    Finished(status="done", what="trained", result={"best": 1}),
)


def test_events_survive_the_file() -> None:
    assert [decode(encode(event).rstrip(b"\n")) for event in EVENTS] == list(EVENTS)


def test_a_damaged_or_unknown_line_is_no_event() -> None:
    assert decode(b'{"type":"step","step":') is None
    assert decode(b'{"type":"from the future"}') is None


def test_folding_many_is_reducing_each() -> None:
    one_by_one = RunState()
    for event in EVENTS:
        one_by_one = reduce(one_by_one, event)
    assert fold(RunState(), EVENTS) == one_by_one
    assert fold(fold(RunState(), EVENTS[:7]), EVENTS[7:]) == one_by_one


def test_the_picture_of_a_run() -> None:
    state = fold(RunState(), EVENTS)
    assert (state.status, state.device, state.last_step, state.share) == ("done", "CPU, 2 cores", 10, 1.0)
    assert state.best is not None and state.best.step == 5
    assert state.result == {"best": 1}


def test_a_resumed_run_draws_no_step_twice() -> None:
    state = fold(RunState(), (*EVENTS[:15], Started(kind="train", pid=2), began(first_step=5), step(6)))
    assert [seen.step for seen in state.steps] == [1, 2, 3, 4, 5, 6]
    assert [seen.step for seen in state.evaluations] == [5]
    assert state.status == "running"


def test_the_process_knows_better_than_the_last_event() -> None:
    running = fold(RunState(), EVENTS[:4])
    lost = running.with_status(JobState(status="lost", what="gone", hint="resume it"))
    assert (lost.status, lost.what, lost.hint) == ("lost", "gone", "resume it")
    done = fold(RunState(), EVENTS)
    assert done.with_status(JobState(status="lost")).status == "done"


def test_a_baseline_that_is_measured_again_replaces_the_one_before() -> None:
    names = ("majority", "head", "as it is", "head")
    state = fold(RunState(), (Baseline(name=name, macro_f1=0.1 * place) for place, name in enumerate(names)))
    assert [(line.name, line.macro_f1) for line in state.baselines] == [
        ("majority", 0.0),
        ("as it is", 0.2),
        ("head", 0.1 * 3),
    ]
    untold = Baseline(name="as it is", words="no head")
    assert [untold.figure(metric) for metric in ("macro_f1", "accuracy", "loss")] == [None] * 3
    assert Baseline(name="head", macro_f1=0.5, accuracy=0.6, loss=0.7).figure("accuracy") == 0.6


def test_a_hundred_thousand_steps_fold_quickly() -> None:
    steps = [step(number) for number in range(100_000)]
    began_at = time.perf_counter()
    state = RunState()
    for start in range(0, len(steps), 1000):
        state = fold(state, steps[start : start + 1000])
    assert len(state.steps) == 100_000
    assert time.perf_counter() - began_at < 2
