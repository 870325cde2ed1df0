"""`search`: short runs with other learning rates and epochs, within a time budget; nothing is kept of them."""

import math
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from tlworkbench.catalog.resolve import resolve_model
from tlworkbench.data.findings import refuse
from tlworkbench.data.trainable import judge
from tlworkbench.engine.choice import Chosen, choose_examples, texts_of
from tlworkbench.engine.context import JobContext
from tlworkbench.engine.gauges import Gauges
from tlworkbench.errors import UserError
from tlworkbench.jobs.events import Finished, Trial
from tlworkbench.jobs.follow import EventTail
from tlworkbench.jobs.search_plan import (
    METRIC_WORDS,
    best_of,
    chance,
    expected_seconds,
    next_setting,
    planned,
    rungs_of,
    setting_of,
    told,
)
from tlworkbench.jobs.spec import SearchSpec
from tlworkbench.workspace import open_workspace

_SLACK = 0.05
"""Share of the budget by which a trial that has begun may be late."""
_AMPLE = 0.8
"""Share of the budget that is planned for where fewer rows are advised."""


def run(context: JobContext, spec: SearchSpec) -> Finished:
    """Emit a Trial event for each setting tried, and tell the best one; taken up again, it goes on behind them.

    Rows and seed are the same in all of them. No trial is begun, or gone on with, that would not end in time. Raises
    UserError as a training run does, and where not even the first trial would fit.
    """
    began = time.monotonic()
    if spec.run.strategy == "head":
        raise UserError(
            "strategy head has neither learning rate nor epochs to search", "Take strategy full or lora for a search."
        )
    workspace = open_workspace(str(context.workspace))
    rows = workspace.rows()
    chosen = choose_examples(workspace, rows, spec.run)
    refuse(judge(chosen.drawn, spec.run.class_weights))
    source = resolve_model(spec.run.model, workspace.jobs_dir)
    texts = [texts_of(rows, part.keys) for part in (chosen.examples.train, chosen.examples.validation)]
    if spec.run.devices > 1:
        context.note(f"the search uses one device: a run on all {spec.run.devices} takes less time, and the same steps")
    context.progress("loading the model", 0)
    with Gauges(context):
        return _search(context, spec, chosen, source, texts, began)


def _search(
    context: JobContext, spec: SearchSpec, chosen: Chosen, source: Path, texts: list[list[str]], began: float
) -> Finished:
    from tlworkbench.engine.short_run import ShortRuns, TooLong
    from tlworkbench.engine.stopping import Stopped

    done = [event for event in EventTail(context.job.events_file).read() if isinstance(event, Trial)]
    budget = 60 * spec.minutes
    until = began + budget - sum(trial.seconds for trial in done)
    runs = ShortRuns(context, spec.run, chosen.examples, source, texts[0], texts[1])
    out_of_time = False
    try:
        while (setting := next_setting(spec, done)) is not None:
            if time.monotonic() + expected_seconds(setting, done) > until:
                out_of_time = True
                break
            trial = runs.measure(setting, f"trial {len(done) + 1} of {planned(spec)}", until + _SLACK * budget)
            context.emit(trial)
            done.append(trial)
    except TooLong as error:
        if not done:
            raise _nothing_fits(spec, len(chosen.examples.train), error.seconds) from None
        out_of_time = True
    except Stopped:
        what = f"stopped after {len(done)} of {planned(spec)} trials; a resume goes on with the next"
        return Finished(status="stopped", what=what, result=_result(context, spec, chosen, done, False))
    result = _result(context, spec, chosen, done, out_of_time)
    best = best_of(done, spec.run.metric)
    if best is None:
        raise UserError(
            f"the loss became NaN in all {len(done)} trials", "Try lower rates, or precision = fp32; look at the model."
        )
    figure = f"{METRIC_WORDS[spec.run.metric]} {abs(best.figure(spec.run.metric)):.3f}"
    return context.done(f"{setting_of(best).words} does best: {figure}", **result)


def _result(
    context: JobContext, spec: SearchSpec, chosen: Chosen, done: Sequence[Trial], out_of_time: bool
) -> dict[str, Any]:
    best = best_of(done, spec.run.metric)
    rows = len(chosen.examples.validation)
    return {
        "run": context.job.run,
        "model": spec.run.model,
        "metric": spec.run.metric,
        "minutes": spec.minutes,
        "seconds": sum(trial.seconds for trial in done),
        "train_rows": len(chosen.examples.train),
        "validation_rows": rows,
        "trials": [_figures(trial) for trial in done],
        "best": None if best is None else _figures(best),
        "chance": 0.0 if best is None else chance(best, rows),
        "planned": planned(spec),
        "out_of_time": out_of_time,
        "words": told(spec, done, out_of_time),
    }


def _figures(trial: Trial) -> dict[str, Any]:
    kept = ("learning_rate", "epochs", "macro_f1", "accuracy", "loss", "seconds", "lost")
    return {name: value for name, value in msgspec.to_builtins(trial).items() if name in kept}


def _nothing_fits(spec: SearchSpec, rows: int, seconds: float) -> UserError:
    rungs = rungs_of(spec)
    epochs = rungs[0][0]
    whole = sum(long * count for long, count in rungs) * seconds / epochs
    few = rows * _AMPLE * 60 * spec.minutes / whole
    advised = max(1, round(few, -max(0, int(math.log10(max(1.0, few))))))
    return UserError(
        f"{epochs:g} {'epoch' if epochs == 1 else 'epochs'} on {rows} rows would take {_minutes(seconds)} here: "
        f"no trial fits into {spec.minutes:g} minutes",
        f"Give it {_minutes(whole)} for all {planned(spec)} trials, or set max_train_rows to {advised} or so.",
    )


def _minutes(seconds: float) -> str:
    return f"{max(1, math.ceil(seconds / 60))} minutes" if seconds >= 90 else f"{math.ceil(seconds)} seconds"
