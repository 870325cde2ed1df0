"""What is told of a run before it is started, without a model being loaded."""

import shutil
from collections import namedtuple
from pathlib import Path
from typing import Any

import pytest

from tests.preflight.conftest import Make, numbered
from tlworkbench.jobs.devices import Devices
from tlworkbench.jobs.prepare import training_spec
from tlworkbench.preflight.ahead import LookAhead
from tlworkbench.preflight.facts import ClassRows, Facts
from tlworkbench.preflight.words import measures
from tlworkbench.workspace import Workspace

GOOD, BAD = numbered("good", "good", 20), numbered("bad", "bad", 12)
HELD = [*numbered("good", "good", 3, 100), *numbered("bad", "bad", 2, 100)]


def look(workspace: Workspace, **settings: Any) -> Facts:
    given = tuple(f"{name}={value}" for name, value in settings.items())
    return LookAhead(workspace).at(training_spec(workspace, None, given))


def said(facts: Facts, level: str) -> list[str]:
    return [finding.text for finding in facts.findings if finding.level == level]


def test_rows_steps_and_needs_of_a_run_that_nothing_speaks_against(make: Make) -> None:
    facts = look(make([*GOOD, *BAD], HELD), batch_size=8, epochs=2)
    assert set(facts.classes) == {ClassRows("good", 20, 3), ClassRows("bad", 12, 2)}
    assert (facts.train_rows, facts.validation_rows, facts.usable_rows) == (32, 5, 32)
    assert (facts.steps, facts.steps_per_epoch, facts.epochs, facts.rows_a_step) == (8, 4, 2, 8)
    assert (facts.max_length, facts.truncated, facts.measured) == (5, 0.0, 32)
    # Eight weights: four checkpoints with three numbers a weight, and the model.
    assert facts.disk_needed == 8 * 4 * (3 * 4 + 1) and facts.disk_free > facts.disk_needed
    assert facts.findings == () and not facts.refused


def test_a_draw_is_what_is_told(make: Make) -> None:
    facts = look(make([*GOOD, *BAD], HELD), batch_size=8, epochs=1, max_train_rows=24)
    assert (facts.train_rows, facts.usable_rows, facts.steps) == (24, 32, 3)
    assert sum(one.train for one in facts.classes) == 24


def test_rows_of_one_class_alone_are_refused_as_the_run_would_be(make: Make) -> None:
    facts = look(make(GOOD, HELD))
    assert facts.refused and "all 20 training rows are 'good'" in facts.findings[0].text and facts.findings[0].hint


def test_without_validation_rows_it_is_refused(make: Make) -> None:
    assert "no labelled row is in the validation split" in said(look(make([*GOOD, *BAD], [])), "refusal")[0]


def test_a_model_that_is_not_there_is_refused_and_the_rows_are_told_all_the_same(make: Make) -> None:
    workspace = make([*GOOD, *BAD], HELD)
    facts = look(workspace, model="/no/such/folder")
    assert facts.refused and facts.train_rows == 32 and facts.truncated is None and facts.disk_needed == 0


def test_a_table_of_weights_with_an_unknown_class_is_refused(make: Make) -> None:
    facts = look(make([*GOOD, *BAD], HELD), **{"class_weights.goood": 2.0})
    assert said(facts, "refusal") == ["class_weights names 'goood', which is no label of this dataset"]


def test_more_devices_than_there_are_is_refused(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Devices, "here", lambda: Devices(gpus=2, cores=8))
    workspace = make([*GOOD, *BAD], HELD)
    assert said(look(workspace, devices=4), "refusal") == ["devices = 4, but this machine has 2 GPUs"]
    assert not look(workspace, devices=2).refused and not look(workspace, devices=4, strategy="head").refused


def test_few_rows_and_a_class_without_validation_are_doubts(make: Make) -> None:
    few, unseen = numbered("few", "few", 7), numbered("unseen", "unseen", 9)
    doubts = said(look(make([*GOOD, *few, *unseen], [*HELD[:3], ("few again", "few")])), "warning")
    assert set(doubts) == {
        "'few' has only 7 training rows: hardly enough to learn it from",
        "'unseen' has 9 training rows but none in validation: no figure will tell how well it is learnt",
    }


def test_leaks_and_conflicts_are_doubts(make: Make) -> None:
    twice: list[tuple[str, str | None]] = [("the same", "good"), ("the same", "bad")]
    facts = look(make([*GOOD, *BAD, *twice], [*HELD, GOOD[0], GOOD[1]]))
    doubts = said(facts, "warning")
    assert any(text.startswith("1 text stands with different labels") for text in doubts)
    assert any(text.startswith("2 training rows stand in validation or test too") for text in doubts)
    assert not facts.refused


def test_excluded_rows_and_labels_set_later_count(make: Make) -> None:
    workspace = make([*GOOD, *BAD], HELD)
    rows = workspace.rows()
    with workspace.journal(rows) as journal:
        journal.set_excluded([int(key) for key in rows.keys[:4]], True, means="bulk")
    facts = look(workspace)
    assert (facts.train_rows, facts.excluded) == (28, 4)


def test_the_share_that_is_cut_is_told_with_the_chosen_models_tokens(make: Make) -> None:
    long = [(f"one two three four {number}", "good") for number in range(8)]
    workspace = make([*long, *GOOD, *BAD], HELD)
    facts = look(workspace)
    assert facts.truncated == pytest.approx(8 / 40)
    in_windows = look(workspace, long_texts="windows")
    assert facts.tokens == pytest.approx(4.2) and in_windows.tokens == pytest.approx(5.2)
    assert facts.longest == in_windows.longest == 5
    assert said(facts, "warning") == ["20% of the training texts are longer than 5 tokens and cut there"]


def test_a_disk_that_is_too_small_refuses_and_one_that_may_become_full_is_a_doubt(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")
    workspace = make([*GOOD, *BAD], HELD)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(10**9, 10**9, 8 * 4 * 4 - 1))
    assert "a checkpoint and the model need" in said(look(workspace), "refusal")[0]
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(10**9, 10**9, 8 * 4 * 4))
    facts = look(workspace)
    assert "checkpoints may need" in said(facts, "warning")[0] and not facts.refused


def test_nothing_is_made_by_looking(make: Make) -> None:
    workspace = make([*GOOD, *BAD], HELD)
    look(workspace)
    assert not workspace.jobs_dir.exists() or list(Path(workspace.jobs_dir).iterdir()) == []


def test_windows_are_counted_in_place_of_what_is_cut(make: Make) -> None:
    # Two words and two marks fit into the five tokens; the long ones have 9 and 14 words.
    train = [*GOOD, *BAD, ("a b c d e f g h i", "good"), ("a b c d e f g h i j k l m n", "bad")]
    workspace = make(train, HELD)
    cut = look(workspace, batch_size=8)
    assert (
        cut.truncated == pytest.approx(2 / 34) and cut.windows == 0 and cut.tokens == pytest.approx((32 * 4 + 10) / 34)
    )
    facts = look(workspace, batch_size=8, long_texts="windows", window_stride=1)
    # Three words a window, two of them new: 1 + 3 and 1 + 6 windows.
    assert (facts.truncated, facts.windows, facts.most_windows) == (0.0, 32 + 4 + 7, 7)
    read = 32 * 4 + (11 + 3 * 3) + (16 + 6 * 3)
    assert facts.tokens == pytest.approx(read / 34) and facts.longest == 5 and said(facts, "warning") == []
    words = {name: (figure, more) for name, figure, more in measures(facts)}
    assert (
        words["windows"][0] == "43"
        and words["windows"][1] == "of 5 tokens for 34 texts: 1.3 on average, 7 for the longest"
    )
    assert words["cut"][0] == "0.0 %"
    bounded = look(workspace, batch_size=8, long_texts="windows", window_stride=1, max_windows=4)
    assert bounded.truncated == pytest.approx(1 / 34) and bounded.windows == 32 + 4 + 4
    assert said(bounded, "warning") == [
        "2.9% of the training texts have more than 4 windows of 5 tokens: the rest of them is not read"
    ]
    refused = look(workspace, long_texts="windows", window_stride=3)
    assert "window_stride = 3 is too large" in said(refused, "refusal")[0] and refused.refused
