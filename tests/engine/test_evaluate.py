"""Measuring a run or a checkpoint on a split."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from tlworkbench.engine.label_matching import match_labels, unfit_head
from tlworkbench.errors import UserError
from tlworkbench.jobs.events import Evaluated
from tlworkbench.jobs.follow import EventTail
from tlworkbench.jobs.spec import EvaluateSpec


@pytest.fixture
def trained(trials: Any) -> Any:
    trials.train(trials.job(trials.spec(epochs=2)))
    return trials


def test_a_run_on_validation_measures_what_training_did(trained: Any) -> None:
    best = json.loads((trained.workspace.jobs_dir / "0001-train" / "run.json").read_bytes())["result"]["best"]
    job, finished = trained.evaluate(EvaluateSpec(model="1"))
    # In the numbers of the run, fp32, though this machine may have others.
    assert {name: finished.result[name] for name in ("loss", "accuracy", "macro_f1")} == {
        name: best[name] for name in ("loss", "accuracy", "macro_f1")
    }
    (event,) = [event for event in EventTail(job.events_file).read() if isinstance(event, Evaluated)]
    assert event.macro_f1 == finished.result["macro_f1"] and event.split == "validation"


def test_figures_of_the_test_split(trained: Any) -> None:
    job, finished = trained.evaluate(EvaluateSpec(model="0001", split="test"))
    result = finished.result
    assert (result["rows"], result["split"], result["classes"]) == (60, "test", ["angry", "asking", "happy"])
    assert result["macro_f1"] > 0.9 and np.sum(result["confusion"]) == 60
    assert [one["name"] for one in result["per_class"]] == result["classes"]
    assert result["majority"]["accuracy"] == pytest.approx(1 / 3)
    json.dumps(result)
    with pa.ipc.open_file(job.path / "predictions.arrow") as file:
        table = file.read_all()
    rows = trained.workspace.rows()
    assert {rows.split_name(row) for row in rows.indices_of(table["key"].to_pylist())} == {"test"}
    assert all(1 / 3 <= score <= 1 for score in table["score"].to_pylist())


def test_a_draw_of_rows(trained: Any) -> None:
    assert trained.evaluate(EvaluateSpec(model="1", split="train", max_rows=10))[1].result["rows"] == 10


def test_a_renamed_label_is_refused_unless_measured_as_of_then(trained: Any) -> None:
    trained.workspace.journal().map_labels({"asking": "question"}, means="command")
    with pytest.raises(UserError) as caught:
        trained.evaluate(EvaluateSpec(model="1"))
    assert "does not know 'question'" in caught.value.what and "angry, asking, happy" in caught.value.what
    assert trained.evaluate(EvaluateSpec(model="1", journal_version=0))[1].result["rows"] == 30


def test_a_checkpoint_whose_classes_stand_in_another_order(trained: Any, tmp_path: Path) -> None:
    right = trained.evaluate(EvaluateSpec(model="1"))[1].result
    folder = shutil.copytree(trained.workspace.jobs_dir / "0001-train" / "model", tmp_path / "elsewhere")
    from safetensors.torch import load_file, save_file

    weights = load_file(folder / "model.safetensors")
    for name in ("classifier.weight", "classifier.bias"):
        weights[name] = weights[name].flip(0).contiguous()
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    config = json.loads((folder / "config.json").read_text())
    config["id2label"] = {"0": "HAPPY", "1": "Asking", "2": "angry"}
    (folder / "config.json").write_text(json.dumps(config))
    result = trained.evaluate(EvaluateSpec(model=str(folder)))[1].result
    assert result["classes"] == ["happy", "asking", "angry"]
    assert result["accuracy"] == right["accuracy"]


CLASSES = np.array([0, 1, 1])


@pytest.mark.parametrize(
    ("labels", "known", "names", "places", "words"),
    [
        (("bad", "good"), ("good", "bad"), ("good", "bad"), [1, 0, 0], "names of 2 classes matched as they are"),
        (
            ("bad", "good"),
            ("GOOD", "fine", "bad"),
            ("good", "fine", "bad"),
            [2, 0, 0],
            "names of 2 classes matched without regard to case (GOOD is good); "
            "it also answers fine, which counts as wrong",
        ),
        (
            ("very bad", "good"),
            ("Very_Bad", "good"),
            ("very bad", "good"),
            [0, 1, 1],
            "names of 2 classes matched by their letters and digits alone (Very_Bad is very bad)",
        ),
        # A label without rows need not be known; the strict match comes first.
        (("bad", "good", "new"), ("bad", "good"), ("bad", "good"), [0, 1, 1], "names of 2 classes matched as they are"),
        (("Bad", "bad"), ("bad", "Bad"), ("bad", "Bad"), [1, 0, 0], "names of 2 classes matched as they are"),
    ],
)
def test_labels_are_matched_by_name(
    labels: tuple[str, ...], known: tuple[str, ...], names: tuple[str, ...], places: list[int], words: str
) -> None:
    matched = match_labels(labels, known, CLASSES, "m")
    assert (matched.names, matched.classes.tolist(), matched.words) == (names, places, words)


@pytest.mark.parametrize(
    ("labels", "known", "said"),
    [
        (("LABEL_0", "good"), ("LABEL_0", "LABEL_1"), "'good': it answers LABEL_0, LABEL_1"),
        (("bad", "good"), ("BAD", "Bad", "good"), "'bad': it answers BAD, Bad, good"),
        (("BAD", "Bad"), ("bad", "good"), "'BAD', 'Bad': it answers bad, good"),
        (("bad", "good"), (), "'bad', 'good': it names no classes"),
    ],
)
def test_labels_that_nothing_is_sure_to_stand_for(labels: tuple[str, ...], known: tuple[str, ...], said: str) -> None:
    with pytest.raises(UserError, match=f"m does not know {said}"):
        match_labels(labels, known, CLASSES, "m")


@pytest.mark.parametrize(
    ("config", "why"),
    [
        ({"architectures": ["BertModel"], "id2label": {"0": "bad", "1": "good"}}, "no head"),
        ({}, "no head"),
        (
            {"architectures": ["BertForSequenceClassification"]},
            "its classes have no names, so nothing tells which is which",
        ),
        (
            {"architectures": ["BertForSequenceClassification"], "id2label": {"0": "LABEL_0", "1": "LABEL_1"}},
            "its classes have no names, so nothing tells which is which",
        ),
        (
            {"architectures": ["BertForSequenceClassification"], "id2label": {"0": "joy", "1": "Bad"}},
            "its head answers joy, Bad, not good",
        ),
        ({"architectures": ["BertForSequenceClassification"], "id2label": {"0": "good", "1": "Bad"}}, ""),
    ],
)
def test_why_a_checkpoint_can_not_be_measured_as_it_is(config: dict[str, Any], why: str, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(config))
    assert unfit_head(tmp_path, ("bad", "good"), CLASSES) == why


def test_nothing_to_measure_on(trained: Any) -> None:
    rows = trained.workspace.rows()
    split = rows.meta.splits.index("test")
    keys = [int(key) for key, own in zip(rows.keys, rows.splits, strict=True) if own == split]
    trained.workspace.journal(rows).set_excluded(keys, True, means="bulk")
    with pytest.raises(UserError, match=r"none of the rows in 'test' .* 60 excluded"):
        trained.evaluate(EvaluateSpec(model="1", split="test"))


def test_a_split_that_is_not_there(empty_trials: Any) -> None:
    empty_trials.write({"train": (["a good one", "a bad one"], ["x", "y"])}, validation=0.0)
    with pytest.raises(UserError, match="no rows in 'test'") as caught:
        empty_trials.evaluate(EvaluateSpec(model=str(empty_trials.model), split="test"))
    assert "Measure on one of: train" in caught.value.hint


def test_an_encoder_without_a_head_is_refused(trials: Any) -> None:
    with pytest.raises(UserError, match="does not know 'angry'"):
        trials.evaluate(EvaluateSpec(model=str(trials.model)))
