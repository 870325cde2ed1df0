"""What relabelling brought: figures as scikit-learn has them, with an interval that holds what it should."""

import msgspec
import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score

from tests.engine.suspects.conftest import MOODS, Stage, mood_vectors
from tlworkbench.engine import label_gain
from tlworkbench.engine.bootstrap import compare
from tlworkbench.engine.context import JobContext
from tlworkbench.errors import UserError
from tlworkbench.jobs.events import Finished
from tlworkbench.jobs.folder import create_job
from tlworkbench.jobs.suspects import gain_spec
from tlworkbench.workspace import Workspace

TRAIN, VALIDATION = 120, 60


def test_figures_and_interval() -> None:
    draws = np.random.default_rng(1)
    truth = draws.integers(0, 3, 400)
    before = np.where(draws.random(400) < 0.7, truth, draws.integers(0, 4, 400))
    after = np.where(draws.random(400) < 0.8, truth, draws.integers(0, 3, 400))
    found = compare(truth, before, after, 4, 400, seed=2)
    assert found.accuracy.before == pytest.approx(accuracy_score(truth, before))
    assert found.macro_f1.before == pytest.approx(f1_score(truth, before, average="macro"), abs=1e-6)
    assert found.macro_f1.after == pytest.approx(f1_score(truth, after, average="macro"), abs=1e-6)
    # The paired difference's standard error, by the textbook.
    gains = (after == truth).astype(float) - (before == truth)
    error = gains.std() / np.sqrt(len(gains))
    assert found.accuracy.low == pytest.approx(gains.mean() - 1.96 * error, abs=0.006)
    assert found.accuracy.high == pytest.approx(gains.mean() + 1.96 * error, abs=0.006)
    assert found.macro_f1.low < found.macro_f1.change < found.macro_f1.high


def test_equal_answers_have_no_difference() -> None:
    truth = np.array([0, 1, 1, 0])
    found = compare(truth, truth, truth, 2, 100, seed=1)
    assert (found.accuracy.low, found.accuracy.high, found.macro_f1.after) == (0.0, 0.0, 1.0)


def staged(stage: Stage, wrong: int = 40) -> Workspace:
    """A third of the training labels is wrong, always in the same way; the validation labels are right."""
    moods = [number % 3 for number in range(TRAIN + VALIDATION)]
    names = [MOODS[mood] for mood in moods]
    train = [MOODS[1] if mood == 0 and number < 3 * wrong else MOODS[mood] for number, mood in enumerate(moods[:TRAIN])]
    texts = [f"text {number}" for number in range(TRAIN + VALIDATION)]
    return stage(
        mood_vectors(moods, noise=0.8), train=(texts[:TRAIN], train), validation=(texts[TRAIN:], names[TRAIN:])
    )


def run(workspace: Workspace, **changes: object) -> Finished:
    spec = msgspec.structs.replace(gain_spec(workspace), **changes)
    return label_gain.run(JobContext(create_job(workspace.jobs_dir, spec)), spec)


def relabel(workspace: Workspace) -> None:
    rows = workspace.rows()
    with workspace.journal(rows) as journal:
        angry = rows.meta.label_values.index("angry")
        journal.set_label([int(rows.keys[row]) for row in range(0, TRAIN, 3)], angry)


def test_putting_labels_right_shows(stage: Stage) -> None:
    workspace = staged(stage)
    relabel(workspace)
    finished = run(workspace)
    result = finished.result
    assert result["accuracy"]["change"] > 0.1 and result["accuracy"]["low"] > 0
    assert result["macro_f1"]["change"] > 0.1
    assert result["rows"] == VALIDATION and result["relabelled"] == {"train": 40, "validation": 0}
    assert result["by_labels_before"]["accuracy"] == result["accuracy"]
    assert finished.what.startswith(f"accuracy .{round(1000 * result['accuracy']['before']):03d} → ")
    assert finished.what.endswith(f"on {VALIDATION} validation rows")


def test_relabelled_validation_rows_are_measured_both_ways(stage: Stage) -> None:
    workspace = staged(stage)
    relabel(workspace)
    rows = workspace.rows()
    with workspace.journal(rows) as journal:
        happy = rows.meta.label_values.index("happy")
        journal.set_label([int(rows.keys[row]) for row in range(TRAIN, TRAIN + 12, 3)], happy)
        result = run(workspace).result
        assert result["relabelled"]["validation"] == 4
        assert result["by_labels_before"]["accuracy"]["after"] > result["accuracy"]["after"]
        # Merged labels are merged before as well: that is no gain.
        journal.map_labels({"asking": "angry"})
        merged = run(workspace).result
        assert merged["accuracy"]["before"] > result["accuracy"]["before"]


def test_excluded_rows_are_learned_from_before_and_not_now(stage: Stage) -> None:
    workspace = staged(stage, wrong=30)
    rows = workspace.rows()
    with workspace.journal(rows) as journal:
        journal.set_excluded([int(rows.keys[row]) for row in range(0, 90, 3)], True)
    result = run(workspace).result
    assert result["train_rows"] == {"before": TRAIN, "after": TRAIN - 30}
    assert result["accuracy"]["change"] > 0.1


def test_refusals_say_what_to_do(stage: Stage) -> None:
    workspace = staged(stage)
    with pytest.raises(UserError, match="no row is labelled otherwise than before"):
        run(workspace)
    rows = workspace.rows()
    with workspace.journal(rows) as journal:
        journal.set_label([int(key) for key in rows.keys[TRAIN:]], -1)
        with pytest.raises(UserError, match="no labelled validation rows"):
            run(workspace)
        journal.set_label([int(key) for key in rows.keys[:TRAIN]], 0)
        with pytest.raises(UserError, match="fewer than two labels now"):
            run(workspace)
