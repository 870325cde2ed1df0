"""Baselines: measured before a run, remembered by model and rows, told with a run that ends below them."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tlworkbench.engine import baseline
from tlworkbench.engine.baseline_store import write_lines
from tlworkbench.engine.context import JobContext
from tlworkbench.engine.reference_lines import tell_if_below
from tlworkbench.jobs.events import Baseline, Event, Finished, Note, Progress
from tlworkbench.jobs.folder import JobFolder
from tlworkbench.jobs.follow import EventTail, read_run
from tlworkbench.jobs.spec import BaselineSpec, EvaluateSpec, TrainSpec


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Features of one test are not found by another."""
    monkeypatch.setenv("TLWORKBENCH_HOME", str(tmp_path / "home"))


class _Stoppable(JobContext):
    def __init__(self, job: JobFolder, stop_when: Callable[[Event], bool]) -> None:
        super().__init__(job)
        self._stop_when = stop_when

    def emit(self, event: Event) -> None:
        super().emit(event)
        self.stop_requested = self.stop_requested or self._stop_when(event)


def measured(
    trials: Any, spec: TrainSpec, stop_when: Callable[[Event], bool] = lambda event: False
) -> tuple[JobFolder, Finished]:
    job = trials.job(BaselineSpec(run=spec))
    context = _Stoppable(job, stop_when)
    finished = baseline.run(context, job.spec())
    context.finish(finished)
    return job, finished


def lines(job: JobFolder) -> dict[str, Baseline]:
    return {line.name: line for line in read_run(job).baselines}


def warnings(job: JobFolder) -> list[str]:
    events = EventTail(job.events_file).read()
    return [event.text for event in events if isinstance(event, Note) and event.level == "warning"]


def loaded(job: JobFolder) -> int:
    """How often the job loaded a model."""
    events = EventTail(job.events_file).read()
    return sum(isinstance(event, Progress) and event.what == "loading the model" for event in events)


@pytest.fixture
def trained(trials: Any) -> Any:
    """The workspace with run 0001, whose model answers the labels of the set."""
    trials.train(trials.job(trials.spec(epochs=0.6)))
    return trials


def test_a_checkpoint_without_a_head(trials: Any) -> None:
    spec = trials.spec()
    job, finished = measured(trials, spec)
    found = lines(job)
    assert list(found) == ["majority", "as it is", "head"] and finished.status == "done"
    assert found["majority"].words == "always 'angry'" and found["majority"].macro_f1 == pytest.approx(1 / 6)
    assert found["as it is"].macro_f1 is None and found["as it is"].words == "no head"
    assert found["head"].words == "fitted to 120 rows"
    head = trials.train(trials.job(TrainSpec(model=spec.model, strategy="head", precision="fp32"))).result["best"]
    assert found["head"].macro_f1 == head["macro_f1"] and found["head"].loss == head["loss"]
    result = finished.result
    assert [line["name"] for line in result["baselines"]] == list(found)
    assert (result["journal_version"], result["train_rows"], result["eval_rows"]) == (0, 120, 30)
    json.dumps(result)


def test_a_head_that_fits_is_measured_as_it_is(trained: Any) -> None:
    job, _ = measured(trained, trained.spec(model="0001"))
    found = lines(job)["as it is"]
    right = trained.evaluate(EvaluateSpec(model="1"))[1].result
    assert (found.macro_f1, found.accuracy, found.loss) == (right["macro_f1"], right["accuracy"], right["loss"])
    assert found.words == "names of 3 classes matched as they are"


def test_a_head_that_can_not_be_loaded_is_no_failure(trials: Any, tmp_path: Path) -> None:
    folder = shutil.copytree(trials.model, tmp_path / "promising")
    config = json.loads((folder / "config.json").read_text())
    config |= {"architectures": ["BertForSequenceClassification"], "id2label": {"0": "angry", "1": "asking"}}
    for names, words in (
        (("angry", "asking", "happy"), "has no trained classification head"),
        (("angry", "asking", "sad"), "its head answers angry, asking, sad, not happy"),
    ):
        config["id2label"] = dict(enumerate(names))
        (folder / "config.json").write_text(json.dumps(config))
        job, finished = measured(trials, trials.spec(model=str(folder)))
        assert finished.status == "done" and words in lines(job)["as it is"].words
        assert lines(job)["head"].macro_f1 is not None


def test_what_was_measured_is_remembered_until_its_rows_change(trained: Any) -> None:
    spec = trained.spec(model="0001")
    first, _ = measured(trained, spec)
    again, _ = measured(trained, spec)
    assert (loaded(first), loaded(again)) == (2, 0)
    untimed = [{name: (line.macro_f1, line.words) for name, line in lines(job).items()} for job in (first, again)]
    assert untimed[0] == untimed[1]
    rows = trained.workspace.rows()
    journal = trained.workspace.journal(rows)
    angry = next(label for label in trained.workspace.labelling().label_set.labels if label.name == "angry")

    def relabel(split: str) -> None:
        place = rows.meta.splits.index(split)
        journal.set_label([int(key) for key in rows.keys[rows.splits == place][:12]], angry.id, means="bulk")

    # Of a split no run looks at: all stays. Of training: the head alone is another. Of validation: all are.
    relabel("test")
    assert loaded(measured(trained, spec)[0]) == 0
    relabel("train")
    fitted, _ = measured(trained, spec)
    assert loaded(fitted) == 0
    assert lines(fitted)["head"].loss != lines(first)["head"].loss
    assert lines(fitted)["as it is"].loss == lines(first)["as it is"].loss
    relabel("validation")
    judged, _ = measured(trained, spec)
    assert lines(judged)["as it is"].loss != lines(first)["as it is"].loss
    assert lines(judged)["majority"].accuracy != lines(first)["majority"].accuracy


def test_a_stop_keeps_what_was_measured(trained: Any) -> None:
    spec = trained.spec(model="0001")
    job, finished = measured(trained, spec, lambda event: isinstance(event, Baseline) and event.name == "as it is")
    assert finished.status == "stopped" and [line["name"] for line in finished.result["baselines"]] == [
        "majority",
        "as it is",
    ]
    again, _ = measured(trained, spec)
    assert (loaded(job), loaded(again)) == (1, 1) and list(lines(again)) == [
        "majority",
        "as it is",
        "head",
    ]


def test_a_run_takes_over_what_was_measured(trials: Any) -> None:
    measured(trials, trials.spec())
    job, other = (trials.job(trials.spec(epochs=0.2, **changes)) for changes in ({}, {"max_train_rows": 60}))
    result = trials.train(job).result
    assert list(lines(job)) == ["majority", "as it is", "head"]
    assert result["baselines"] == json.loads((job.path / "run.json").read_bytes())["result"]["baselines"]
    assert [line["words"] for line in result["baselines"]] == ["always 'angry'", "no head", "fitted to 120 rows"]
    # Its features are there: on other rows it is fitted again.
    trials.train(other)
    assert lines(other)["head"].words == "fitted to 60 rows"


def test_where_fitting_takes_long_a_head_of_other_rows_will_do(trials: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    measured(trials, trials.spec())
    monkeypatch.setattr("tlworkbench.engine.reference_lines._CHEAP_FIT", 10)
    job = trials.job(trials.spec(epochs=0.2, max_train_rows=60))
    trials.train(job)
    assert lines(job)["head"].words == "fitted to 120 rows of another draw"


def test_a_run_without_any_measures_what_costs_nothing(trained: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    plain, off, further, hurried = (
        trained.job(trained.spec(epochs=0.2, **changes))
        for changes in ({}, {"baseline": False}, {"model": "0001"}, {"model": "0001", "seed": 3, "max_eval_rows": 20})
    )
    trained.train(plain)
    assert list(lines(plain)) == ["majority", "as it is"] and lines(plain)["as it is"].words == "no head"
    trained.train(off)
    assert list(lines(off)) == ["majority"]
    trained.train(further)
    right = trained.evaluate(EvaluateSpec(model="1"))[1].result
    assert lines(further)["as it is"].loss == right["loss"]
    # And is remembered.
    assert loaded(measured(trained, trained.spec(model="0001"))[0]) == 1
    monkeypatch.setattr("tlworkbench.engine.reference_lines._PATIENCE", 0.0)
    monkeypatch.setattr("tlworkbench.engine.reference_lines._SURE_AFTER", 0.0)
    trained.train(hurried)
    assert "as it is" not in lines(hurried)


def test_measuring_first_leaves_no_trace_in_the_weights(trained: Any) -> None:
    runs = [trained.job(trained.spec(model="0001", epochs=0.4, baseline=wanted)) for wanted in (True, False)]
    for job in runs:
        trained.train(job)
    weights = [(job.model_dir / "model.safetensors").read_bytes() for job in runs]
    assert weights[0] == weights[1] and list(lines(runs[0])) == ["majority", "as it is"]


LINES = (
    Baseline(name="majority", accuracy=0.6, macro_f1=0.25),
    Baseline(name="as it is", accuracy=0.5, macro_f1=0.45, loss=1.2),
    Baseline(name="head", accuracy=0.55, macro_f1=0.5, loss=0.9),
)


@pytest.mark.parametrize(
    ("metric", "value", "said"),
    [
        ("macro_f1", 0.2, "macro-F1 0.200 is below the head fitted alone (0.500)"),
        ("macro_f1", 0.5, ""),
        ("accuracy", 0.58, "accuracy 0.580 is below always giving the same answer"),
        ("accuracy", 0.61, ""),
        ("loss", 1.0, "loss 1.000 is worse than the head fitted alone"),
        ("loss", 0.8, ""),
    ],
)
def test_a_run_that_ends_below_says_below_the_best_of_which(trials: Any, metric: str, value: float, said: str) -> None:
    job = trials.job(trials.spec())
    context = JobContext(job)
    write_lines(job.path, (*LINES, Baseline(name="as it is", words="no head")))
    tell_if_below(context, trials.spec(metric=metric), {metric: value})
    assert [text.startswith(said) for text in warnings(job)] == ([True] if said else [])
    tell_if_below(context, trials.spec(metric=metric, strategy="head"), {metric: value})
    assert ["train more of the model" in text for text in warnings(job)] == ([False, True] if said else [])


def test_a_run_that_learns_nothing_is_told_what_the_head_alone_reaches(trials: Any) -> None:
    spec = trials.spec(epochs=0.2, learning_rate=1e-9)
    measured(trials, spec)
    job = trials.job(spec)
    trials.train(job)
    best = lines(job)["head"].macro_f1
    (note,) = [text for text in warnings(job) if "is below" in text]
    assert f"is below the head fitted alone ({best:.3f}): try more epochs" in note
